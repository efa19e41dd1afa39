using System.Net;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Google.Faults;

namespace Integrations.Sandbox.Tests.Google;

/// <summary>What goes wrong on request, by the library and over HTTP.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData(GoogleFaultKind.Unauthorized, null, null, HttpStatusCode.Unauthorized, "authError")]
    [InlineData(GoogleFaultKind.Quota, null, null, HttpStatusCode.Forbidden, "rateLimitExceeded")]
    [InlineData(GoogleFaultKind.Quota, 429, "userRateLimitExceeded", HttpStatusCode.TooManyRequests, "userRateLimitExceeded")]
    [InlineData(GoogleFaultKind.ServerError, null, null, HttpStatusCode.InternalServerError, "backendError")]
    [InlineData(GoogleFaultKind.ServerError, 503, null, HttpStatusCode.ServiceUnavailable, "backendError")]
    public async Task A_fault_befalls_its_operation_once_and_nothing_is_done(GoogleFaultKind kind, int? status, string? reason, HttpStatusCode expected, string expectedReason)
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        google.Sandbox.Faults.Add(new GoogleFault { Kind = kind, Operation = "calendar.events.insert", Status = status, Reason = reason, RetryAfter = 7 });

        var other = await api.EventsAsync();
        var refused = await api.InsertAsync(GoogleApi.Body("Meeting"));
        var listed = await api.EventsAsync();
        var good = await api.InsertAsync(GoogleApi.Body("Meeting"));

        Assert.Equal(HttpStatusCode.OK, other.Status);
        Assert.Equal((expected, expectedReason), (refused.Status, refused.Reason));
        Assert.Equal(TimeSpan.FromSeconds(7), refused.Headers.RetryAfter!.Delta);
        Assert.Empty(listed.Items);
        Assert.Equal(HttpStatusCode.OK, good.Status);
    }

    [Theory]
    [InlineData(GoogleFaultKind.CutAfterChange, 1)]
    [InlineData(GoogleFaultKind.CutBeforeChange, 0)]
    public async Task A_cut_connection_leaves_the_outcome_unknown(GoogleFaultKind kind, int events)
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        google.Sandbox.Faults.Add(new GoogleFault { Kind = kind, Operation = "calendar.events", Person = AGoogle.Anna });

        await Assert.ThrowsAsync<HttpRequestException>(() => api.InsertAsync(GoogleApi.Body("Meeting")));

        Assert.Equal(events, (await api.EventsAsync()).Items.Count);
        Assert.Equal(0, google.Sandbox.Calls.Single(call => call.Operation == "calendar.events.insert").Status);
    }

    [Fact]
    public async Task The_token_endpoint_refuses_on_request_and_the_grant_lives_on()
    {
        await using var google = await AGoogle.StartAsync();
        var refresh = await google.RefreshTokenAsync();
        google.Sandbox.Faults.Add(new GoogleFault { Kind = GoogleFaultKind.TokenRefused });
        google.Sandbox.Faults.Add(new GoogleFault { Kind = GoogleFaultKind.ServerError, Operation = "oauth", Status = 502 });

        Assert.Equal(HttpStatusCode.BadGateway, (await google.RefreshAsync(refresh)).Status);
        Assert.Equal("invalid_grant", (await google.RefreshAsync(refresh)).Error);
        Assert.Equal(HttpStatusCode.OK, (await google.RefreshAsync(refresh)).Status);
    }

    [Fact]
    public async Task An_answer_is_held_back()
    {
        await using var google = await AGoogle.StartAsync();
        google.Sandbox.Faults.Add(new GoogleFault { Kind = GoogleFaultKind.Latency, Milliseconds = 1500 });

        var call = google.As(AGoogle.Anna).EventsAsync();
        await google.Clock.WaitForTimerAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(call.IsCompleted);
        google.Clock.Advance(TimeSpan.FromMilliseconds(1500));

        Assert.Equal(HttpStatusCode.OK, (await call).Status);
    }

    [Fact]
    public async Task A_page_may_be_empty_and_not_the_last()
    {
        await using var google = await AGoogle.StartAsync();
        var api = google.As(AGoogle.Anna);
        var id = await api.AnEventAsync();
        google.Sandbox.Faults.Add(new GoogleFault { Kind = GoogleFaultKind.EmptyPage });

        var empty = await api.EventsAsync();
        var next = await api.EventsAsync($"?pageToken={empty.Text("nextPageToken")}");

        Assert.Empty(empty.Items);
        Assert.Equal([id], next.Texts("id"));
    }

    [Fact]
    public async Task Too_many_requests_of_one_person_are_refused_until_the_minute_is_over()
    {
        await using var google = await AGoogle.StartAsync();
        google.Sandbox.Settings.UserRequestsPerMinute = 3;
        google.Sandbox.Settings.ProjectRequestsPerMinute = 4;
        var (anna, boris) = (google.As(AGoogle.Anna), google.As(AGoogle.Boris));
        for (var i = 0; i < 3; i++)
            await anna.EventsAsync();

        var mine = await anna.EventsAsync();
        var his = await boris.EventsAsync();
        var all = await boris.EventsAsync();
        google.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((HttpStatusCode.Forbidden, "userRateLimitExceeded", "usageLimits"), (mine.Status, mine.Reason, mine.Body!["error"]!["errors"]![0]!["domain"]!.ToString()));
        Assert.Equal(HttpStatusCode.OK, his.Status);
        Assert.Equal("rateLimitExceeded", all.Reason);
        Assert.Equal(HttpStatusCode.OK, (await anna.EventsAsync()).Status);
    }

    [Fact]
    public async Task Every_error_has_the_shape_of_Google()
    {
        await using var google = await AGoogle.StartAsync();

        var reply = await google.As(AGoogle.Anna).GetAsync("/calendars/nobody/events");

        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"error":{"errors":[{"domain":"global","reason":"notFound","message":"Not Found"}],"code":404,"message":"Not Found"}}"""), reply.Body));
        Assert.Equal("notFound", (await google.SendAsync("GET", "/drive/v3/files", null)).Reason);
    }

    [Fact]
    public async Task The_knobs_need_the_token_of_the_sandbox()
    {
        await using var google = await AGoogle.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await google.SendAsync("GET", "/sandbox/google/faults", null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await google.SendAsync("GET", "/sandbox/google/faults", "some-other-token-of-tests")).Status);
        Assert.Equal(HttpStatusCode.OK, (await google.SendAsync("GET", "/sandbox/google/faults", AGoogle.ControlToken)).Status);
    }

    [Fact]
    public async Task The_knobs_are_turned_over_HTTP()
    {
        await using var google = await AGoogle.StartAsync();
        Task<Reply> Turn(string method, string path, object? body = null) => google.SendAsync(method, $"/sandbox/google{path}", AGoogle.ControlToken, body);
        var refresh = await google.RefreshTokenAsync();

        await Turn("POST", "/accounts", new { email = "vera@example.com", name = "Vera", time_zone = "Asia/Tokyo" });
        var taken = await Turn("POST", "/accounts", new { email = "vera@example.com", name = "Vera" });
        var token = (await Turn("POST", "/access-tokens", new { email = "vera@example.com", client_id = AGoogle.ClientId, scopes = new[] { AGoogle.Calendar } })).Text("token");
        await Turn("POST", "/faults", new { kind = "quota", operation = "calendar", status = 429 });
        var limited = await google.SendAsync("GET", "/calendar/v3/calendars/primary", token);
        var settings = await Turn("PATCH", "/settings", new { rotation = "at_once" });
        var rotated = await google.RefreshAsync(refresh);
        var revoked = await Turn("DELETE", $"/grants?email={AGoogle.Anna}&clientId={AGoogle.ClientId}");
        var wrong = await Turn("POST", "/faults", new { kind = "latency" });

        Assert.Equal(HttpStatusCode.BadRequest, taken.Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, limited.Status);
        Assert.Equal("Asia/Tokyo", (await google.SendAsync("GET", "/calendar/v3/calendars/primary", token)).Text("timeZone"));
        Assert.Equal("at_once", settings.Text("rotation"));
        Assert.NotEqual(refresh, rotated.Text("refresh_token"));
        Assert.Equal(HttpStatusCode.NoContent, revoked.Status);
        Assert.Equal("invalid_grant", (await google.RefreshAsync(rotated.Text("refresh_token"))).Error);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
    }
}
