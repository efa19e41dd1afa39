using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>Events as the API shows them, to one caller and in one time zone.</summary>
internal sealed class EventView(GoogleCalendar calendar, GoogleAccount caller, CalendarRole role, TimeZoneInfo zone)
{
    public JsonObject Show(EventItem item)
    {
        var (stored, content) = (item.Source, item.Source.Content);
        var json = new JsonObject
        {
            ["kind"] = "calendar#event",
            ["etag"] = stored.ETag,
            ["id"] = item.Id,
            ["status"] = stored.Status,
            ["htmlLink"] = $"https://www.google.com/calendar/event?eid={WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes($"{item.Id} {calendar.Id}"))}",
            ["created"] = Moment(stored.Created),
            ["updated"] = Moment(stored.Updated),
        };
        if (role is CalendarRole.FreeBusyReader)
        {
            json["visibility"] = "private";
            json["transparency"] = content.Text("transparency") ?? "opaque";
        }
        else
        {
            foreach (var (name, value) in content.Fields.Where(field => field.Key is not ("start" or "end" or "recurrence" or "attendees")))
                json[name] = value?.DeepClone();
            json["creator"] = Person(stored.Creator);
            json["organizer"] = calendar.IsPrimary ? Person(calendar.Owner) : new JsonObject { ["email"] = calendar.Id, ["displayName"] = calendar.Summary, ["self"] = true };
            json["iCalUID"] = $"{item.SeriesId ?? item.Id}@google.com";
            json["sequence"] = stored.Sequence;
            json["eventType"] = content.Text("eventType") ?? "default";
            json["reminders"] = content.Fields["reminders"]?.DeepClone() ?? new JsonObject { ["useDefault"] = true };
            if (content.Fields["conferenceData"]?["entryPoints"]?[0]?["uri"] is { } link)
                json["hangoutLink"] = link.DeepClone();
            if (content.Fields["attendees"] is JsonArray { Count: > 0 } attendees)
                json["attendees"] = new JsonArray([.. attendees.Select(Attendee)]);
        }

        (json["start"], json["end"]) = (item.Start.Json(zone), item.End.Json(zone));
        if (!item.IsVirtual && content.Fields["recurrence"] is JsonArray { Count: > 0 } recurrence)
            json["recurrence"] = recurrence.DeepClone();
        AddSeries(json, item.SeriesId, item.Original);
        return json;
    }

    /// <summary>A deleted event, as synchronisation tells of it: with its id, and no promise of more.</summary>
    public JsonObject ShowGone(string id, string etag, string? seriesId, EventTime? original)
    {
        var json = new JsonObject { ["kind"] = "calendar#event", ["etag"] = etag, ["id"] = id, ["status"] = "cancelled" };
        AddSeries(json, seriesId, original);
        return json;
    }

    public JsonObject ShowGone(EventItem item) => ShowGone(item.Id, item.Source.ETag, item.SeriesId, item.Original);

    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private void AddSeries(JsonObject json, string? seriesId, EventTime? original)
    {
        if (seriesId is not null && original is not null)
            (json["recurringEventId"], json["originalStartTime"]) = (seriesId, original.Json(zone));
    }

    private JsonObject Person(string email)
    {
        var person = new JsonObject { ["email"] = email };
        if (email == caller.Email)
            person["self"] = true;
        return person;
    }

    private JsonNode Attendee(JsonNode? node)
    {
        var attendee = node!.DeepClone().AsObject();
        var email = attendee["email"]!.ToString();
        attendee["responseStatus"] ??= "needsAction";
        if (string.Equals(email, caller.Email, StringComparison.OrdinalIgnoreCase))
            attendee["self"] = true;
        if (string.Equals(email, calendar.Owner, StringComparison.OrdinalIgnoreCase))
            attendee["organizer"] = true;
        return attendee;
    }
}
