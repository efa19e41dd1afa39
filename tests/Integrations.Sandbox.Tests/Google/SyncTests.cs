using System.Net;
using Integrations.Sandbox.Google.Faults;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>A copy of a calendar that is kept by sync tokens.</summary>
public sealed class SyncTests
{
    [Fact]
    public async Task A_token_brings_what_changed_since_and_what_was_deleted()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var (stays, changes, goes) = (await api.AnEventAsync("Stays"), await api.AnEventAsync("Changes"), await api.AnEventAsync("Goes"));
        var full = await api.EventsAsync("?timeMin=2026-05-01T00:00:00Z");

        var nothing = await api.EventsAsync($"?syncToken={full.Text("nextSyncToken")}");
        await api.SendAsync("PATCH", $"/calendars/primary/events/{changes}", new { summary = "Changed" });
        await api.SendAsync("DELETE", $"/calendars/primary/events/{goes}");
        var added = await api.AnEventAsync("Added");
        var changed = await api.EventsAsync($"?syncToken={nothing.Text("nextSyncToken")}");

        Assert.Contains(stays, full.Texts("id"));
        Assert.Empty(nothing.Items);
        Assert.Equal([changes, goes, added], changed.Texts("id"));
        Assert.Equal(["confirmed", "cancelled", "confirmed"], changed.Texts("status"));
        // Of a deleted event the id is all that is promised.
        Assert.Null(changed.Items[1]!["start"]);
        Assert.Empty((await api.EventsAsync($"?syncToken={changed.Text("nextSyncToken")}")).Items);
    }

    [Theory]
    [InlineData("timeMin=2026-05-01T00:00:00Z")]
    [InlineData("q=x")]
    [InlineData("orderBy=updated")]
    [InlineData("updatedMin=2026-05-12T00:00:00Z")]
    [InlineData("iCalUID=x")]
    [InlineData("showDeleted=false")]
    [InlineData("singleEvents=true")]
    public async Task Nothing_that_chooses_goes_with_a_token(string parameter)
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var token = (await api.EventsAsync()).Text("nextSyncToken");

        var reply = await api.EventsAsync($"?syncToken={token}&{parameter}");

        Assert.Equal((HttpStatusCode.BadRequest, "badRequest"), (reply.Status, reply.Reason));
    }

    [Fact]
    public async Task A_token_that_is_no_longer_good_asks_for_everything_again()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.AnEventAsync();
        var token = (await api.EventsAsync()).Text("nextSyncToken");

        google.Sandbox.InvalidateSyncTokens(AGoogle.Anna);
        var invalid = await api.EventsAsync($"?syncToken={token}");
        var full = await api.EventsAsync();
        google.Sandbox.Faults.Add(new GoogleFault { Kind = GoogleFaultKind.SyncTokenInvalid });
        var once = await api.EventsAsync($"?syncToken={full.Text("nextSyncToken")}");
        var then = await api.EventsAsync($"?syncToken={full.Text("nextSyncToken")}");
        google.Clock.Advance(TimeSpan.FromDays(30));
        var old = await google.As(AGoogle.Anna).EventsAsync($"?syncToken={full.Text("nextSyncToken")}");

        Assert.All([invalid, once, old], reply => Assert.Equal((HttpStatusCode.Gone, "fullSyncRequired"), (reply.Status, reply.Reason)));
        Assert.Single(full.Items);
        Assert.Equal(HttpStatusCode.OK, then.Status);
        Assert.Equal("invalid", (await google.As(AGoogle.Anna).EventsAsync("?syncToken=nonsense")).Reason);
        Assert.Equal("updatedMinTooLongAgo", (await google.As(AGoogle.Anna).EventsAsync("?updatedMin=2026-04-01T00:00:00Z")).Reason);
    }

    [Fact]
    public async Task A_series_that_is_cut_short_tells_of_each_occurrence_that_went()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var id = await api.AnEventAsync("Daily", 12, 10, "RRULE:FREQ=DAILY;COUNT=4");
        var token = (await api.EventsAsync("?singleEvents=true")).Text("nextSyncToken");

        await api.SendAsync("PATCH", $"/calendars/primary/events/{id}", new { recurrence = new[] { "RRULE:FREQ=DAILY;COUNT=2" } });
        await api.SendAsync("DELETE", $"/calendars/primary/events/{id}_20260513T080000Z");
        var changed = await api.EventsAsync($"?singleEvents=true&syncToken={token}");

        Assert.Equal(
            ["20260512T080000Z confirmed", "20260513T080000Z cancelled", "20260514T080000Z cancelled", "20260515T080000Z cancelled"],
            changed.Items.Select(item => $"{item!["id"]!.ToString().Split('_')[1]} {item["status"]}").Order());

        await api.SendAsync("DELETE", $"/calendars/primary/events/{id}");
        var deleted = await api.EventsAsync($"?singleEvents=true&syncToken={changed.Text("nextSyncToken")}");
        Assert.Contains($"{id}_20260512T080000Z", deleted.Texts("id"));
        Assert.All(deleted.Texts("status"), status => Assert.Equal("cancelled", status));
    }
}
