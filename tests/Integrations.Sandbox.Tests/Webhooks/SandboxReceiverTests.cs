using System.Diagnostics;
using System.Net;
using Integrations.Sandbox.Webhooks;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Webhooks;

/// <summary>What a simulated receiver answers and writes down, over HTTP.</summary>
public sealed class SandboxReceiverTests : IAsyncLifetime
{
    private readonly TestClock _clock = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private SandboxWebhookServer _server = null!;
    private SandboxReceiver _receiver = null!;
    private Sender _sender = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await SandboxWebhookServer.StartAsync(new SandboxWebhooks(_clock), cancellationToken: TestContext.Current.CancellationToken);
        _receiver = _server.Webhooks.Put("orders", Sender.Secret);
        _sender = new Sender(_http, _server.AddressOf("orders"), _clock);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_delivery_is_accepted_once_and_written_down()
    {
        Assert.Equal(200, await _sender.StatusAsync("msg_1", """{"text":"Привет"}"""));
        Assert.Equal(200, await _sender.StatusAsync("msg_1", """{"text":"Привет"}"""));

        Assert.Equal([DeliveryVerdict.Accepted, DeliveryVerdict.Duplicate], Verdicts());
        var first = _receiver.Deliveries[0];
        Assert.Equal((1, "msg_1", $"{_clock.GetUtcNow().ToUnixTimeSeconds()}", 200, _clock.GetUtcNow()), (first.Number, first.Id, first.Timestamp, first.Status, first.ReceivedAt));
        Assert.Equal(("""{"text":"Привет"}""", 23), (first.Body, first.Bytes));
        Assert.Equal((2, 1, 1), (_receiver.Counts.Total, _receiver.Counts.Accepted, _receiver.Counts.Duplicates));
    }

    [Fact]
    public async Task A_forgery_is_refused_and_its_id_stays_free()
    {
        Assert.Equal(401, await _sender.StatusAsync("msg_1", sentBody: """{"is":"changed"}"""));
        Assert.Equal(200, await _sender.StatusAsync("msg_1"));

        Assert.Equal([DeliveryVerdict.Forged, DeliveryVerdict.Accepted], Verdicts());
    }

    [Theory]
    [InlineData(300, 200)]
    [InlineData(301, 401)]
    [InlineData(-300, 200)]
    [InlineData(-301, 401)]
    public async Task A_timestamp_may_be_five_minutes_off(int seconds, int status) =>
        Assert.Equal(status, await _sender.StatusAsync("msg_1", age: TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("webhook-id")]
    [InlineData("webhook-timestamp")]
    [InlineData("webhook-signature")]
    public async Task A_delivery_without_one_of_the_headers_is_refused(string header)
    {
        using var request = _sender.Request("msg_1");
        request.Headers.Remove(header);
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal([DeliveryVerdict.Unsigned], Verdicts());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_limit_is_refused_whether_or_not_its_length_is_said(bool isChunked)
    {
        _server.Webhooks.Put("orders", new ReceiverSettings { Keys = [Sender.Secret], MaxBody = 1000 });
        using var fits = _sender.Request("msg_1", new string(' ', 1000));
        using var tooLong = _sender.Request("msg_2", new string(' ', 1001));
        using var farTooLong = _sender.Request("msg_3", new string(' ', 3 << 20));
        var statuses = new List<int>();
        foreach (var request in new[] { fits, tooLong, farTooLong })
        {
            request.Headers.TransferEncodingChunked = isChunked;
            using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            statuses.Add((int)response.StatusCode);
        }

        Assert.Equal([200, 413, 413], statuses);
    }

    [Fact]
    public async Task A_long_body_within_the_limit_is_read_whole()
    {
        _server.Webhooks.Put("orders", new ReceiverSettings { Keys = [Sender.Secret], MaxBody = 8 << 20 });

        Assert.Equal(200, await _sender.StatusAsync("msg_1", new string('x', 5 << 20)));
    }

    [Fact]
    public async Task Bad_hours_come_in_the_order_in_which_they_were_told_and_end()
    {
        _receiver.Behave(
            new ReceiverBehaviour { Times = 2, Status = 503, RetryAfter = "120" },
            new ReceiverBehaviour { Times = 1, Status = 410 },
            new ReceiverBehaviour { Times = 1, Status = 307, Location = "/elsewhere" });

        using var first = await _sender.DeliverAsync("msg_1");
        Assert.Equal((503, "120"), ((int)first.StatusCode, first.Headers.RetryAfter!.ToString()));
        Assert.Equal(503, await _sender.StatusAsync("msg_1"));
        Assert.Equal(410, await _sender.StatusAsync("msg_1"));
        using var redirect = await _sender.DeliverAsync("msg_1");
        Assert.Equal((307, "/elsewhere"), ((int)redirect.StatusCode, redirect.Headers.Location!.ToString()));
        Assert.Equal(200, await _sender.StatusAsync("msg_1"));

        // What failed was not received, so the last one is no repetition.
        Assert.Equal([DeliveryVerdict.Failed, DeliveryVerdict.Failed, DeliveryVerdict.Failed, DeliveryVerdict.Failed, DeliveryVerdict.Accepted], Verdicts());
    }

    [Fact]
    public async Task A_standing_behaviour_lasts_until_another_is_told()
    {
        _receiver.Behave(new ReceiverBehaviour { Status = 500 });
        for (var i = 0; i < 5; i++)
            Assert.Equal(500, await _sender.StatusAsync("msg_1"));

        _receiver.Behave();

        Assert.Equal(200, await _sender.StatusAsync("msg_1"));
    }

    [Fact]
    public async Task A_cut_before_reading_leaves_nothing_received()
    {
        _receiver.Behave(new ReceiverBehaviour { Times = 1, Cut = ReceiverCut.BeforeReading });

        await Assert.ThrowsAsync<HttpRequestException>(() => _sender.DeliverAsync("msg_1"));
        await _sender.StatusAsync("msg_1");

        Assert.Equal([DeliveryVerdict.Cut, DeliveryVerdict.Accepted], Verdicts());
    }

    [Fact]
    public async Task A_lost_answer_leaves_the_delivery_received_so_that_its_next_try_is_a_repetition()
    {
        _receiver.Behave(new ReceiverBehaviour { Times = 1, Cut = ReceiverCut.AfterRecording });

        await Assert.ThrowsAsync<HttpRequestException>(() => _sender.DeliverAsync("msg_1"));
        Assert.Equal(200, await _sender.StatusAsync("msg_1"));

        Assert.Equal([DeliveryVerdict.Accepted, DeliveryVerdict.Duplicate], Verdicts());
        Assert.Null(_receiver.Deliveries[0].Status);
    }

    [Fact]
    public async Task A_hanging_receiver_has_the_delivery_and_never_answers()
    {
        _receiver.Behave(new ReceiverBehaviour { Hang = true });
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var delivery = _http.SendAsync(_sender.Request("msg_1"), gone.Token);
        await _receiver.WaitAsync(counts => counts.ByVerdict[DeliveryVerdict.Hung] == 1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.False(delivery.IsCompleted);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
    }

    [Fact]
    public async Task A_server_that_ends_lets_go_of_those_that_hang()
    {
        await using var other = await SandboxWebhookServer.StartAsync(new SandboxWebhooks(_clock), cancellationToken: TestContext.Current.CancellationToken);
        var receiver = other.Webhooks.Put("orders", Sender.Secret);
        receiver.Behave(new ReceiverBehaviour { Hang = true });
        var delivery = new Sender(_http, other.AddressOf("orders"), _clock).DeliverAsync("msg_1");
        await receiver.WaitAsync(counts => counts.Total == 1, TestContext.Current.CancellationToken);
        var began = Stopwatch.GetTimestamp();

        await other.DisposeAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => delivery);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Latency_holds_the_answer_back_and_is_written_down()
    {
        _receiver.Behave(new ReceiverBehaviour { Latency = TimeSpan.FromSeconds(3) });

        var delivery = _sender.StatusAsync("msg_1");
        await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal(0, _receiver.Counts.Total);
        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(200, await delivery);
        Assert.Equal(TimeSpan.FromSeconds(3), _receiver.Deliveries[0].Took);
    }

    [Fact]
    public async Task A_sender_that_does_not_wait_is_written_down_and_has_delivered_nothing()
    {
        _receiver.Behave(new ReceiverBehaviour { Times = 1, Latency = TimeSpan.FromSeconds(30) });
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var delivery = _http.SendAsync(_sender.Request("msg_1"), gone.Token);
        await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
        await _receiver.WaitAsync(counts => counts.ByVerdict[DeliveryVerdict.Abandoned] == 1, TestContext.Current.CancellationToken);

        await _sender.StatusAsync("msg_1");
        Assert.Equal(DeliveryVerdict.Accepted, _receiver.Deliveries[^1].Verdict);
    }

    [Fact]
    public async Task A_slow_body_comes_in_pieces_after_its_head()
    {
        _receiver.Behave(new ReceiverBehaviour { SlowBody = TimeSpan.FromSeconds(10) });

        using var response = await _http.SendAsync(_sender.Request("msg_1"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var body = response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 10; i++)
        {
            await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            Assert.True(i == 9 || !body.IsCompleted);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(10, (await body).Length);
    }

    [Fact]
    public async Task Garbage_promises_JSON_and_is_no_text()
    {
        _receiver.Behave(new ReceiverBehaviour { Garbage = true });

        using var response = await _sender.DeliverAsync("msg_1");

        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains((byte)0xFF, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_rate_limit_lets_so_many_through_within_a_second()
    {
        _receiver = _server.Webhooks.Put("orders", new ReceiverSettings { Keys = [Sender.Secret], PerSecond = 2 });

        int[] statuses = [await _sender.StatusAsync("msg_1"), await _sender.StatusAsync("msg_2"), await _sender.StatusAsync("msg_3")];
        Assert.Equal([200, 200, 429], statuses);
        using var limited = await _sender.DeliverAsync("msg_3");
        Assert.Equal("1", limited.Headers.RetryAfter!.ToString());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await _sender.StatusAsync("msg_3"));
    }

    [Fact]
    public async Task A_careless_receiver_takes_forgeries_and_recordings()
    {
        _server.Webhooks.Put("orders", new ReceiverSettings { Keys = [], ChecksSignature = false, ChecksAge = false });

        Assert.Equal(200, await _sender.StatusAsync("msg_1", sentBody: "changed", age: TimeSpan.FromDays(30)));
    }

    [Fact]
    public async Task What_is_kept_is_bounded_and_the_counts_go_on()
    {
        const int More = 50;
        for (var i = 0; i < SandboxReceiver.KeptDeliveries + More; i++)
        {
            _receiver.Record(new ReceivedDelivery(new byte[4096])
            {
                Id = $"msg_{i}",
                Timestamp = "1",
                Verdict = DeliveryVerdict.Accepted,
                Status = 200,
                ReceivedAt = _clock.GetUtcNow(),
                Took = TimeSpan.Zero,
                Bytes = 4096,
            });
        }

        await _sender.StatusAsync("msg_last");

        var kept = _receiver.Deliveries;
        Assert.Equal((SandboxReceiver.KeptDeliveries, SandboxReceiver.KeptDeliveries + More + 1), (kept.Count, _receiver.Counts.Total));
        Assert.Equal(More + 2, kept[0].Number);
        Assert.Null(kept[0].Body);
        Assert.Equal("{}", kept[^1].Body);
        // 16 MiB of 4 KiB each, less what the last one takes.
        Assert.Equal(4096, kept.Count(delivery => delivery.Body is not null));
    }

    [Fact]
    public async Task Nobody_else_is_there()
    {
        using var response = await _http.PostAsync(_server.AddressOf("nobody"), new StringContent("{}"), TestContext.Current.CancellationToken);
        using var got = await _http.GetAsync(_server.AddressOf("orders"), TestContext.Current.CancellationToken);
        using var control = await _http.GetAsync(new Uri(_server.Address, "sandbox/webhooks/endpoints"), TestContext.Current.CancellationToken);

        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.NotFound], [response.StatusCode, got.StatusCode, control.StatusCode]);
    }

    /// <summary>The mark is far below what it does, so that a busy machine passes.</summary>
    [Fact]
    public async Task Thousands_of_deliveries_a_second_are_no_load()
    {
        const int Count = 4000;
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 16 });
        var sender = new Sender(http, _server.AddressOf("orders"), _clock);
        await sender.StatusAsync("msg_first");
        var began = Stopwatch.GetTimestamp();

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => Assert.Equal(200, await sender.StatusAsync($"msg_{i}")));

        var perSecond = Count / Stopwatch.GetElapsedTime(began).TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"{perSecond:0} a second");
        Assert.Equal(Count + 1, _receiver.Counts.Accepted);
        Assert.True(perSecond > 300, $"{perSecond:0} a second");
    }

    private DeliveryVerdict[] Verdicts() => [.. _receiver.Deliveries.Select(delivery => delivery.Verdict)];
}
