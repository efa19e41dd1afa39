using System.Net;
using Integrations.Sandbox.Twilio;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>People write, and what the webhook answers is done.</summary>
public sealed class TwilioInboundTests : IAsyncLifetime
{
    private ATwilio _twilio = null!;

    public async ValueTask InitializeAsync() => _twilio = await ATwilio.StartAsync();

    public async ValueTask DisposeAsync() => await _twilio.DisposeAsync();

    [Fact]
    public async Task A_text_comes_with_all_its_parameters()
    {
        var message = await _twilio.AnnaWritesAsync("Привет & co");

        var heard = await _twilio.Hook.NextAsync();
        Assert.Equal(("POST", _twilio.Hook.Address + "/inbound"), (heard.Method, heard.Url));
        Assert.Equal(message.Sid, Assert.Single(new[] { heard["MessageSid"], heard["SmsSid"], heard["SmsMessageSid"] }.Distinct()));
        Assert.Equal(
            ("Привет & co", "text", "0", "1", "received", "Anna", "99966210001", "2010-04-01", _twilio.Account.Sid, "whatsapp:" + ATwilio.Anna, "whatsapp:" + ATwilio.Number),
            (heard["Body"], heard["MessageType"], heard["NumMedia"], heard["NumSegments"], heard["SmsStatus"], heard["ProfileName"], heard["WaId"], heard["ApiVersion"],
                heard["AccountSid"], heard["From"], heard["To"]));
        Assert.Equal("received", (string)(await _twilio.GetAsync(_twilio.Messages)).Body["messages"]![0]!["status"]!);
    }

    [Fact]
    public async Task Media_are_fetched_with_credentials_at_one_host_and_without_at_the_other()
    {
        var inbound = new TwilioInbound { Text = "Look", Attachment = new TwilioAttachment("image/jpeg", "picture"u8.ToArray()) };
        var message = _twilio.Twilio.Write(ATwilio.Anna, ATwilio.Number, inbound)!;
        var heard = await _twilio.Hook.NextAsync();
        Assert.Equal(("1", "image", "image/jpeg", "Look"), (heard["NumMedia"], heard["MessageType"], heard["MediaContentType0"], heard["Body"]));
        var url = new Uri(heard["MediaUrl0"]);
        using var stranger = new HttpClient();

        Assert.Equal(401, await StatusAsync(stranger, url));
        using var redirect = await _twilio.Http.GetAsync(url, TestContext.Current.CancellationToken);
        var storage = redirect.Headers.Location!;
        Assert.Equal((HttpStatusCode.TemporaryRedirect, false), (redirect.StatusCode, storage.Authority == url.Authority));
        Assert.Equal("picture", await stranger.GetStringAsync(storage, TestContext.Current.CancellationToken));
        Assert.Equal(400, await StatusAsync(_twilio.Http, storage));
        _twilio.Account.MediaNeedsAuth = false;
        Assert.Equal("picture", await stranger.GetStringAsync(url, TestContext.Current.CancellationToken));

        var (_, list) = await _twilio.GetAsync($"/2010-04-01/Accounts/{_twilio.Account.Sid}/Messages/{message.Sid}/Media.json");
        Assert.Equal(("image/jpeg", message.Sid), ((string)list["media_list"]![0]!["content_type"]!, (string)list["media_list"]![0]!["parent_sid"]!));
        using var deleted = await _twilio.Http.DeleteAsync(url, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(404, await StatusAsync(_twilio.Http, url));
        Assert.Equal(404, await StatusAsync(stranger, storage));
    }

    [Fact]
    public async Task Places_buttons_choices_replies_and_forwards_have_their_parameters()
    {
        await _twilio.AnnaWritesAsync();
        var sent = await _twilio.SentAsync(("Body", "Coming?"));
        _twilio.Hook.Rest();

        Assert.Equal("location  52.5 13.25 Berlin Office", await WriteAsync(
            new TwilioInbound { Location = new TwilioLocation(52.5, 13.25, "Berlin", "Office") }, "MessageType", "Body", "Latitude", "Longitude", "Address", "Label"));
        Assert.Equal($"button Yes Yes yes-1 REPLY {sent.Sid} whatsapp:{ATwilio.Number}", await WriteAsync(
            new TwilioInbound { Button = new TwilioButton("Yes", "yes-1"), ReplyTo = sent.Sid },
            "MessageType", "Body", "ButtonText", "ButtonPayload", "ButtonType", "OriginalRepliedMessageSid", "OriginalRepliedMessageSender"));
        Assert.Equal("interactive row-2 Tea hot", await WriteAsync(
            new TwilioInbound { Choice = new TwilioListChoice("row-2", "Tea", "hot") }, "MessageType", "ListId", "ListTitle", "ListDescription"));
        Assert.Equal("true true", await WriteAsync(new TwilioInbound { Text = "x", IsFrequentlyForwarded = true }, "Forwarded", "FrequentlyForwarded"));
        Assert.Equal("4711", await WriteAsync(new TwilioInbound { Text = "x", Extra = new Dictionary<string, string> { ["ReferralSourceId"] = "4711" } }, "ReferralSourceId"));

        async Task<string> WriteAsync(TwilioInbound what, params string[] names)
        {
            _twilio.Twilio.Write(ATwilio.Anna, ATwilio.Number, what);
            var heard = await _twilio.Hook.NextAsync();
            return string.Join(' ', names.Select(name => heard[name]));
        }
    }

    [Fact]
    public async Task TwiML_is_carried_out()
    {
        _twilio.Hook.File = [1];
        _twilio.Hook.Answer = heard => heard.Url.EndsWith("/inbound", StringComparison.Ordinal)
            ? new Said(200, $"""
                <?xml version="1.0" encoding="UTF-8"?><Response><Message statusCallback="{_twilio.Hook.Address}/own"><Body>First &amp; last</Body><Media>{_twilio.Hook.Address}/file</Media></Message>
                <Message>Second</Message><Redirect>/next</Redirect><Message>Never</Message></Response>
                """)
            : heard.Url.EndsWith("/next", StringComparison.Ordinal) ? new Said(200, "<Response><Message>Third</Message></Response>", "application/xml") : new Said(204);
        await _twilio.AnnaWritesAsync();

        var replies = _twilio.Twilio.Messages.Skip(1).ToList();
        Assert.Equal("First & last|Second|Third", string.Join('|', replies.Select(reply => reply.Body)));
        Assert.All(replies, reply => Assert.Equal(("outbound-reply", "delivered", ATwilio.Anna), (reply.Direction, reply.Status, reply.Person)));
        Assert.Single(replies[0].Media);
        Assert.Contains(_twilio.Hook.Rest(), heard => heard.Url.EndsWith("/own", StringComparison.Ordinal) && heard["MessageSid"] == replies[0].Sid);
        Assert.Empty(_twilio.Twilio.Alerts);
    }

    [Theory]
    [InlineData(12100, "<Response>", "text/xml")]
    [InlineData(12100, "<Other/>", "text/xml")]
    [InlineData(12200, "<Response><Dial/></Response>", "text/xml")]
    [InlineData(12300, "<Response/>", "text/html")]
    [InlineData(11750, null, "text/xml")]
    [InlineData(21602, "<Response><Message/></Response>", "text/xml")]
    public async Task An_answer_that_cannot_be_carried_out_is_in_the_debugger(int code, string? body, string contentType)
    {
        _twilio.Hook.Answer = _ => new Said(200, body ?? new string(' ', 64 << 10) + "<Response/>", contentType);

        var message = await _twilio.AnnaWritesAsync();

        var alert = Assert.Single(_twilio.Twilio.Alerts);
        Assert.Equal((code, message.Sid, _twilio.Hook.Address + "/inbound"), (alert.Code, alert.MessageSid, alert.Url));
    }

    [Fact]
    public async Task A_redirect_without_end_is_given_up()
    {
        _twilio.Hook.Answer = _ => new Said(200, "<Response><Redirect>/inbound</Redirect></Response>");

        await _twilio.AnnaWritesAsync();

        Assert.Equal(11215, Assert.Single(_twilio.Twilio.Alerts).Code);
        Assert.Equal(11, _twilio.Hook.Rest().Count);
    }

    [Fact]
    public async Task The_typing_indicator_belongs_to_a_message_that_came()
    {
        var message = await _twilio.AnnaWritesAsync();

        Assert.True((bool)(await _twilio.PostAsync("/v2/Indicators/Typing.json", [new("channel", "whatsapp"), new("messageId", message.Sid)])).Body["success"]!);
        Assert.True(message.ShowedTyping);
        Assert.Equal(404, (await _twilio.PostAsync("/v2/Indicators/Typing.json", [new("channel", "whatsapp"), new("messageId", "SM0")])).Status);
    }

    [Fact]
    public async Task A_sender_is_created_changed_and_found()
    {
        var (status, created) = await _twilio.PostJsonAsync("/v2/Channels/Senders", new { sender_id = "whatsapp:+14155550122", webhook = new { callback_url = "https://example.com/a" } });
        Assert.Equal((202, "CREATING"), (status, (string)created["status"]!));
        await _twilio.IdleAsync();

        var path = $"/v2/Channels/Senders/{created["sid"]}";
        var (_, changed) = await _twilio.PostJsonAsync(path, new { webhook = new { callback_url = _twilio.Hook.Address + "/changed" } });
        Assert.Equal("ONLINE:UPDATING", (string)changed["status"]!);
        await _twilio.IdleAsync();
        var (_, found) = await _twilio.GetAsync(path);
        Assert.Equal(("ONLINE", _twilio.Hook.Address + "/changed"), ((string)found["status"]!, (string)found["webhook"]!["callback_url"]!));

        _twilio.Twilio.Write(ATwilio.Anna, "+14155550122", "Hello");
        Assert.Equal(_twilio.Hook.Address + "/changed", (await _twilio.Hook.NextAsync()).Url);
        var (_, list) = await _twilio.GetAsync("/v2/Channels/Senders?Channel=whatsapp&PageSize=1");
        Assert.Equal(("senders", 1), ((string)list["meta"]!["key"]!, list["senders"]!.AsArray().Count));
        Assert.Single((await _twilio.GetAsync((string)list["meta"]!["next_page_url"]!)).Body["senders"]!.AsArray());
    }

    [Fact]
    public async Task The_address_may_hold_credentials_and_GET_may_be_the_method()
    {
        _twilio.Sender.CallbackUrl = _twilio.Hook.Address.Replace("://", "://ann:pass@", StringComparison.Ordinal) + "/get?a=b#rc=2";
        _twilio.Sender.CallbackMethod = "GET";
        await _twilio.AnnaWritesAsync("Hello you");

        var heard = await _twilio.Hook.NextAsync();
        var call = Assert.Single(_twilio.Twilio.WebhookCalls);
        Assert.Equal(("GET", true, true), (heard.Method, heard.Url.Contains("/get?a=b&", StringComparison.Ordinal), heard.Url.Contains("Body=Hello", StringComparison.Ordinal)));
        Assert.Contains("ann:pass@", call.Url, StringComparison.Ordinal);
        Assert.Equal(heard.Signature, TwilioSigner.Sign(_twilio.Account.AuthToken, call.Url, []));
    }

    private static async Task<int> StatusAsync(HttpClient client, Uri url)
    {
        using var response = await client.GetAsync(url, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}
