using Integrations.Api.Http;
using Integrations.Api.Tests.Host;
using Integrations.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Api.Tests.Http;

/// <summary>Clients that hold what others need. Over a copy with limits that a test can wait for.</summary>
[Collection(ApiCollection.Name)]
public sealed class SlowClientTests : IAsyncLifetime
{
    private const string SignIn = "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    private const string Wrong = """{"email":"nobody@example.org","password":"not the one"}""";

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly ApiCopy _copy;

    public SlowClientTests(ApiHost host) => _copy = host.StartCopy(
        ("HttpLimits:HeaderTime", "00:00:01"), ("HttpLimits:BodyGrace", "00:00:01.1"), ("HttpLimits:Requests", "1"), ("HttpLimits:Queue", "1"), ("HttpLimits:QueueTime", "00:01:00"));

    private RequestPlaces Places => _copy.Services.GetRequiredService<RequestPlaces>();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _copy.DisposeAsync();

    [Fact]
    public async Task A_header_that_comes_letter_by_letter_is_cut_off()
    {
        using var slow = await RawConnection.OpenAsync(_copy.Address);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_cancel);
        await slow.SayAsync("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");

        var dripping = slow.DripAsync(over.Token);
        var answer = await slow.ReadToEndAsync();
        await over.CancelAsync();
        await dripping;

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_comes_letter_by_letter_is_cut_off_with_a_problem()
    {
        using var slow = await RawConnection.OpenAsync(_copy.Address);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_cancel);
        await slow.SayAsync($"{SignIn}Content-Length: 5000\r\n\r\n");

        var dripping = slow.DripAsync(over.Token);
        var answer = await slow.ReadToEndAsync();
        await over.CancelAsync();
        await dripping;

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("BODY_TOO_SLOW", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_without_an_end_is_refused()
    {
        using var raw = await RawConnection.OpenAsync(_copy.Address);

        await raw.SayAsync($"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nX-Long: {new string('x', 40_000)}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", await raw.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_requests_than_can_be_worked_on_wait_in_a_line_and_past_its_end_are_told_to_come_back()
    {
        using var first = await RawConnection.OpenAsync(_copy.Address);
        await first.SayAsync($"{SignIn}Content-Length: {Wrong.Length}\r\nConnection: close\r\n\r\n{Wrong[..10]}");
        await Eventually.BecomesAsync("the first is worked on", _ => Task.FromResult(Places.Running), running => running == 1);
        using var second = await RawConnection.OpenAsync(_copy.Address);
        await second.SayAsync("GET /api/v1/auth/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        await Eventually.BecomesAsync("the second waits", _ => Task.FromResult(Places.Waiting), waiting => waiting == 1);

        using var third = new TestClient(_copy.Address, null);
        var refused = (await third.GetAsync("/api/v1/auth/me")).Expect(503, "SERVICE_UNAVAILABLE");

        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal("nosniff", refused.Headers.GetValues("X-Content-Type-Options").Single());
        // A probe that is refused would have a healthy process killed.
        (await third.GetAsync("/alive")).Expect(200);

        await first.SayAsync(Wrong[10..]);
        Assert.StartsWith("HTTP/1.1 401 ", await first.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 401 ", await second.ReadToEndAsync(), StringComparison.Ordinal);
        await Eventually.BecomesAsync("the places are free", _ => Task.FromResult((Places.Running, Places.Waiting)), now => now == (0, 0));
    }

    [Fact]
    public async Task A_thousand_idle_connections_keep_nobody_out()
    {
        var idle = new List<RawConnection>();
        try
        {
            for (var i = 0; i < 1000; i++)
                idle.Add(await RawConnection.OpenAsync(_copy.Address));
            using var client = new TestClient(_copy.Address, null);

            (await client.GetAsync("/api/v1/auth/me")).Expect(401);
        }
        finally
        {
            idle.ForEach(connection => connection.Dispose());
        }
    }
}
