using System.Net;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Google.Calendar;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>Calendars and single events, as one person's app sees them.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task The_list_of_calendars_has_the_primary_one_those_made_and_those_shared()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var made = await api.SendAsync("POST", "/calendars", new { summary = "Rooms", timeZone = "Europe/Paris" });
        google.Sandbox.Share(AGoogle.Boris, AGoogle.Anna, CalendarRole.Reader);

        var all = await api.GetAsync("/users/me/calendarList");
        var written = await api.GetAsync("/users/me/calendarList?minAccessRole=writer");
        var page = await api.GetAsync("/users/me/calendarList?maxResults=2");
        var rest = await api.GetAsync($"/users/me/calendarList?maxResults=2&pageToken={page.Text("nextPageToken")}");

        Assert.Equal([AGoogle.Anna, made.Text("id"), AGoogle.Boris], all.Texts("id"));
        Assert.Equal(["owner", "owner", "reader"], all.Texts("accessRole"));
        Assert.Equal([AGoogle.Anna, made.Text("id")], written.Texts("id"));
        Assert.Equal([AGoogle.Boris], rest.Texts("id"));
        Assert.Equal("true", all.Items[0]!["primary"]!.ToString());
        Assert.Equal("Europe/Paris", (await api.GetAsync($"/calendars/{Uri.EscapeDataString(made.Text("id"))}")).Text("timeZone"));

        google.Sandbox.Share(AGoogle.Boris, AGoogle.Anna, null);
        var changed = await api.GetAsync($"/users/me/calendarList?syncToken={rest.Text("nextSyncToken")}");
        Assert.Equal("true", Assert.Single(changed.Items)!["deleted"]!.ToString());
    }

    [Fact]
    public async Task A_calendar_of_somebody_else_is_not_found_and_a_shared_one_is_not_written()
    {
        await using var google = await AGoogle.StartAsync();
        var boris = google.As(AGoogle.Boris);

        var hidden = await boris.GetAsync("/calendars/anna%40example.com/events");
        google.Sandbox.Share(AGoogle.Anna, AGoogle.Boris, CalendarRole.Reader);
        var shown = await boris.GetAsync("/calendars/anna%40example.com/events");
        var refused = await boris.SendAsync("POST", "/calendars/anna%40example.com/events", GoogleApi.Body("Mine"));

        Assert.Equal((HttpStatusCode.NotFound, "notFound"), (hidden.Status, hidden.Reason));
        Assert.Equal(("reader", "Europe/Berlin"), (shown.Text("accessRole"), shown.Text("timeZone")));
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), (refused.Status, refused.Reason));
    }

    [Theory]
    [InlineData(AGoogle.Events, "GET", "/users/me/calendarList", false)]
    [InlineData(AGoogle.Events, "GET", "/calendars/primary/events", true)]
    [InlineData(AGoogle.ReadOnly, "GET", "/users/me/calendarList", true)]
    [InlineData(AGoogle.ReadOnly, "POST", "/calendars/primary/events", false)]
    [InlineData("https://www.googleapis.com/auth/calendar.freebusy", "GET", "/calendars/primary/events", false)]
    [InlineData("https://www.googleapis.com/auth/calendar.events.owned", "POST", "/calendars/primary/events", true)]
    [InlineData("https://www.googleapis.com/auth/calendar.events.owned", "POST", "/calendars/boris%40example.com/events", false)]
    public async Task A_scope_opens_what_it_says_and_no_more(string scope, string method, string path, bool isOpen)
    {
        await using var google = await AGoogle.StartAsync();
        google.Sandbox.Share(AGoogle.Boris, AGoogle.Anna, CalendarRole.Writer);

        var reply = await google.As(AGoogle.Anna, scope).SendAsync(method, path, method == "POST" ? GoogleApi.Body("Meeting") : null);

        Assert.Equal(isOpen ? (HttpStatusCode.OK, null) : (HttpStatusCode.Forbidden, "insufficientPermissions"), (reply.Status, reply.Reason));
    }

    [Fact]
    public async Task An_inserted_event_is_there_with_what_the_server_adds()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var body = GoogleApi.Body("Meeting");
        body["attendees"] = new JsonArray(new JsonObject { ["email"] = "guest@example.org" });
        body["extendedProperties"] = new JsonObject { ["private"] = new JsonObject { ["booking"] = "42" } };

        var made = await api.InsertAsync(body);
        var got = await api.GetAsync($"/calendars/primary/events/{made.Text("id")}");
        var elsewhere = await api.GetAsync($"/calendars/primary/events/{made.Text("id")}?timeZone=America/New_York");

        Assert.True(JsonNode.DeepEquals(made.Body, got.Body));
        Assert.Equal(("calendar#event", "confirmed", "0"), (got.Text("kind"), got.Text("status"), got.Text("sequence")));
        Assert.Equal("2026-05-12T10:00:00+02:00", got.Body!["start"]!["dateTime"]!.ToString());
        Assert.Equal("2026-05-12T04:00:00-04:00", elsewhere.Body!["start"]!["dateTime"]!.ToString());
        Assert.Equal("Europe/Berlin", elsewhere.Body!["start"]!["timeZone"]!.ToString());
        Assert.Equal("needsAction", got.Body["attendees"]![0]!["responseStatus"]!.ToString());
        Assert.Equal(AGoogle.Anna, got.Body["organizer"]!["email"]!.ToString());
        Assert.Equal(got.Text("etag"), got.Headers.ETag!.ToString());
        Assert.Equal([made.Text("id")], (await api.EventsAsync("?privateExtendedProperty=booking%3D42")).Texts("id"));
        Assert.Empty((await api.EventsAsync("?privateExtendedProperty=booking%3D43")).Items);
    }

    [Fact]
    public async Task An_id_of_the_client_makes_a_repeated_insert_harmless()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var body = GoogleApi.Body("Meeting");
        body["id"] = "booking42";

        var first = await api.InsertAsync(body);
        var second = await api.InsertAsync(body);
        await api.SendAsync("DELETE", "/calendars/primary/events/booking42");
        var third = await api.InsertAsync(body);
        body["id"] = "Wrong";
        var wrong = await api.InsertAsync(body);

        Assert.Equal("booking42", first.Text("id"));
        Assert.All([second, third], reply => Assert.Equal((HttpStatusCode.Conflict, "duplicate"), (reply.Status, reply.Reason)));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid"), (wrong.Status, wrong.Reason));
    }

    [Theory]
    [InlineData("""{"summary":"x"}""", "required")]
    [InlineData("""{"start":{"dateTime":"2026-05-12T10:00:00Z"}}""", "required")]
    [InlineData("""{"start":{"dateTime":"2026-05-12T10:00:00"},"end":{"dateTime":"2026-05-12T11:00:00Z"}}""", "required")]
    [InlineData("""{"start":{"dateTime":"2026-05-12T10:00:00Z"},"end":{"dateTime":"2026-05-12T10:00:00Z"}}""", "timeRangeEmpty")]
    [InlineData("""{"start":{"date":"2026-05-12"},"end":{"dateTime":"2026-05-13T10:00:00Z"}}""", "invalid")]
    [InlineData("""{"start":{"dateTime":"2026-05-12T10:00:00","timeZone":"Mars/Olympus"},"end":{"dateTime":"2026-05-12T11:00:00Z"}}""", "invalid")]
    [InlineData("""{"start":{"dateTime":"2026-05-12T10:00:00Z"},"end":{"dateTime":"2026-05-12T11:00:00Z"},"recurrence":["RRULE:FREQ=DAILY"]}""", "required")]
    [InlineData("""{"start":{"date":"2026-05-12"},"end":{"date":"2026-05-13"},"recurrence":["RRULE:FREQ=SOMETIMES"]}""", "invalid")]
    [InlineData("not json", "parseError")]
    public async Task An_event_that_makes_no_sense_is_refused_with_the_reason(string body, string reason)
    {
        await using var google = await AGoogle.StartAsync();

        var reply = await google.As(AGoogle.Anna).InsertAsync(body);

        Assert.Equal((HttpStatusCode.BadRequest, reason), (reply.Status, reply.Reason));
    }

    [Fact]
    public async Task A_patch_merges_and_replaces_lists_and_an_update_replaces_all()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var body = GoogleApi.Body("Meeting");
        body["description"] = "Old";
        body["attendees"] = new JsonArray(new JsonObject { ["email"] = "a@example.org" }, new JsonObject { ["email"] = "b@example.org" });
        body["extendedProperties"] = new JsonObject { ["private"] = new JsonObject { ["one"] = "1" } };
        var path = $"/calendars/primary/events/{(await api.InsertAsync(body)).Text("id")}";

        var patched = await api.SendAsync("PATCH", path, """
            {"location":"Room 1","description":null,"attendees":[{"email":"c@example.org"}],"extendedProperties":{"private":{"two":"2"}},"end":{"dateTime":"2026-05-12T12:00:00+02:00"}}
            """);
        var updated = await api.SendAsync("PUT", path, GoogleApi.Body("Other"));

        Assert.Equal(("Meeting", "Room 1", "1"), (patched.Text("summary"), patched.Text("location"), patched.Text("sequence")));
        Assert.Null(patched.Body!["description"]);
        Assert.Equal("c@example.org", Assert.Single(patched.Body["attendees"]!.AsArray())!["email"]!.ToString());
        Assert.Equal(["one", "two"], patched.Body["extendedProperties"]!["private"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal("2026-05-12T12:00:00+02:00", patched.Body["end"]!["dateTime"]!.ToString());
        Assert.Equal("Other", updated.Text("summary"));
        Assert.Null(updated.Body!["location"]);
        Assert.Null(updated.Body!["attendees"]);
    }

    [Fact]
    public async Task A_change_upon_an_old_etag_is_refused()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var path = $"/calendars/primary/events/{await api.AnEventAsync()}";
        var old = (await api.GetAsync(path)).Text("etag");
        var current = (await api.SendAsync("PATCH", path, new { summary = "Newer" }, old)).Text("etag");

        foreach (var method in new[] { "PATCH", "PUT", "DELETE" })
        {
            var stale = await api.SendAsync(method, path, method == "DELETE" ? null : GoogleApi.Body("Lost"), old);
            Assert.Equal((HttpStatusCode.PreconditionFailed, "conditionNotMet"), (stale.Status, stale.Reason));
        }

        Assert.Equal(HttpStatusCode.NotModified, (await api.SendAsync("GET", path, ifMatch: current)).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync("GET", path, ifMatch: old)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync("DELETE", path, ifMatch: current)).Status);
    }

    [Fact]
    public async Task A_deleted_event_is_gone_and_still_shown_to_whoever_asks_for_it()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var id = await api.AnEventAsync();

        var deleted = await api.SendAsync("DELETE", $"/calendars/primary/events/{id}");
        var again = await api.SendAsync("DELETE", $"/calendars/primary/events/{id}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.Status);
        Assert.Equal((HttpStatusCode.Gone, "deleted"), (again.Status, again.Reason));
        Assert.Equal("cancelled", (await api.GetAsync($"/calendars/primary/events/{id}")).Text("status"));
        Assert.Empty((await api.EventsAsync()).Items);
        Assert.Equal(["cancelled"], (await api.EventsAsync("?showDeleted=true")).Texts("status"));
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync("DELETE", "/calendars/primary/events/nothing")).Status);
    }

    [Fact]
    public async Task A_list_is_bounded_searched_and_ordered()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var late = await api.AnEventAsync("Late talk", hour: 15);
        var early = await api.AnEventAsync("Early talk", hour: 9);
        await api.SendAsync("PATCH", $"/calendars/primary/events/{late}", new { location = "Attic" });

        Assert.Equal([early, late], (await api.EventsAsync("?singleEvents=true&orderBy=startTime")).Texts("id"));
        Assert.Equal([early, late], (await api.EventsAsync("?orderBy=updated")).Texts("id"));
        Assert.Equal([late], (await api.EventsAsync("?q=attic")).Texts("id"));
        // The bounds are exclusive: nothing that ends at the lower or starts at the upper one.
        Assert.Equal([late], (await api.EventsAsync("?timeMin=2026-05-12T08:00:00Z")).Texts("id"));
        Assert.Equal([early], (await api.EventsAsync("?timeMax=2026-05-12T15:00:00%2B02:00")).Texts("id"));
        Assert.Equal("timeRangeEmpty", (await api.EventsAsync("?timeMin=2026-05-12T10:00:00Z&timeMax=2026-05-12T10:00:00Z")).Reason);
        Assert.Equal("badRequest", (await api.EventsAsync("?orderBy=startTime")).Reason);
        Assert.Equal("badRequest", (await api.EventsAsync("?timeMin=2026-05-12T10:00:00")).Reason);
    }

    [Fact]
    public async Task Pages_show_every_event_once_although_others_come_between()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        List<string> made = [];
        for (var day = 1; day <= 5; day++)
            made.Add(await api.AnEventAsync(day: day));

        List<string> seen = [];
        var reply = await api.EventsAsync("?maxResults=2");
        var added = await api.AnEventAsync("Between");
        seen.AddRange(reply.Texts("id"));
        while (reply.Body!["nextPageToken"] is { } next)
        {
            Assert.Null(reply.Body["nextSyncToken"]);
            reply = await api.EventsAsync($"?maxResults=2&pageToken={next}");
            seen.AddRange(reply.Texts("id"));
        }

        Assert.Equal(made.Order(), seen.Order());
        Assert.Equal([added], (await api.EventsAsync($"?syncToken={reply.Text("nextSyncToken")}")).Texts("id"));
        Assert.Equal("invalid", (await api.EventsAsync("?pageToken=nonsense")).Reason);
    }

    [Fact]
    public async Task A_conference_is_made_on_request()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var body = GoogleApi.Body("Call");
        body["conferenceData"] = new JsonObject { ["createRequest"] = new JsonObject { ["requestId"] = "r1" } };

        var without = await api.InsertAsync(body);
        var with = await api.SendAsync("POST", "/calendars/primary/events?conferenceDataVersion=1", body);
        var kept = await api.SendAsync("PATCH", $"/calendars/primary/events/{with.Text("id")}", new { summary = "Renamed" });

        Assert.Null(without.Body!["conferenceData"]);
        Assert.Equal("success", with.Body!["conferenceData"]!["createRequest"]!["status"]!["statusCode"]!.ToString());
        Assert.Equal(with.Text("hangoutLink"), kept.Text("hangoutLink"));
    }

    [Fact]
    public async Task Free_and_busy_times_are_merged_and_an_error_stands_beside_them()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        await api.AnEventAsync(hour: 10);
        await api.AnEventAsync(hour: 11);
        var free = GoogleApi.Body("Free", hour: 14);
        free["transparency"] = "transparent";
        await api.InsertAsync(free);
        await api.InsertAsync(new { start = new { date = "2026-05-13" }, end = new { date = "2026-05-14" } });

        var reply = await api.SendAsync("POST", "/freeBusy", new
        {
            timeMin = "2026-05-12T08:30:00Z",
            timeMax = "2026-05-14T00:00:00Z",
            timeZone = "Europe/Berlin",
            items = new[] { new { id = "primary" }, new { id = AGoogle.Boris } },
        });

        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal(
            ["2026-05-12T10:30:00+02:00 2026-05-12T12:00:00+02:00", "2026-05-13T00:00:00+02:00 2026-05-14T00:00:00+02:00"],
            reply.Body!["calendars"]!["primary"]!["busy"]!.AsArray().Select(busy => $"{busy!["start"]} {busy["end"]}"));
        Assert.Equal("notFound", reply.Body["calendars"]![AGoogle.Boris]!["errors"]![0]!["reason"]!.ToString());
    }
}
