using Integrations.Sandbox.Twilio;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>Status callbacks, in order and out of it.</summary>
public sealed class TwilioStatusTests : IAsyncLifetime
{
    private ATwilio _twilio = null!;

    public async ValueTask InitializeAsync()
    {
        _twilio = await ATwilio.StartAsync();
        await _twilio.AnnaWritesAsync();
        _twilio.Hook.Rest();
    }

    public async ValueTask DisposeAsync() => await _twilio.DisposeAsync();

    [Fact]
    public async Task Every_status_is_told_with_what_it_is_about()
    {
        var message = await _twilio.SentAsync(("Body", "Hi"));
        _twilio.Twilio.Read(message.Sid);
        await _twilio.IdleAsync();

        var heard = _twilio.Hook.Rest();
        Assert.Equal("queued sent delivered read", Statuses(heard));
        Assert.All(heard, callback =>
        {
            Assert.Equal((_twilio.Hook.Address + "/status", message.Sid, message.Sid), (callback.Url, callback["MessageSid"], callback["SmsSid"]));
            Assert.Equal(
                (_twilio.Account.Sid, "whatsapp:" + ATwilio.Number, "whatsapp:" + ATwilio.Anna, "whatsapp", _twilio.Sender.Sid, "+999XXXXXXXX"),
                (callback["AccountSid"], callback["From"], callback["To"], callback["ChannelPrefix"], callback["ChannelInstallSid"], callback["ChannelToAddress"]));
        });
        Assert.Equal("DELIVERED READ", $"{heard[2]["EventType"]} {heard[3]["EventType"]}");
        Assert.DoesNotContain("ErrorCode", heard[2].Form.Keys);
    }

    [Fact]
    public async Task A_failure_says_why()
    {
        _twilio.Clock.Advance(TimeSpan.FromDays(2));
        await _twilio.SentAsync(("Body", "Hi"));

        var failed = _twilio.Hook.Rest()[^1];
        Assert.Equal(("failed", "63016"), (failed.Status, failed["ErrorCode"]));
        Assert.Equal(failed["ErrorMessage"], failed["ChannelStatusMessage"]);
    }

    [Fact]
    public async Task The_message_names_the_address_before_the_service_and_the_service_before_the_sender()
    {
        var service = _twilio.Twilio.AddService(_twilio.Account, _twilio.Sender);
        service.StatusCallbackUrl = _twilio.Hook.Address + "/service";
        await _twilio.SentAsync(("Body", "Hi"), ("MessagingServiceSid", service.Sid));
        var ofService = _twilio.Hook.Rest();
        await _twilio.SentAsync(("Body", "Hi"), ("MessagingServiceSid", service.Sid), ("StatusCallback", _twilio.Hook.Address + "/own?id=7"));

        Assert.Equal("accepted queued sent delivered", Statuses(ofService));
        Assert.All(ofService, callback => Assert.Equal((_twilio.Hook.Address + "/service", service.Sid), (callback.Url, callback["MessagingServiceSid"])));
        Assert.All(_twilio.Hook.Rest(), callback => Assert.Equal(_twilio.Hook.Address + "/own?id=7", callback.Url));
    }

    [Theory]
    [InlineData(TwilioFaultKind.LoseWebhook, "sent delivered")]
    [InlineData(TwilioFaultKind.DoubleWebhook, "queued queued sent delivered")]
    [InlineData(TwilioFaultKind.SwapCallbacks, "sent queued delivered")]
    public async Task Callbacks_are_lost_doubled_and_overtaken_on_request(TwilioFaultKind kind, string statuses)
    {
        _twilio.Twilio.Faults.Add(new TwilioFault { Kind = kind, Webhook = TwilioWebhookKind.Status });

        await _twilio.SentAsync(("Body", "Hi"));

        Assert.Equal(statuses, Statuses(_twilio.Hook.Rest()));
    }

    [Fact]
    public async Task A_message_fails_as_asked_for()
    {
        _twilio.Twilio.Faults.Add(new TwilioFault { Kind = TwilioFaultKind.FailMessage, Code = 63049, Status = "undelivered", Person = ATwilio.Anna });

        var message = await _twilio.SentAsync(("Body", "Hi"));

        Assert.Equal(("undelivered", 63049), (message.Status, message.ErrorCode));
        Assert.Equal("UNDELIVERED", _twilio.Hook.Rest()[^1]["EventType"]);
    }

    [Fact]
    public async Task What_is_under_way_shows_while_it_takes_its_time()
    {
        await using var slow = await ATwilio.StartAsync(new SandboxTwilioOptions
        {
            SendingTime = TimeSpan.FromSeconds(1),
            DeliveryTime = TimeSpan.FromSeconds(2),
            ReadTime = TimeSpan.FromSeconds(4),
        });
        slow.Twilio.Write(ATwilio.Anna, ATwilio.Number, "Hello");
        await slow.IdleAsync();
        var (_, body) = await slow.SendAsync(("Body", "Hi"));

        var seen = new List<string>();
        foreach (var seconds in new[] { 1, 2, 4 })
        {
            await slow.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            seen.Add((string)(await slow.GetAsync((string)body["uri"]!)).Body["status"]!);
            slow.Clock.Advance(TimeSpan.FromSeconds(seconds));
        }

        await slow.IdleAsync();
        Assert.Equal("sending sent delivered read", $"{string.Join(' ', seen)} {slow.Twilio.Messages[^1].Status}");
    }

    private static string Statuses(IEnumerable<Heard> heard) => string.Join(' ', heard.Select(callback => callback.Status));
}
