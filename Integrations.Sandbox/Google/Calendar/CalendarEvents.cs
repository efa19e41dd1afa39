using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>The commands and single reads of <c>calendar.events</c>.</summary>
internal sealed class CalendarEvents(SandboxGoogle google, GoogleCalendars calendars, PushChannels channels)
{
    /// <summary><c>calendar.events.get</c>; a deleted event is shown, with its status.</summary>
    public GoogleAnswer Get(GoogleRequest request, CalendarCaller caller)
    {
        var (calendar, role) = Open(request, caller, CalendarCaller.ReadsEvents, CalendarRole.FreeBusyReader);
        var item = calendar.Find(request.Part("eventId")) ?? throw GoogleRefusal.NotFound();
        return request.Headers.IfNoneMatch is [{ } known] && known == item.Source.ETag
            ? new GoogleAnswer(304) { ETag = item.Source.ETag }
            : Show(request, caller, calendar, role, item);
    }

    /// <summary><c>calendar.events.insert</c>. An id that was ever taken stays so: that is what makes a repeated insert safe.</summary>
    public GoogleAnswer Insert(GoogleRequest request, CalendarCaller caller)
    {
        var (calendar, role) = Open(request, caller, CalendarCaller.WritesEvents, CalendarRole.Writer);
        var id = request.Body["id"] is JsonValue value && value.TryGetValue<string>(out var asked) ? asked : google.NewId(26);
        if (!EventContent.IsId(id))
            throw GoogleRefusal.Invalid("Invalid resource id value.");
        if (calendar.Events.ContainsKey(id))
            throw new GoogleRefusal(409, "duplicate", "The requested identifier already exists.");

        var content = EventContent.Read(Fields(request, null, merges: false), calendar.Zone);
        var stored = new CalendarEvent(id, content, caller.Account.Email, google.Time.GetUtcNow()) { Status = Status(request) ?? "confirmed" };
        calendar.Events.Add(id, stored);
        Touch(calendar, stored);
        channels.Notify(calendar);
        return Show(request, caller, calendar, role, EventItem.Of(stored));
    }

    /// <summary><c>calendar.events.update</c>: what is not sent is gone. Revives a deleted event.</summary>
    public GoogleAnswer Update(GoogleRequest request, CalendarCaller caller) => Write(request, caller, merges: false);

    /// <summary><c>calendar.events.patch</c>: what is not sent stays; lists are replaced as a whole.</summary>
    public GoogleAnswer Patch(GoogleRequest request, CalendarCaller caller) => Write(request, caller, merges: true);

    /// <summary><c>calendar.events.delete</c>: of an event, a series with all its occurrences, or one occurrence.</summary>
    public GoogleAnswer Delete(GoogleRequest request, CalendarCaller caller)
    {
        var (calendar, _) = Open(request, caller, CalendarCaller.WritesEvents, CalendarRole.Writer);
        var item = calendar.Find(request.Part("eventId")) ?? throw GoogleRefusal.NotFound();
        if (item.IsCancelled)
            throw GoogleRefusal.Deleted();

        Check(request, item);
        Cancel(calendar, Stored(calendar, item));
        channels.Notify(calendar);
        return GoogleAnswer.NoContent;
    }

    private GoogleAnswer Write(GoogleRequest request, CalendarCaller caller, bool merges)
    {
        var (calendar, role) = Open(request, caller, CalendarCaller.WritesEvents, CalendarRole.Writer);
        var item = calendar.Find(request.Part("eventId")) ?? throw GoogleRefusal.NotFound();
        Check(request, item);
        var before = Own(item);
        var fields = Fields(request, before.Fields, merges);
        // An occurrence has no occurrences of its own.
        if (item.SeriesId is not null)
            fields.Remove("recurrence");

        var content = EventContent.Read(fields, calendar.Zone);
        var status = Status(request) ?? (merges ? item.Source.Status : "confirmed");
        var stored = Stored(calendar, item);
        if (status == "cancelled")
        {
            stored.Content = content;
            Cancel(calendar, stored);
        }
        else
        {
            var seen = calendar.Singles(stored, google.Time.GetUtcNow());
            var isMoved = content.Start != before.Start || content.End != before.End || !JsonNode.DeepEquals(content.Fields["recurrence"], before.Fields["recurrence"]);
            (stored.Content, stored.Status, stored.Sequence) = (content, status, stored.Sequence + (isMoved ? 1 : 0));
            Touch(calendar, stored);
            Lose(calendar, stored, seen);
            if (isMoved)
                CancelStrays(calendar, stored);
        }

        channels.Notify(calendar);
        return Show(request, caller, calendar, role, EventItem.Of(stored));
    }

    private void Cancel(GoogleCalendar calendar, CalendarEvent stored)
    {
        var seen = calendar.Singles(stored, google.Time.GetUtcNow());
        stored.Status = "cancelled";
        Touch(calendar, stored);
        if (stored.Content.Recurrence is null)
            return;

        Lose(calendar, stored, seen);
        foreach (var occurrence in calendar.Events.Values.Where(other => other.SeriesId == stored.Id && !other.IsCancelled).ToList())
        {
            occurrence.Status = "cancelled";
            Touch(calendar, occurrence);
        }
    }

    /// <summary>Remembers what was seen before and is not seen any more.</summary>
    private void Lose(GoogleCalendar calendar, CalendarEvent stored, IReadOnlyList<EventItem> seen)
    {
        var now = calendar.Singles(stored, google.Time.GetUtcNow()).Select(item => item.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var id in now)
            stored.Gone.Remove(id);
        // One event by itself tells of its own end.
        foreach (var item in seen.Where(item => !now.Contains(item.Id) && (item.IsVirtual || stored.Content.Recurrence is not null)))
            stored.Gone[item.Id] = (item.Original, stored.Change);
    }

    /// <summary>Occurrences that differ from a series end when it does not come at their time any more.</summary>
    private void CancelStrays(GoogleCalendar calendar, CalendarEvent series)
    {
        var times = series.Content.Recurrence?.Occurrences(series.Content.Start, calendar.Zone, DateTimeOffset.MaxValue).Select(start => start.Suffix).ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var stray in calendar.Events.Values.Where(other => other.SeriesId == series.Id && !other.IsCancelled && !times.Contains(other.OriginalStart!.Suffix)).ToList())
        {
            stray.Status = "cancelled";
            Touch(calendar, stray);
        }
    }

    /// <summary>The event itself; an occurrence that was as its series said becomes an event of its own.</summary>
    private static CalendarEvent Stored(GoogleCalendar calendar, EventItem item)
    {
        if (!item.IsVirtual)
            return item.Source;

        var stored = new CalendarEvent(item.Id, Own(item), item.Source.Creator, item.Source.Created)
        {
            SeriesId = item.Source.Id,
            OriginalStart = item.Original,
            Sequence = item.Source.Sequence,
        };
        calendar.Events.Add(stored.Id, stored);
        return stored;
    }

    private static EventContent Own(EventItem item)
    {
        var content = item.Source.Content;
        if (!item.IsVirtual)
            return content;

        var fields = content.Fields.DeepClone().AsObject();
        fields.Remove("recurrence");
        (fields["start"], fields["end"]) = (item.Start.Json(TimeZoneInfo.Utc), item.End.Json(TimeZoneInfo.Utc));
        return new EventContent(fields, item.Start, item.End, null);
    }

    private void Touch(GoogleCalendar calendar, CalendarEvent stored)
    {
        stored.Change = ++calendar.Change;
        stored.Updated = calendar.Updated = google.Time.GetUtcNow();
    }

    private (GoogleCalendar Calendar, CalendarRole Role) Open(GoogleRequest request, CalendarCaller caller, string[] scopes, CalendarRole least)
    {
        caller.Need(scopes);
        var opened = calendars.Open(caller, request.Part("calendarId"), least);
        caller.Need(scopes, opened.Role);
        return opened;
    }

    private static void Check(GoogleRequest request, EventItem item)
    {
        if (request.Headers.IfMatch is [{ } wanted] && wanted != "*" && wanted != item.Source.ETag)
            throw new GoogleRefusal(412, "conditionNotMet", "Precondition Failed", locationType: "header", location: "If-Match");
    }

    private static string? Status(GoogleRequest request) => request.Body["status"]?.ToString() switch
    {
        null => null,
        "confirmed" or "tentative" or "cancelled" => request.Body["status"]!.ToString(),
        var other => throw GoogleRefusal.Invalid($"Invalid value for: {other}"),
    };

    private JsonObject Fields(GoogleRequest request, JsonObject? before, bool merges) =>
        EventContent.Writable(request.Body, before, merges, request.Value("conferenceDataVersion") == "1", google.NewMeeting);

    private static GoogleAnswer Show(GoogleRequest request, CalendarCaller caller, GoogleCalendar calendar, CalendarRole role, EventItem item) =>
        new(200, new EventView(calendar, caller.Account, role, ZoneOf(request, calendar)).Show(item)) { ETag = item.Source.ETag };

    /// <summary>Of the parameter <c>timeZone</c>, else the calendar's.</summary>
    public static TimeZoneInfo ZoneOf(GoogleRequest request, GoogleCalendar calendar) =>
        request.Value("timeZone") is { } id ? TimeZones.Find(id) ?? throw GoogleRefusal.Invalid("Invalid time zone.", "timeZone") : calendar.Zone;
}
