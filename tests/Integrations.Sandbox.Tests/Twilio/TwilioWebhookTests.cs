using System.Net;
using System.Net.Sockets;
using Integrations.Sandbox.Twilio;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>Timeouts, retries and their overrides, fallbacks, redirects.</summary>
public sealed class TwilioWebhookTests : IAsyncLifetime
{
    private ATwilio _twilio = null!;

    public async ValueTask InitializeAsync() => _twilio = await ATwilio.StartAsync();

    public async ValueTask DisposeAsync() => await _twilio.DisposeAsync();

    [Theory]
    [InlineData("", 500, 1)]
    [InlineData("#rc=2&rp=5xx", 500, 3)]
    [InlineData("#rc=2&rp=5xx", 404, 1)]
    [InlineData("#rc=1&rp=4xx,5xx", 404, 2)]
    [InlineData("#rc=9&rp=all", 500, 6)]
    [InlineData("#rc=0&rp=all", 500, 1)]
    public async Task A_refusal_is_tried_again_as_the_fragment_says(string fragment, int status, int tries)
    {
        _twilio.Sender.CallbackUrl = _twilio.Hook.Address + "/inbound" + fragment;
        _twilio.Hook.Answer = _ => new Said(status);

        await _twilio.AnnaWritesAsync();

        var heard = _twilio.Hook.Rest();
        Assert.Equal(tries, heard.Count);
        Assert.NotNull(Assert.Single(heard.Select(each => each.IdempotencyToken).Distinct()));
        Assert.Single(heard.Select(each => (each.Signature, each.Url)).Distinct());
        Assert.Equal(11200, Assert.Single(_twilio.Twilio.Alerts).Code);
    }

    [Fact]
    public async Task Without_a_connection_it_is_tried_once_more()
    {
        _twilio.Sender.CallbackUrl = $"http://127.0.0.1:{ShutPort()}/";

        await _twilio.AnnaWritesAsync();

        Assert.Equal([1, 2], _twilio.Twilio.WebhookCalls.Select(call => call.Attempt));
        Assert.Equal(11205, Assert.Single(_twilio.Twilio.Alerts).Code);
    }

    [Theory]
    [InlineData("", 15_000, 1)]
    [InlineData("#rt=2000", 2000, 1)]
    [InlineData("#rt=2000&rp=rt", 2000, 2)]
    public async Task An_answer_is_awaited_for_so_long_and_no_longer(string fragment, int milliseconds, int tries)
    {
        _twilio.Sender.CallbackUrl = _twilio.Hook.Address + "/inbound" + fragment;
        _twilio.Hook.Answer = _ => new Said(200) { IsSilent = true };
        _twilio.Twilio.Write(ATwilio.Anna, ATwilio.Number, "Hello");

        for (var i = 1; i <= tries; i++)
        {
            await _twilio.Hook.NextAsync();
            Assert.Empty(_twilio.Twilio.Alerts);
            _twilio.Clock.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
            Assert.Equal(i - 1, _twilio.Twilio.WebhookCalls.Count);
            _twilio.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        await _twilio.IdleAsync();
        Assert.Equal(("timed out", 11205), (_twilio.Twilio.WebhookCalls[^1].Failure, Assert.Single(_twilio.Twilio.Alerts).Code));
    }

    [Fact]
    public async Task The_total_time_ends_all_tries()
    {
        _twilio.Sender.CallbackUrl = _twilio.Hook.Address + "/inbound#tt=3000&rt=2000&rp=rt&rc=5";
        _twilio.Hook.Answer = _ => new Said(200) { IsSilent = true };
        _twilio.Twilio.Write(ATwilio.Anna, ATwilio.Number, "Hello");

        await _twilio.Hook.NextAsync();
        _twilio.Clock.Advance(TimeSpan.FromSeconds(2));
        await _twilio.Hook.NextAsync();
        _twilio.Clock.Advance(TimeSpan.FromSeconds(1));
        await _twilio.IdleAsync();

        Assert.Equal(2, _twilio.Twilio.WebhookCalls.Count);
    }

    [Fact]
    public async Task The_fallback_is_told_what_went_wrong_and_its_answer_counts()
    {
        _twilio.Sender.FallbackUrl = _twilio.Hook.Address + "/fallback";
        _twilio.Hook.Answer = heard => heard.Url.EndsWith("/fallback", StringComparison.Ordinal)
            ? new Said(200, "<Response><Message>We are back soon</Message></Response>")
            : heard.Url.EndsWith("/inbound", StringComparison.Ordinal) ? new Said(503) : new Said(204);

        await _twilio.AnnaWritesAsync("Hello");

        var fallback = _twilio.Hook.Rest()[1];
        Assert.Equal(("11200", _twilio.Hook.Address + "/inbound", "Hello"), (fallback["ErrorCode"], fallback["ErrorUrl"], fallback["Body"]));
        Assert.Equal("We are back soon", _twilio.Twilio.Messages[^1].Body);
    }

    [Theory]
    [InlineData(302, "GET", false)]
    [InlineData(307, "POST", true)]
    public async Task A_redirect_is_followed_and_signed_anew(int status, string method, bool hasForm)
    {
        _twilio.Hook.Answer = heard => heard.Url.EndsWith("/inbound", StringComparison.Ordinal) ? new Said(status, Location: "/moved") : new Said(204);

        await _twilio.AnnaWritesAsync();

        var moved = _twilio.Hook.Rest()[1];
        Assert.Equal((method, _twilio.Hook.Address + "/moved", hasForm), (moved.Method, moved.Url, moved.Form.Count > 0));
        Assert.Equal(TwilioSigner.Sign(_twilio.Account.AuthToken, moved.Url, moved.Form), moved.Signature);
        Assert.Empty(_twilio.Twilio.Alerts);
    }

    [Fact]
    public async Task A_forged_signature_and_a_doubled_and_a_lost_webhook_come_on_request()
    {
        var faults = _twilio.Twilio.Faults;
        faults.Add(new TwilioFault { Kind = TwilioFaultKind.ForgeSignature, Person = ATwilio.Anna });
        await _twilio.AnnaWritesAsync("forged");
        var forged = Assert.Single(_twilio.Hook.Rest());
        Assert.NotEqual(TwilioSigner.Sign(_twilio.Account.AuthToken, forged.Url, forged.Form), forged.Signature);

        faults.Add(new TwilioFault { Kind = TwilioFaultKind.DoubleWebhook, Webhook = TwilioWebhookKind.Inbound });
        await _twilio.AnnaWritesAsync("twice");
        var twice = _twilio.Hook.Rest();
        Assert.Equal((2, twice[0]["MessageSid"]), (twice.Count, twice[1]["MessageSid"]));
        faults.Add(new TwilioFault { Kind = TwilioFaultKind.LoseWebhook, Webhook = TwilioWebhookKind.Inbound });
        await _twilio.AnnaWritesAsync("lost");
        Assert.Empty(_twilio.Hook.Rest());
        Assert.Equal(3, (await _twilio.GetAsync(_twilio.Messages)).Body["messages"]!.AsArray().Count);
        Assert.Empty(faults.Active);
    }

    [Fact]
    public async Task A_subaccounts_webhooks_are_signed_with_its_own_token()
    {
        var sub = _twilio.Twilio.AddAccount("Sub", owner: _twilio.Account);
        _twilio.Twilio.AddSender(sub, "+14155550133", _twilio.Hook.Address + "/inbound");
        _twilio.Twilio.Write(ATwilio.Anna, "+14155550133", "Hello");

        var heard = await _twilio.Hook.NextAsync();
        Assert.Equal(TwilioSigner.Sign(sub.AuthToken, heard.Url, heard.Form), heard.Signature);
    }

    private static int ShutPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
