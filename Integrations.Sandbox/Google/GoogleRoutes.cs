using Integrations.Sandbox.Google.Calendar;
using Integrations.Sandbox.Google.OAuth;

namespace Integrations.Sandbox.Google;

/// <summary>One method of one path, under Google's own id.</summary>
/// <param name="CanRefuse">Whether faults of APIs may befall it; the consent page is for people.</param>
internal sealed record GoogleRoute(string Method, string Pattern, string Operation, Func<SandboxGoogle, GoogleRequest, GoogleAnswer> Work, bool CanRefuse = true);

/// <summary>What the simulated Google answers to. All of Google's hosts are one address here; their paths do not meet.</summary>
internal sealed class GoogleRoutes(GoogleOAuth oauth, GoogleCalendars calendars, CalendarEvents events, EventLists lists, FreeBusy freeBusy, PushChannels channels)
{
    private const string Base = "/calendar/v3";
    private const string Events = Base + "/calendars/{calendarId}/events";

    public IReadOnlyList<GoogleRoute> All { get; } =
    [
        // accounts.google.com
        new("GET", "/o/oauth2/v2/auth", "oauth.authorize", (_, request) => oauth.Ask(request), CanRefuse: false),
        new("POST", "/o/oauth2/v2/auth", "oauth.decide", (_, request) => oauth.Decide(request), CanRefuse: false),
        // oauth2.googleapis.com
        new("POST", "/token", "oauth.token", (_, request) => oauth.Token(request)),
        new("POST", "/revoke", "oauth.revoke", (_, request) => oauth.Revoke(request)),
        new("GET", "/tokeninfo", "oauth.tokeninfo", (_, request) => oauth.TokenInfo(request)),
        new("POST", "/tokeninfo", "oauth.tokeninfo", (_, request) => oauth.TokenInfo(request)),
        // openidconnect.googleapis.com, www.googleapis.com
        new("GET", "/v1/userinfo", "oauth.userinfo", (_, request) => oauth.UserInfo(request)),
        new("GET", "/oauth2/v3/userinfo", "oauth.userinfo", (_, request) => oauth.UserInfo(request)),
        new("GET", "/oauth2/v2/userinfo", "oauth.userinfo", (_, request) => oauth.UserInfoV2(request)),
        new("GET", "/oauth2/v3/certs", "oauth.certs", (_, request) => oauth.Keys(request)),
        // www.googleapis.com
        Calendar("GET", $"{Base}/users/me/calendarList", "calendar.calendarList.list", calendars.List),
        Calendar("GET", $"{Base}/users/me/calendarList/{{calendarId}}", "calendar.calendarList.get", calendars.GetEntry),
        Calendar("POST", $"{Base}/calendars", "calendar.calendars.insert", calendars.Insert),
        Calendar("GET", $"{Base}/calendars/{{calendarId}}", "calendar.calendars.get", calendars.Get),
        Calendar("GET", Events, "calendar.events.list", lists.List),
        Calendar("POST", Events, "calendar.events.insert", events.Insert),
        Calendar("POST", $"{Events}/watch", "calendar.events.watch", channels.Watch),
        Calendar("GET", $"{Events}/{{eventId}}", "calendar.events.get", events.Get),
        Calendar("PUT", $"{Events}/{{eventId}}", "calendar.events.update", events.Update),
        Calendar("PATCH", $"{Events}/{{eventId}}", "calendar.events.patch", events.Patch),
        Calendar("DELETE", $"{Events}/{{eventId}}", "calendar.events.delete", events.Delete),
        Calendar("GET", $"{Events}/{{eventId}}/instances", "calendar.events.instances", lists.Instances),
        Calendar("POST", $"{Base}/freeBusy", "calendar.freebusy.query", freeBusy.Query),
        Calendar("POST", $"{Base}/channels/stop", "calendar.channels.stop", channels.Stop),
    ];

    private static GoogleRoute Calendar(string method, string pattern, string operation, Func<GoogleRequest, CalendarCaller, GoogleAnswer> work) =>
        new(method, pattern, operation, (google, request) => work(request, google.SignIn(request)));
}
