using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>The parameters of <c>events.list</c>, checked against each other.</summary>
internal sealed record EventQuery
{
    /// <summary>What a sync token does not go with.</summary>
    private static readonly string[] NotWithToken = ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"];

    /// <summary>What a list cannot be continued from by a token.</summary>
    private static readonly string[] WithoutToken = ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin"];

    public DateTimeOffset? TimeMin { get; private init; }

    public DateTimeOffset? TimeMax { get; private init; }

    public DateTimeOffset? UpdatedMin { get; private init; }

    public bool SingleEvents { get; private init; }

    public bool ShowDeleted { get; private init; }

    public string? OrderBy { get; private init; }

    public SyncToken? Token { get; private init; }

    /// <summary>Whether the last page carries a <c>nextSyncToken</c>.</summary>
    public bool CanSync { get; private init; }

    private string[] Words { get; init; } = [];

    private string? ICalUid { get; init; }

    private IReadOnlyList<string> Types { get; init; } = [];

    private IReadOnlyList<(string Kind, string Name, string Value)> Properties { get; init; } = [];

    public static EventQuery Read(GoogleRequest request, string calendarId)
    {
        var token = request.Value("syncToken") is { } text ? SyncToken.Parse(text, calendarId) : null;
        if (token is not null && NotWithToken.FirstOrDefault(name => request.Query.ContainsKey(name)) is { } forbidden)
            throw GoogleRefusal.BadRequest($"Sync token cannot be used together with {forbidden}.");
        if (token is not null && request.Value("showDeleted") == "false")
            throw GoogleRefusal.BadRequest("Sync token cannot be used with showDeleted set to false.");

        var query = new EventQuery
        {
            TimeMin = EventTime.Bound(request, "timeMin"),
            TimeMax = EventTime.Bound(request, "timeMax"),
            UpdatedMin = EventTime.Bound(request, "updatedMin"),
            SingleEvents = request.Flag("singleEvents"),
            ShowDeleted = request.Flag("showDeleted"),
            OrderBy = request.Value("orderBy"),
            Token = token,
            CanSync = !WithoutToken.Any(name => request.Query.ContainsKey(name)),
            Words = request.Value("q")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
            ICalUid = request.Value("iCalUID"),
            Types = [.. request.Query["eventTypes"].OfType<string>()],
            Properties = [.. Pairs(request, "privateExtendedProperty", "private"), .. Pairs(request, "sharedExtendedProperty", "shared")],
        };
        if (query.TimeMin >= query.TimeMax)
            throw GoogleRefusal.EmptyRange();
        if (query.OrderBy is not (null or "startTime" or "updated"))
            throw GoogleRefusal.Invalid($"Invalid value '{query.OrderBy}'. Allowed values: [startTime, updated]", "orderBy");
        if (query is { OrderBy: "startTime", SingleEvents: false })
            throw GoogleRefusal.BadRequest("The requested ordering is not available for the particular query.");
        if (token is not null && token.SingleEvents != query.SingleEvents)
            throw GoogleRefusal.BadRequest("Sync token cannot be used with another value of singleEvents.");

        return query;
    }

    /// <summary>The bounds are exclusive: the lower one on the end, the upper one on the start.</summary>
    public bool IsWithin(EventItem item, TimeZoneInfo zone) =>
        !(item.End.Instant(zone) <= TimeMin) && !(item.Start.Instant(zone) >= TimeMax);

    /// <summary>All but the time.</summary>
    public bool Matches(CalendarEvent stored) =>
        (ICalUid is null || ICalUid == $"{stored.SeriesId ?? stored.Id}@google.com")
        && (Types.Count == 0 || Types.Contains(stored.Content.Text("eventType") ?? "default"))
        && !(stored.Updated < UpdatedMin)
        && Words.All(word => Texts(stored.Content).Any(text => text?.Contains(word, StringComparison.OrdinalIgnoreCase) == true))
        && Properties.All(wanted => stored.Content.Fields["extendedProperties"]?[wanted.Kind]?[wanted.Name]?.ToString() == wanted.Value);

    private static IEnumerable<string?> Texts(EventContent content) =>
    [
        content.Text("summary"), content.Text("description"), content.Text("location"),
        .. (content.Fields["attendees"] as JsonArray ?? []).SelectMany(attendee => new[] { attendee?["email"]?.ToString(), attendee?["displayName"]?.ToString() }),
    ];

    private static IEnumerable<(string Kind, string Name, string Value)> Pairs(GoogleRequest request, string parameter, string kind) =>
        request.Query[parameter].OfType<string>().Select(pair => pair.Split('=', 2) is [var name, var value]
            ? (kind, name, value)
            : throw GoogleRefusal.Invalid("Invalid extended property.", parameter));
}
