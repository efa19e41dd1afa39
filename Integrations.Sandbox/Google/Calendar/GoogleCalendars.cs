using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>All calendars, and who sees them. Whoever calls holds the lock of <see cref="SandboxGoogle"/>.</summary>
internal sealed class GoogleCalendars(SandboxGoogle google, Listings listings)
{
    private readonly Dictionary<string, GoogleCalendar> _calendars = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string Email, string CalendarId), long> _listChanges = [];
    private long _listChange;

    public GoogleCalendar Add(string id, string owner, string summary, string timeZone, string? description = null, string? location = null)
    {
        var calendar = new GoogleCalendar(id, owner, summary, timeZone, google.NewId(20)) { Description = description, Location = location, Updated = google.Time.GetUtcNow() };
        _calendars.Add(id, calendar);
        ChangeList(owner, id);
        return calendar;
    }

    public GoogleCalendar? Find(string id) => _calendars.GetValueOrDefault(id);

    /// <param name="role">Null takes the calendar away.</param>
    public void Share(GoogleCalendar calendar, string email, CalendarRole? role)
    {
        if (role is { } given)
            calendar.Roles[email] = given;
        else
            calendar.Roles.Remove(email);
        ChangeList(email, calendar.Id);
    }

    /// <summary>A calendar that the caller may use so.</summary>
    /// <exception cref="GoogleRefusal">404 where he does not see it, 403 where he sees it only.</exception>
    public (GoogleCalendar Calendar, CalendarRole Role) Open(CalendarCaller caller, string id, CalendarRole least)
    {
        if (Find(id == "primary" ? caller.Account.Email : id) is not { } calendar || !calendar.Roles.TryGetValue(caller.Account.Email, out var role))
            throw GoogleRefusal.NotFound();
        if (role < least)
            throw GoogleRefusal.Forbidden($"You need to have {Word(least)} access to this calendar.");

        return (calendar, role);
    }

    /// <summary><c>calendar.calendarList.list</c>.</summary>
    public GoogleAnswer List(GoogleRequest request, CalendarCaller caller)
    {
        caller.Need(CalendarCaller.ReadsList);
        var (email, size, isEmpty) = (caller.Account.Email, request.PageSize(100, 250), google.TakesFault(Faults.GoogleFaultKind.EmptyPage, request, caller));
        if (request.Value("pageToken") is { } page)
            return listings.Next(page, request.Operation, email, size, isEmpty);

        var list = $"calendarList/{email}";
        var token = request.Value("syncToken") is { } text ? SyncToken.Parse(text, list) : null;
        if (token is not null && (request.Query.ContainsKey("minAccessRole") || request.Value("showDeleted") == "false" || request.Value("showHidden") == "false"))
            throw GoogleRefusal.BadRequest("Sync token cannot be used together with minAccessRole, or with showDeleted or showHidden set to false.");
        if (token is not null && google.IsStale(token, epoch: 0, request, caller))
            throw SyncToken.Stale();

        var least = request.Value("minAccessRole") is { } role ? Role(role) : CalendarRole.FreeBusyReader;
        var since = token?.Change ?? 0;
        var showsDeleted = token is not null || request.Flag("showDeleted");
        List<JsonObject> items = [];
        foreach (var ((_, id), change) in _listChanges.Where(entry => entry.Key.Email == email && entry.Value > since).OrderBy(entry => entry.Value))
        {
            var calendar = _calendars[id];
            if (calendar.Roles.TryGetValue(email, out var held) ? held >= least : showsDeleted)
                items.Add(Entry(calendar, email));
        }

        var envelope = new JsonObject { ["kind"] = "calendar#calendarList", ["etag"] = ETag(_listChange) };
        return listings.First(new Listing(request.Operation, email, envelope, items, new SyncToken(list, _listChange, 0, false, google.Time.GetUtcNow())), size, isEmpty);
    }

    /// <summary><c>calendar.calendarList.get</c>.</summary>
    public GoogleAnswer GetEntry(GoogleRequest request, CalendarCaller caller)
    {
        caller.Need(CalendarCaller.ReadsList);
        var entry = Entry(Open(caller, request.Part("calendarId"), CalendarRole.FreeBusyReader).Calendar, caller.Account.Email);
        return new GoogleAnswer(200, entry) { ETag = entry["etag"]!.ToString() };
    }

    /// <summary><c>calendar.calendars.get</c>.</summary>
    public GoogleAnswer Get(GoogleRequest request, CalendarCaller caller)
    {
        caller.Need(CalendarCaller.ReadsCalendars);
        return Show(Open(caller, request.Part("calendarId"), CalendarRole.FreeBusyReader).Calendar);
    }

    /// <summary><c>calendar.calendars.insert</c>.</summary>
    public GoogleAnswer Insert(GoogleRequest request, CalendarCaller caller)
    {
        caller.Need(CalendarCaller.WritesCalendars);
        if (Text(request, "summary") is not { } summary)
            throw GoogleRefusal.Required("Missing title.");

        return Show(Add($"c_{google.NewId(32)}@group.calendar.google.com", caller.Account.Email, summary, Text(request, "timeZone") ?? "UTC", Text(request, "description"), Text(request, "location")));
    }

    public static string Word(CalendarRole role) => role switch
    {
        CalendarRole.FreeBusyReader => "freeBusyReader",
        CalendarRole.Reader => "reader",
        CalendarRole.Writer => "writer",
        _ => "owner",
    };

    public static string ETag(long change) => string.Create(CultureInfo.InvariantCulture, $"\"p{change + 3_400_000_000_000_000}\"");

    private static CalendarRole Role(string word) =>
        Enum.GetValues<CalendarRole>().Where(role => Word(role) == word) is var roles && roles.Any() ? roles.First() : throw GoogleRefusal.Invalid($"Invalid value '{word}'.", "minAccessRole");

    private static string? Text(GoogleRequest request, string name) =>
        request.Body[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    private static GoogleAnswer Show(GoogleCalendar calendar)
    {
        var json = new JsonObject { ["kind"] = "calendar#calendar", ["etag"] = ETag(0), ["id"] = calendar.Id };
        Describe(json, calendar);
        return new GoogleAnswer(200, json) { ETag = ETag(0) };
    }

    private static void Describe(JsonObject json, GoogleCalendar calendar)
    {
        json["summary"] = calendar.Summary;
        if (calendar.Description is not null)
            json["description"] = calendar.Description;
        if (calendar.Location is not null)
            json["location"] = calendar.Location;
        json["timeZone"] = calendar.TimeZone;
    }

    private JsonObject Entry(GoogleCalendar calendar, string email)
    {
        var json = new JsonObject { ["kind"] = "calendar#calendarListEntry", ["etag"] = ETag(_listChanges[(email, calendar.Id)]), ["id"] = calendar.Id };
        if (!calendar.Roles.TryGetValue(email, out var role))
        {
            json["deleted"] = true;
            return json;
        }

        Describe(json, calendar);
        (json["colorId"], json["backgroundColor"], json["foregroundColor"]) = ("14", "#9fe1e7", "#000000");
        (json["selected"], json["accessRole"], json["defaultReminders"]) = (true, Word(role), new JsonArray());
        if (calendar.IsPrimary && calendar.Owner == email)
            json["primary"] = true;
        return json;
    }

    private void ChangeList(string email, string calendarId) => _listChanges[(email, calendarId)] = ++_listChange;
}
