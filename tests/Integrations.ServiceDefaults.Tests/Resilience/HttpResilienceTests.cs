using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Integrations.ServiceDefaults.Tests.Resilience;

public sealed class HttpResilienceTests
{
    private static readonly Dictionary<string, string?> Fast = new() { ["HttpResilience:RetryDelay"] = "00:00:00.001" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", 503)]
    [InlineData("GET", 500)]
    [InlineData("GET", 408)]
    [InlineData("GET", 429)]
    [InlineData("HEAD", 503)]
    [InlineData("PUT", 502)]
    [InlineData("DELETE", 504)]
    public async Task An_idempotent_request_is_tried_again_until_it_succeeds(string method, int code)
    {
        await using var server = await ScriptedServer.StartAsync(code, code, 200);
        await using var caller = await TestHost.StartAsync(Fast);

        var response = await SendAsync(caller, method, server.Address, new StringContent("the body"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(3, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.Equal(method is "PUT" or "DELETE" ? "the body" : "", request));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    public async Task A_request_that_may_have_been_done_is_never_sent_twice(string method)
    {
        await using var server = await ScriptedServer.StartAsync(503, 200);
        await using var caller = await TestHost.StartAsync(Fast);

        var response = await SendAsync(caller, method, server.Address, new StringContent("x"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(501)]
    public async Task An_answer_that_will_not_change_is_not_asked_for_again(int code)
    {
        await using var server = await ScriptedServer.StartAsync(code, 200);
        await using var caller = await TestHost.StartAsync(Fast);

        var response = await SendAsync(caller, "GET", server.Address);

        Assert.Equal(code, (int)response.StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_body_that_can_be_read_once_is_sent_once()
    {
        await using var server = await ScriptedServer.StartAsync(503, 200);
        await using var caller = await TestHost.StartAsync(Fast);

        var response = await SendAsync(caller, "PUT", server.Address, new StreamContent(new MemoryStream([1, 2, 3])));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task The_last_failure_reaches_the_caller_when_no_try_succeeds()
    {
        await using var server = await ScriptedServer.StartAsync(503, 503, 503, 500, 200);
        await using var caller = await TestHost.StartAsync(Fast);

        var response = await SendAsync(caller, "GET", server.Address);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(4, server.Requests.Count);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("date")]
    public async Task The_wait_that_the_server_asks_for_is_kept(string form)
    {
        var clock = new TestClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var asked = form == "date" ? clock.GetUtcNow().AddSeconds(7).ToString("R", CultureInfo.InvariantCulture) : form;
        await using var server = await ScriptedServer.StartAsync(asked, 429, 200);
        await using var caller = await TestHost.StartAsync(add: builder => builder.Services.AddSingleton<TimeProvider>(clock));

        var request = SendAsync(caller, "GET", server.Address);
        await clock.WaitForTimerAsync(TimeSpan.FromSeconds(7), Cancellation).WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        var pending = clock.PendingTimers;
        clock.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Equal(pending, clock.PendingTimers);
        Assert.Single(server.Requests);
        clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(HttpStatusCode.OK, (await request).StatusCode);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_wait_longer_than_the_caller_waits_is_the_callers_to_know()
    {
        await using var server = await ScriptedServer.StartAsync("3600", 503, 200);
        await using var caller = await TestHost.StartAsync();

        var response = await SendAsync(caller, "GET", server.Address);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromHours(1), response.Headers.RetryAfter?.Delta);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_try_that_hangs_is_given_up_and_repeated()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Hang, 200);
        await using var caller = await TestHost.StartAsync(new Dictionary<string, string?>(Fast) { ["HttpResilience:AttemptTimeout"] = "00:00:00.200" });

        var response = await SendAsync(caller, "GET", server.Address);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Silence_is_told_as_a_failed_request_with_the_address_and_the_limit()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Hang);
        await using var caller = await TestHost.StartAsync(new Dictionary<string, string?>(Fast) { ["HttpResilience:AttemptTimeout"] = "00:00:00.100" });

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(caller, "POST", server.Address));

        Assert.Contains(server.Address.Authority, failure.Message, StringComparison.Ordinal);
        Assert.Contains("0.1 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_obeyed_at_once()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Hang);
        await using var caller = await TestHost.StartAsync(Fast);
        using var gaveUp = new CancellationTokenSource();
        using var client = caller.FactoryClient();

        var request = client.GetAsync(server.Address, gaveUp.Token);
        await server.Asked;
        await gaveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_destination_that_keeps_failing_is_left_alone_for_a_while_and_the_others_are_not()
    {
        var clock = new TestClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var broken = await ScriptedServer.StartAsync(500, 500, 500, 200);
        await using var healthy = await ScriptedServer.StartAsync(200);
        await using var caller = await TestHost.StartAsync(
            new Dictionary<string, string?> { ["HttpResilience:MaxRetries"] = "0", ["HttpResilience:BreakerMinimumTries"] = "3" },
            builder => builder.Services.AddSingleton<TimeProvider>(clock));

        for (var i = 0; i < 3; i++)
            await SendAsync(caller, "GET", broken.Address);

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(caller, "GET", broken.Address));
        Assert.Contains("5 s", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, broken.Requests.Count);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(caller, "GET", healthy.Address)).StatusCode);

        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(caller, "GET", broken.Address)).StatusCode);
    }

    [Fact]
    public async Task A_rate_limit_does_not_open_the_breaker()
    {
        await using var server = await ScriptedServer.StartAsync(429, 429, 429, 429, 200);
        await using var caller = await TestHost.StartAsync(
            new Dictionary<string, string?> { ["HttpResilience:MaxRetries"] = "0", ["HttpResilience:BreakerMinimumTries"] = "2" });

        for (var i = 0; i < 4; i++)
            await SendAsync(caller, "GET", server.Address);

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(caller, "GET", server.Address)).StatusCode);
    }

    [Fact]
    public async Task A_client_may_have_settings_of_its_own()
    {
        await using var server = await ScriptedServer.StartAsync(503, 200);
        await using var caller = await TestHost.StartAsync(Fast, builder =>
            builder.Services.Configure<ServiceDefaults.Resilience.HttpResilienceOptions>("careful", options => options.MaxRetries = 0));
        using var careful = caller.FactoryClient("careful");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await careful.GetAsync(server.Address, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Wrong_settings_stop_the_start_and_are_all_named()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(new Dictionary<string, string?>
        {
            ["HttpResilience:AttemptTimeout"] = "00:01:00",
            ["HttpResilience:MaxRetries"] = "99",
            ["HttpResilience:BreakerFailureRatio"] = "2",
        }));

        Assert.Equal(
            [
                "HttpResilience:TotalTimeout is 00:00:30; it must be at least AttemptTimeout (00:01:00).",
                "HttpResilience:MaxRetries is 99; it must be from 0 to 10.",
                "HttpResilience:BreakerFailureRatio is 2; it must be above 0 and at most 1.",
            ],
            refused.Failures);
    }

    private static async Task<HttpResponseMessage> SendAsync(TestHost caller, string method, Uri address, HttpContent? content = null)
    {
        using var client = caller.FactoryClient();
        return await client.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), address) { Content = method is "GET" or "HEAD" ? null : content }, Cancellation);
    }

    /// <summary>Answers each request with the next code, the last one for ever, and keeps the bodies.</summary>
    private sealed class ScriptedServer : IAsyncDisposable
    {
        /// <summary>Instead of a code: no answer until the caller goes away.</summary>
        public const int Hang = 0;

        private readonly TestHost _host;
        private readonly TaskCompletionSource _asked;

        private ScriptedServer(TestHost host, ConcurrentQueue<string> requests, TaskCompletionSource asked)
        {
            _host = host;
            _asked = asked;
            Requests = requests;
        }

        public ConcurrentQueue<string> Requests { get; }

        public Task Asked => _asked.Task.WaitAsync(TimeSpan.FromSeconds(10));

        public Uri Address => new($"http://{_host.Authority}/");

        public static Task<ScriptedServer> StartAsync(params int[] codes) => StartAsync(retryAfter: null, codes);

        public static async Task<ScriptedServer> StartAsync(string? retryAfter, params int[] codes)
        {
            var requests = new ConcurrentQueue<string>();
            var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var script = new ConcurrentQueue<int>(codes);
            var host = await TestHost.StartAsync(map: app => app.Map("/", async (HttpContext context) =>
            {
                using var reader = new StreamReader(context.Request.Body);
                requests.Enqueue(await reader.ReadToEndAsync(context.RequestAborted));
                asked.TrySetResult();
                var code = script.TryDequeue(out var next) ? next : codes[^1];
                if (code == Hang)
                    await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);

                if (retryAfter is not null && code != StatusCodes.Status200OK)
                    context.Response.Headers.RetryAfter = retryAfter;

                context.Response.StatusCode = code;
            }));
            return new ScriptedServer(host, requests, asked);
        }

        public ValueTask DisposeAsync() => _host.DisposeAsync();
    }
}
