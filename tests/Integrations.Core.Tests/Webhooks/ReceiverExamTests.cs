using Integrations.Core.Webhooks;
using Integrations.Sandbox.Webhooks;
using Integrations.Testing;

namespace Integrations.Core.Tests.Webhooks;

/// <summary>The exam of simulated receivers, good ones and careless ones, over HTTP.</summary>
public sealed class ReceiverExamTests : IAsyncLifetime
{
    private static readonly string[] Questions = ["valid", "forged", "old", "duplicate", "oversized"];

    private readonly TestClock _clock = new();
    private readonly WebhookSecret _secret = WebhookSecret.Make();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private SandboxWebhookServer _server = null!;

    public async ValueTask InitializeAsync() =>
        _server = await SandboxWebhookServer.StartAsync(new SandboxWebhooks(_clock), cancellationToken: TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_good_receiver_gets_an_A()
    {
        var receiver = _server.Webhooks.Put("good", _secret.Reveal());

        var report = await RunAsync();

        Assert.Equal(Questions, report.Results.Select(result => result.Name));
        Assert.All(report.Results, result => Assert.Equal((true, ""), (result.Passed, result.Advice)));
        Assert.Equal(('A', true), (report.Grade, report.Passed));
        Assert.Equal(
            [DeliveryVerdict.Accepted, DeliveryVerdict.Forged, DeliveryVerdict.Stale, DeliveryVerdict.Duplicate, DeliveryVerdict.TooLarge],
            receiver.Deliveries.Select(delivery => delivery.Verdict));
        // A repetition is the same to the byte, or nobody could tell.
        Assert.Equal(receiver.Deliveries[0].Body, receiver.Deliveries[3].Body);
    }

    [Fact]
    public async Task A_receiver_with_a_public_key_is_examined_too()
    {
        var pair = WebhookKeyPair.Make();
        _server.Webhooks.Put("good", pair.PublicKey);

        Assert.Equal('A', (await RunAsync(pair)).Grade);
    }

    [Fact]
    public async Task A_receiver_that_takes_forgeries_fails_at_that_alone_and_gets_an_F()
    {
        _server.Webhooks.Put("good", new ReceiverSettings { Keys = [_secret.Reveal()], ChecksSignature = false });

        var report = await RunAsync();

        Assert.Equal('F', report.Grade);
        Assert.Contains("Anybody can send events", Failed(report, "forged").Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_takes_recordings_is_told_of_the_timestamp()
    {
        _server.Webhooks.Put("good", new ReceiverSettings { Keys = [_secret.Reveal()], ChecksAge = false });

        var report = await RunAsync();

        Assert.Equal('B', report.Grade);
        Assert.Contains("5 minutes", Failed(report, "old").Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_refuses_repetitions_is_told_what_comes_of_it()
    {
        _server.Webhooks.Put("good", new ReceiverSettings { Keys = [_secret.Reveal()], DuplicateStatus = 409 });

        var failed = Failed(await RunAsync(), "duplicate");

        Assert.StartsWith("409 in ", failed.Came, StringComparison.Ordinal);
        Assert.Contains("sent again for days", failed.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_takes_any_size_is_told_of_a_limit()
    {
        _server.Webhooks.Put("good", new ReceiverSettings { Keys = [_secret.Reveal()], MaxBody = 8 << 20 });

        Assert.Contains("413", Failed(await RunAsync(), "oversized").Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(302, "Redirects are not followed")]
    [InlineData(401, "base64-decoded")]
    [InlineData(404, "Check its path")]
    [InlineData(410, "disabled")]
    [InlineData(500, "Look into its log")]
    public async Task A_receiver_that_refuses_what_is_right_is_asked_no_more(int status, string advice)
    {
        var receiver = _server.Webhooks.Put("good", _secret.Reveal());
        receiver.Behave(new ReceiverBehaviour { Status = status, Location = "/elsewhere" });

        var report = await RunAsync();

        Assert.Equal(('F', false), (report.Grade, report.Passed));
        Assert.Contains(advice, report.Results[0].Advice, StringComparison.Ordinal);
        Assert.Equal(Questions, report.Results.Select(result => result.Name));
        Assert.All(report.Results.Skip(1), result => Assert.Equal("not sent", result.Came));
        Assert.Equal(1, receiver.Counts.Total);
    }

    [Fact]
    public async Task A_wrong_secret_gets_an_F()
    {
        _server.Webhooks.Put("good", WebhookSecret.Make().Reveal());

        Assert.Equal('F', (await RunAsync()).Grade);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_is_left_after_15_seconds()
    {
        var receiver = _server.Webhooks.Put("good", _secret.Reveal());
        receiver.Behave(new ReceiverBehaviour { Hang = true });

        var exam = RunAsync();
        await receiver.WaitAsync(counts => counts.Total == 1, TestContext.Current.CancellationToken);
        _clock.Advance(ReceiverExam.Limit);
        var report = await exam;

        Assert.Equal("No answer within 15 s.", report.Results[0].Came);
        Assert.Equal('F', report.Grade);
    }

    [Fact]
    public async Task A_receiver_that_works_before_it_answers_passes_with_advice()
    {
        var receiver = _server.Webhooks.Put("good", _secret.Reveal());
        receiver.Behave(new ReceiverBehaviour { Latency = TimeSpan.FromSeconds(6), Times = 1 });

        var exam = RunAsync();
        await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(6));
        var report = await exam;

        Assert.Equal('A', report.Grade);
        Assert.Equal("200 in 6000 ms", report.Results[0].Came);
        Assert.Contains("work afterwards", report.Results[0].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forgery_that_breaks_the_receiver_is_no_refusal()
    {
        var receiver = _server.Webhooks.Put("good", new ReceiverSettings { Keys = [_secret.Reveal()], ChecksSignature = false });
        receiver.Behave(new ReceiverBehaviour { Times = 1 }, new ReceiverBehaviour { Times = 1, Status = 500 }, new ReceiverBehaviour { Times = 1, Status = 410 });

        var report = await RunAsync();

        Assert.Contains("Catch it", report.Results[1].Advice, StringComparison.Ordinal);
        // The third is refused for its age, before any behaviour.
        Assert.True(report.Results[2].Passed);
    }

    [Fact]
    public async Task A_refusal_by_410_would_end_everything()
    {
        var receiver = _server.Webhooks.Put("good", new ReceiverSettings { Keys = [_secret.Reveal()], ChecksSignature = false });
        receiver.Behave(new ReceiverBehaviour { Times = 1 }, new ReceiverBehaviour { Times = 1, Status = 410 });

        Assert.Contains("410 disables", (await RunAsync()).Results[1].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_is_said_in_plain_words()
    {
        var report = await new ReceiverExam(_http, _clock).RunAsync(
            new Uri($"http://127.0.0.1:{FreePort.Next()}/hook"), _secret, TestContext.Current.CancellationToken);

        Assert.Equal("No connection.", report.Results[0].Came);
        Assert.Contains("no connection.", report.Results[0].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_stops_the_exam_is_obeyed()
    {
        var receiver = _server.Webhooks.Put("good", _secret.Reveal());
        receiver.Behave(new ReceiverBehaviour { Hang = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var exam = new ReceiverExam(_http, _clock).RunAsync(_server.AddressOf("good"), _secret, stop.Token);
        await receiver.WaitAsync(counts => counts.Total == 1, TestContext.Current.CancellationToken);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exam);
    }

    [Fact]
    public async Task A_connection_that_ends_is_a_refusal_of_what_is_too_long_and_of_nothing_else()
    {
        using var http = new HttpClient(new Cutting(_http, "forged", "oversized"));
        _server.Webhooks.Put("good", _secret.Reveal());

        var report = await new ReceiverExam(http, _clock).RunAsync(_server.AddressOf("good"), _secret, TestContext.Current.CancellationToken);

        Assert.Equal(["forged"], report.Results.Where(result => !result.Passed).Select(result => result.Name));
        Assert.Equal("The connection ended before the answer.", report.Results[4].Came);
    }

    private Task<ExamReport> RunAsync(WebhookKey? key = null) =>
        new ReceiverExam(_http, _clock).RunAsync(_server.AddressOf("good"), key ?? _secret, TestContext.Current.CancellationToken);

    private static ExamResult Failed(ExamReport report, string name)
    {
        var failed = Assert.Single(report.Results, result => !result.Passed);
        Assert.Equal(name, failed.Name);
        return failed;
    }

    /// <summary>Ends the connection instead of delivering some of the questions.</summary>
    private sealed class Cutting(HttpClient inner, params string[] questions) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsStringAsync(cancellationToken);
            if (Array.Exists(questions, question => body.Contains($"\"question\":\"{question}\"", StringComparison.Ordinal)))
                throw new HttpRequestException(HttpRequestError.ResponseEnded);

            using var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = new StringContent(body) };
            foreach (var (name, values) in request.Headers)
                copy.Headers.TryAddWithoutValidation(name, values);
            return await inner.SendAsync(copy, cancellationToken);
        }
    }
}
