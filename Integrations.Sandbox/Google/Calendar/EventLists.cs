using System.Text.Json.Nodes;
using Integrations.Sandbox.Google.Faults;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary><c>calendar.events.list</c> and <c>calendar.events.instances</c>.</summary>
internal sealed class EventLists(SandboxGoogle google, GoogleCalendars calendars, Listings listings)
{
    private const int PageDefault = 250;
    private const int PageMax = 2500;

    public GoogleAnswer List(GoogleRequest request, CalendarCaller caller)
    {
        var (calendar, role) = Open(request, caller);
        var (size, isEmpty) = (request.PageSize(PageDefault, PageMax), google.TakesFault(GoogleFaultKind.EmptyPage, request, caller));
        if (request.Value("pageToken") is { } page)
            return listings.Next(page, $"{request.Operation}/{calendar.Id}", caller.Account.Email, size, isEmpty);

        var query = EventQuery.Read(request, calendar.Id);
        var now = google.Time.GetUtcNow();
        if (query.Token is { } token && google.IsStale(token, calendar.SyncEpoch, request, caller))
            throw SyncToken.Stale();
        if (query.UpdatedMin < now - google.Settings.UpdatedMinReach)
        {
            throw new GoogleRefusal(
                410, "updatedMinTooLongAgo", "The requested minimum modification time lies too far in the past.", "calendar", "parameter", "updatedMin");
        }

        var zone = CalendarEvents.ZoneOf(request, calendar);
        var view = new EventView(calendar, caller.Account, role, zone);
        List<JsonObject> items = query.Token is null ? [.. All(calendar, query, view, now)] : [.. Changed(calendar, query, view, now)];
        var next = query.CanSync ? new SyncToken(calendar.Id, calendar.Change, calendar.SyncEpoch, query.SingleEvents, now) : null;
        return listings.First(new Listing($"{request.Operation}/{calendar.Id}", caller.Account.Email, Envelope(calendar, role, zone), items, next), size, isEmpty);
    }

    public GoogleAnswer Instances(GoogleRequest request, CalendarCaller caller)
    {
        var (calendar, role) = Open(request, caller);
        var (size, isEmpty) = (request.PageSize(PageDefault, PageMax), google.TakesFault(GoogleFaultKind.EmptyPage, request, caller));
        var id = request.Part("eventId");
        if (request.Value("pageToken") is { } page)
            return listings.Next(page, $"{request.Operation}/{calendar.Id}/{id}", caller.Account.Email, size, isEmpty);
        if (!calendar.Events.TryGetValue(id, out var series))
            throw GoogleRefusal.NotFound();
        if (series.Content.Recurrence is null)
            throw GoogleRefusal.BadRequest("The event is not recurring.");

        var zone = CalendarEvents.ZoneOf(request, calendar);
        var view = new EventView(calendar, caller.Account, role, zone);
        var (from, until, showDeleted) = (EventTime.Bound(request, "timeMin"), EventTime.Bound(request, "timeMax"), request.Flag("showDeleted"));
        if (from >= until)
            throw GoogleRefusal.EmptyRange();

        var original = EventTime.Bound(request, "originalStart");
        var found = calendar.Occurrences(series, until ?? calendar.Horizon(series, google.Time.GetUtcNow(), from))
            .Concat(calendar.Events.Values.Where(other => other.SeriesId == id).Select(EventItem.Of))
            .Where(item => (showDeleted || !item.IsCancelled)
                && !(item.End.Instant(calendar.Zone) <= from) && !(item.Start.Instant(calendar.Zone) >= until)
                && (original is null || item.Original!.Instant(calendar.Zone) == original))
            .OrderBy(item => item.Start.Instant(calendar.Zone));
        List<JsonObject> items = [.. found.Select(view.Show)];
        return listings.First(new Listing($"{request.Operation}/{calendar.Id}/{id}", caller.Account.Email, Envelope(calendar, role, zone), items, null), size, isEmpty);
    }

    private static IEnumerable<JsonObject> All(GoogleCalendar calendar, EventQuery query, EventView view, DateTimeOffset now)
    {
        var found = calendar.Events.Values.Where(query.Matches).OrderBy(stored => stored.Created).ThenBy(stored => stored.Id, StringComparer.Ordinal)
            .SelectMany(stored => Items(calendar, query, stored, now));
        var ordered = query.OrderBy switch
        {
            "startTime" => found.OrderBy(item => item.Start.Instant(calendar.Zone)).ThenBy(item => item.Id, StringComparer.Ordinal),
            "updated" => found.OrderBy(item => item.Source.Updated).ThenBy(item => item.Source.Change),
            _ => found,
        };
        return ordered.Select(item => item.IsCancelled && !query.ShowDeleted ? view.ShowGone(item) : view.Show(item));
    }

    private static IEnumerable<EventItem> Items(GoogleCalendar calendar, EventQuery query, CalendarEvent stored, DateTimeOffset now)
    {
        // Whoever shows series learns of the occurrences that were taken out of them, asked or not: they stand where the rule says otherwise.
        var isException = !query.SingleEvents && stored.SeriesId is { } series && !calendar.Events[series].IsCancelled;
        if (stored.IsCancelled && !query.ShowDeleted && query.UpdatedMin is null && !isException)
            return [];
        if (stored.Content.Recurrence is null)
            return new[] { EventItem.Of(stored) }.Where(item => query.IsWithin(item, calendar.Zone));

        var occurrences = calendar.Occurrences(stored, query.TimeMax ?? calendar.Horizon(stored, now, query.TimeMin)).Where(item => query.IsWithin(item, calendar.Zone));
        return query.SingleEvents ? occurrences : occurrences.Any() ? [EventItem.Of(stored)] : [];
    }

    /// <summary>What was written since the token. Deleted events are always there, and the bounds of the first list do not count.</summary>
    private static IEnumerable<JsonObject> Changed(GoogleCalendar calendar, EventQuery query, EventView view, DateTimeOffset now)
    {
        var since = query.Token!.Change;
        foreach (var stored in calendar.Events.Values.Where(stored => stored.Change > since).OrderBy(stored => stored.Change))
        {
            if (!query.SingleEvents || stored.Content.Recurrence is null)
            {
                yield return stored.IsCancelled ? view.ShowGone(EventItem.Of(stored)) : view.Show(EventItem.Of(stored));
            }
            else
            {
                foreach (var item in calendar.Singles(stored, now))
                    yield return view.Show(item);
            }

            if (!query.SingleEvents)
                continue;

            foreach (var (id, (original, _)) in stored.Gone.Where(gone => gone.Value.Change > since))
                yield return view.ShowGone(id, stored.ETag, original is null ? null : stored.Id, original);
        }
    }

    private (GoogleCalendar Calendar, CalendarRole Role) Open(GoogleRequest request, CalendarCaller caller)
    {
        caller.Need(CalendarCaller.ReadsEvents);
        var opened = calendars.Open(caller, request.Part("calendarId"), CalendarRole.FreeBusyReader);
        caller.Need(CalendarCaller.ReadsEvents, opened.Role);
        return opened;
    }

    private static JsonObject Envelope(GoogleCalendar calendar, CalendarRole role, TimeZoneInfo zone)
    {
        var json = new JsonObject { ["kind"] = "calendar#events", ["etag"] = GoogleCalendars.ETag(calendar.Change), ["summary"] = calendar.Summary };
        if (calendar.Description is not null)
            json["description"] = calendar.Description;
        (json["updated"], json["timeZone"]) = (EventView.Moment(calendar.Updated), zone.Id);
        (json["accessRole"], json["defaultReminders"]) = (GoogleCalendars.Word(role), new JsonArray());
        return json;
    }
}
