namespace Integrations.Sandbox.Google.OAuth;

/// <summary>The scopes that the simulated Google knows.</summary>
internal static class GoogleScopes
{
    public const string OpenId = "openid";
    public const string Email = Prefix + "userinfo.email";
    public const string Profile = Prefix + "userinfo.profile";
    public const string Calendar = Prefix + "calendar";
    public const string CalendarReadOnly = Prefix + "calendar.readonly";
    public const string Events = Prefix + "calendar.events";
    public const string EventsReadOnly = Prefix + "calendar.events.readonly";
    public const string EventsOwned = Prefix + "calendar.events.owned";
    public const string CalendarList = Prefix + "calendar.calendarlist.readonly";
    public const string FreeBusy = Prefix + "calendar.freebusy";

    private const string Prefix = "https://www.googleapis.com/auth/";

    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        [OpenId] = "Associate you with your personal info on Google",
        [Email] = "See your primary Google Account email address",
        [Profile] = "See your personal info, including any personal info you've made publicly available",
        [Calendar] = "See, edit, share, and permanently delete all the calendars you can access using Google Calendar",
        [CalendarReadOnly] = "See and download any calendar you can access using your Google Calendar",
        [Events] = "View and edit events on all your calendars",
        [EventsReadOnly] = "View events on all your calendars",
        [EventsOwned] = "See, create, change, and delete events on Google calendars you own",
        [CalendarList] = "See the list of Google calendars you're subscribed to",
        [FreeBusy] = "View your availability in your calendars",
        [Prefix + "youtube"] = "Manage your YouTube account",
        [Prefix + "youtube.force-ssl"] = "See, edit, and permanently delete your YouTube videos, ratings, comments and captions",
        [Prefix + "youtube.readonly"] = "View your YouTube account",
        [Prefix + "youtube.upload"] = "Manage your YouTube videos",
    };

    /// <summary>Google answers with the long names of <c>email</c> and <c>profile</c>, whichever was asked for.</summary>
    /// <returns>Null for one that nobody knows.</returns>
    public static string? Canonical(string scope) => scope switch
    {
        "email" => Email,
        "profile" => Profile,
        _ => Known.ContainsKey(scope) ? scope : null,
    };

    public static string Describe(string scope) => Known[scope];

    /// <summary>Those that say who somebody is: nobody unticks them, and alone they do not end after seven days of testing.</summary>
    public static bool IsForSignIn(string scope) => scope is OpenId or Email or Profile;
}
