using Integrations.Sandbox.Google.OAuth;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>Who calls the Calendar API, through which client, and with which scopes.</summary>
internal sealed record CalendarCaller(GoogleAccount Account, GoogleClient Client, IReadOnlyList<string> Scopes)
{
    public static readonly string[] ReadsEvents =
        [GoogleScopes.Calendar, GoogleScopes.CalendarReadOnly, GoogleScopes.Events, GoogleScopes.EventsReadOnly, GoogleScopes.EventsOwned];

    public static readonly string[] WritesEvents = [GoogleScopes.Calendar, GoogleScopes.Events, GoogleScopes.EventsOwned];

    public static readonly string[] ReadsList = [GoogleScopes.Calendar, GoogleScopes.CalendarReadOnly, GoogleScopes.CalendarList];

    public static readonly string[] ReadsCalendars = [GoogleScopes.Calendar, GoogleScopes.CalendarReadOnly];

    public static readonly string[] WritesCalendars = [GoogleScopes.Calendar];

    public static readonly string[] ReadsFreeBusy = [GoogleScopes.Calendar, GoogleScopes.CalendarReadOnly, GoogleScopes.FreeBusy];

    /// <summary>One of the scopes must be there; where only that of owned calendars is, the calendar must be the caller's own.</summary>
    public void Need(string[] scopes, CalendarRole? role = null)
    {
        var held = scopes.Where(Scopes.Contains).ToList();
        if (held.Count == 0 || (role is not (null or CalendarRole.Owner) && held is [GoogleScopes.EventsOwned]))
            throw GoogleRefusal.MissingScope();
    }
}
