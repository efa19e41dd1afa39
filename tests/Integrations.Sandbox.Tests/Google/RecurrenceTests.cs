using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Google.Calendar;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>Series, their occurrences, and the ones that differ.</summary>
public sealed class RecurrenceTests
{
    [Theory]
    [InlineData("FREQ=DAILY;INTERVAL=2", "2026-05-12", "2026-05-12 2026-05-14 2026-05-16")]
    [InlineData("FREQ=WEEKLY;BYDAY=TU,FR", "2026-05-12", "2026-05-12 2026-05-15 2026-05-19 2026-05-22")]
    [InlineData("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU", "1997-08-05", "1997-08-05 1997-08-17 1997-08-19 1997-08-31")]
    [InlineData("FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=SU,TU", "1997-08-05", "1997-08-05 1997-08-10 1997-08-19 1997-08-24")]
    [InlineData("FREQ=MONTHLY", "2026-01-31", "2026-01-31 2026-03-31 2026-05-31")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", "2026-01-31 2026-02-28 2026-03-31")]
    [InlineData("FREQ=MONTHLY;BYDAY=-1FR", "2026-05-29", "2026-05-29 2026-06-26 2026-07-31")]
    [InlineData("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-05-29", "2026-05-29 2026-06-30 2026-07-31")]
    [InlineData("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-02-13", "2026-02-13 2026-03-13 2026-11-13")]
    [InlineData("FREQ=YEARLY", "2024-02-29", "2024-02-29 2028-02-29 2032-02-29")]
    [InlineData("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26", "2026-11-26 2027-11-25 2028-11-23")]
    [InlineData("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", "1997-05-19 1998-05-18 1999-05-17")]
    public void A_rule_has_its_days(string rule, string start, string days)
    {
        var first = DateTime.ParseExact(start, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var expected = days.Split(' ');

        var walked = RecurrenceRule.Parse(rule).Walk(first).Take(expected.Length).Select(day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

        Assert.Equal(expected, walked);
    }

    [Fact]
    public void A_rule_without_a_day_ends() => Assert.Empty(RecurrenceRule.Parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31").Walk(new DateTime(2026, 1, 1)));

    [Fact]
    public async Task A_series_keeps_its_hour_when_the_clocks_change()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.InsertAsync("""
            {"start":{"dateTime":"2026-03-28T02:30:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-03-28T03:30:00","timeZone":"Europe/Berlin"},
             "recurrence":["RRULE:FREQ=DAILY;COUNT=3"]}
            """);

        var reply = await api.EventsAsync("?singleEvents=true&orderBy=startTime");

        // The skipped half hour of the 29th is an hour later.
        Assert.Equal(
            ["2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"],
            reply.Items.Select(item => item!["start"]!["dateTime"]!.ToString()));
    }

    [Fact]
    public async Task A_series_is_listed_whole_or_by_its_occurrences()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var id = await api.AnEventAsync("Daily", 12, 10, "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20260513T100000");

        var whole = await api.EventsAsync("?timeMin=2026-05-15T00:00:00Z");
        var singles = await api.EventsAsync("?singleEvents=true&orderBy=startTime&timeMin=2026-05-13T00:00:00Z&timeMax=2026-05-16T00:00:00Z");
        var instances = await api.GetAsync($"/calendars/primary/events/{id}/instances?maxResults=3");
        var rest = await api.GetAsync($"/calendars/primary/events/{id}/instances?maxResults=3&pageToken={instances.Text("nextPageToken")}");

        Assert.Equal([id], whole.Texts("id"));
        Assert.Equal("RRULE:FREQ=DAILY;COUNT=5", whole.Items[0]!["recurrence"]![0]!.ToString());
        Assert.Equal([$"{id}_20260514T080000Z", $"{id}_20260515T080000Z"], singles.Texts("id"));
        Assert.Equal([id, id], singles.Texts("recurringEventId"));
        Assert.Null(singles.Items[0]!["recurrence"]);
        Assert.Equal(4, instances.Items.Count + rest.Items.Count);
        Assert.Empty((await api.EventsAsync("?timeMin=2026-05-17T00:00:00Z")).Items);
    }

    [Fact]
    public async Task An_all_day_series_has_days_for_ids()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.InsertAsync("""{"id":"feast","start":{"date":"2026-05-12"},"end":{"date":"2026-05-14"},"recurrence":["RRULE:FREQ=WEEKLY;UNTIL=20260526"]}""");

        var reply = await api.EventsAsync("?singleEvents=true&orderBy=startTime");

        Assert.Equal(["feast_20260512", "feast_20260519", "feast_20260526"], reply.Texts("id"));
        Assert.Equal("2026-05-21", reply.Items[1]!["end"]!["date"]!.ToString());
    }

    [Fact]
    public async Task One_occurrence_is_moved_and_another_is_taken_out()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var id = await api.AnEventAsync("Daily", 12, 10, "RRULE:FREQ=DAILY;COUNT=3");
        var moved = $"{id}_20260513T080000Z";

        var patched = await api.SendAsync("PATCH", $"/calendars/primary/events/{moved}", new { summary = "Moved", start = GoogleApi.At(20, 9), end = GoogleApi.At(20, 10) });
        var deleted = await api.SendAsync("DELETE", $"/calendars/primary/events/{id}_20260514T080000Z");
        var singles = await api.EventsAsync("?singleEvents=true&orderBy=startTime");
        var whole = await api.EventsAsync();

        Assert.Equal((moved, id, "2026-05-13T10:00:00+02:00"), (patched.Text("id"), patched.Text("recurringEventId"), patched.Body!["originalStartTime"]!["dateTime"]!.ToString()));
        Assert.Equal(HttpStatusCode.NoContent, deleted.Status);
        Assert.Equal([$"{id}_20260512T080000Z", moved], singles.Texts("id"));
        // Whoever shows the series needs the one that was taken out.
        Assert.Equal(["confirmed", "confirmed", "cancelled"], whole.Texts("status"));
        Assert.Equal(HttpStatusCode.Gone, (await api.SendAsync("DELETE", $"/calendars/primary/events/{id}_20260514T080000Z")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/calendars/primary/events/{id}_20260515T080000Z")).Status);
    }

    [Fact]
    public async Task A_deleted_series_takes_its_occurrences_along()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var id = await api.AnEventAsync("Daily", 12, 10, "RRULE:FREQ=DAILY;COUNT=3");
        await api.SendAsync("PATCH", $"/calendars/primary/events/{id}_20260513T080000Z", new { summary = "Different" });

        await api.SendAsync("DELETE", $"/calendars/primary/events/{id}");

        Assert.Empty((await api.EventsAsync("?singleEvents=true")).Items);
        Assert.Empty((await api.EventsAsync()).Items);
    }

    [Fact]
    public async Task A_series_without_an_end_is_busy_in_any_year()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.AnEventAsync("Daily", 12, 10, "RRULE:FREQ=DAILY");

        var reply = await api.SendAsync("POST", "/freeBusy", """{"timeMin":"2041-01-01T00:00:00Z","timeMax":"2041-01-03T00:00:00Z","items":[{"id":"primary"}]}""");

        Assert.Equal(["2041-01-01T09:00:00Z", "2041-01-02T09:00:00Z"], reply.Body!["calendars"]!["primary"]!["busy"]!.AsArray().Select((JsonNode? busy) => busy!["start"]!.ToString()));
    }
}
