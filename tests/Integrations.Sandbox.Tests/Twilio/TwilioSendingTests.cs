using System.Text.Json.Nodes;
using Integrations.Sandbox.Twilio;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>What is accepted, what is refused at once, and what fails later.</summary>
public sealed class TwilioSendingTests : IAsyncLifetime
{
    private ATwilio _twilio = null!;

    public async ValueTask InitializeAsync() => _twilio = await ATwilio.StartAsync();

    public async ValueTask DisposeAsync() => await _twilio.DisposeAsync();

    [Fact]
    public async Task A_message_is_queued_and_then_delivered()
    {
        await _twilio.AnnaWritesAsync();

        var (status, body) = await _twilio.SendAsync(("Body", "Hi"));

        Assert.Equal(201, status);
        Assert.Equal(
            ("queued", "outbound-api", "Hi", "whatsapp:" + ATwilio.Number, "whatsapp:" + ATwilio.Anna, "1", "0", "Tue, 12 May 2026 10:00:00 +0000"),
            ((string)body["status"]!, (string)body["direction"]!, (string)body["body"]!, (string)body["from"]!, (string)body["to"]!, (string)body["num_segments"]!,
                (string)body["num_media"]!, (string)body["date_created"]!));
        await _twilio.IdleAsync();
        Assert.Equal("delivered", (string)(await _twilio.GetAsync((string)body["uri"]!)).Body["status"]!);
    }

    [Theory]
    [InlineData(21604, "To", "")]
    [InlineData(21603, "From", "")]
    [InlineData(21211, "To", "whatsapp:12345")]
    [InlineData(21211, "To", "+99966210001")]
    [InlineData(21211, "To", "whatsapp:+14155550100")]
    [InlineData(21212, "From", "somebody")]
    [InlineData(21606, "From", "+14155550100")]
    [InlineData(63007, "From", "whatsapp:+14155550199")]
    [InlineData(21602, "Body", "")]
    [InlineData(21620, "MediaUrl", "ftp://example.com/a.jpg")]
    [InlineData(21609, "StatusCallback", "http://a_host.example.com/")]
    [InlineData(21654, "ContentVariables", "{}")]
    [InlineData(21655, "ContentSid", "HX0")]
    [InlineData(21705, "MessagingServiceSid", "MG0")]
    [InlineData(21619, "ValidityPeriod", "36001")]
    [InlineData(35111, "ScheduleType", "fixed")]
    public async Task What_is_wrong_is_refused_with_Twilios_code(int code, string name, string value)
    {
        var (status, body) = name == "Body" ? await _twilio.SendAsync() : await _twilio.SendAsync(("Body", "Hi"), (name, value));

        Assert.Equal((400, code, 400, $"https://www.twilio.com/docs/errors/{code}"), (status, (int)body["code"]!, (int)body["status"]!, (string)body["more_info"]!));
        Assert.NotEmpty((string)body["message"]!);
        Assert.Empty(_twilio.Twilio.Messages);
    }

    [Fact]
    public async Task A_text_has_1600_characters_and_one_medium()
    {
        Assert.Equal(21617, (int)(await _twilio.SendAsync(("Body", new string('x', 1601)))).Body["code"]!);
        Assert.Equal(21623, (int)(await _twilio.SendAsync(("MediaUrl", "https://example.com/1"), ("MediaUrl", "https://example.com/2"))).Body["code"]!);
        Assert.Equal(201, (await _twilio.SendAsync(("Body", new string('x', 1600)))).Status);
    }

    [Fact]
    public async Task Free_text_passes_for_a_day_after_a_persons_last_word()
    {
        Assert.Equal(("failed", 63016), Fate(await _twilio.SentAsync(("Body", "Too early"))));

        await _twilio.AnnaWritesAsync();
        _twilio.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal(("delivered", null), Fate(await _twilio.SentAsync(("Body", "In time"))));

        _twilio.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("failed", 63016), Fate(await _twilio.SentAsync(("Body", "Too late"))));
    }

    [Theory]
    [InlineData("approved", "delivered", null)]
    [InlineData("unsubmitted", "failed", 63016)]
    [InlineData("pending", "failed", 63016)]
    [InlineData("rejected", "failed", 63040)]
    [InlineData("paused", "failed", 63041)]
    [InlineData("disabled", "failed", 63042)]
    public async Task Outside_the_window_an_approved_template_passes_and_no_other(string review, string status, int? code)
    {
        var sid = await ATemplateAsync();
        _twilio.Twilio.Review(sid, review);

        var message = await _twilio.SentAsync(("ContentSid", sid), ("ContentVariables", """{"1":"Anna"}"""));

        Assert.Equal((status, code), Fate(message));
        Assert.Equal("Hi Anna, 12:00", message.Body);
    }

    [Fact]
    public async Task A_variable_without_a_value_fails_and_one_that_is_no_JSON_is_refused()
    {
        var sid = await ATemplateAsync();
        _twilio.Twilio.Review(sid, "approved");

        Assert.Equal(("failed", 63028), Fate(await _twilio.SentAsync(("ContentSid", sid))));
        Assert.Equal(21656, (int)(await _twilio.SendAsync(("ContentSid", sid), ("ContentVariables", "{"))).Body["code"]!);
        Assert.Equal(21656, (int)(await _twilio.SendAsync(("ContentSid", sid), ("ContentVariables", "null"))).Body["code"]!);
    }

    [Fact]
    public async Task Whoever_cannot_be_reached_is_found_out_later()
    {
        await _twilio.AnnaWritesAsync();
        var boris = _twilio.Twilio.AddPerson(ATwilio.Boris, "Boris");
        boris.IsOnWhatsApp = false;

        Assert.Equal(("failed", 63003), Fate(await _twilio.SentAsync(("Body", "Hi"), ("To", "whatsapp:+99966219999"))));
        Assert.Equal(("failed", 63024), Fate(await _twilio.SentAsync(("Body", "Hi"), ("To", "whatsapp:" + ATwilio.Boris))));
        _twilio.Twilio.Block(ATwilio.Anna, ATwilio.Number);
        Assert.Equal(("undelivered", 63014), Fate(await _twilio.SentAsync(("Body", "Hi"))));
        _twilio.Twilio.Block(ATwilio.Anna, ATwilio.Number, isBlocked: false);
        Assert.Equal(("delivered", null), Fate(await _twilio.SentAsync(("Body", "Hi"))));
    }

    [Fact]
    public async Task STOP_is_obeyed_until_START()
    {
        await _twilio.AnnaWritesAsync("stop");
        Assert.Equal((400, 21610), Refusal(await _twilio.SendAsync(("Body", "Hi"))));

        await _twilio.AnnaWritesAsync("Start");
        Assert.Equal(("delivered", null), Fate(await _twilio.SentAsync(("Body", "Hi"))));
    }

    [Fact]
    public async Task A_sandbox_number_writes_only_to_who_joined_it_for_three_days_one_message_in_three_seconds()
    {
        const string sandbox = "+14155550111";
        var sender = _twilio.Twilio.AddSender(_twilio.Account, sandbox, _twilio.Hook.Address + "/inbound", joinWord: "blue-sky");
        Assert.Null(_twilio.Twilio.Write(ATwilio.Anna, sandbox, "Hello?"));
        Assert.Equal(("failed", 63015), Fate(await _twilio.SentAsync(("Body", "Hi"), ("From", "whatsapp:" + sandbox))));

        Assert.Null(_twilio.Twilio.Write(ATwilio.Anna, sandbox, "Join blue-sky"));
        _twilio.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(("delivered", null), Fate(await _twilio.SentAsync(("Body", "Hi"), ("From", "whatsapp:" + sandbox))));
        Assert.NotNull(_twilio.Twilio.Write(ATwilio.Anna, sandbox, "Thanks"));

        var (_, second) = await _twilio.SendAsync(("Body", "Hi again"), ("From", "whatsapp:" + sandbox));
        await _twilio.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal("queued", Find(second).Status);
        _twilio.Clock.Advance(TimeSpan.FromSeconds(3));
        await _twilio.IdleAsync();
        Assert.Equal("delivered", Find(second).Status);

        _twilio.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(("failed", 63015), Fate(await _twilio.SentAsync(("Body", "Hi"), ("From", "whatsapp:" + sandbox))));
        Assert.Equal(1 / 3.0, sender.MessagesPerSecond);
    }

    [Fact]
    public async Task A_queue_of_more_than_four_hours_is_refused()
    {
        await _twilio.AnnaWritesAsync();
        _twilio.Sender.MessagesPerSecond = 1 / 7200.0;
        await _twilio.SentAsync(("Body", "now"));
        Assert.Equal(201, (await _twilio.SendAsync(("Body", "in two hours"))).Status);
        Assert.Equal(201, (await _twilio.SendAsync(("Body", "in four hours"))).Status);

        Assert.Equal((429, 21611), Refusal(await _twilio.SendAsync(("Body", "in six hours"))));
    }

    [Fact]
    public async Task A_trial_sends_fifty_messages_a_day()
    {
        _twilio.Account.IsTrial = true;
        await _twilio.AnnaWritesAsync();
        for (var i = 0; i < 50; i++)
            Assert.Equal("delivered", (await _twilio.SentAsync(("Body", $"{i}"))).Status);

        Assert.Equal(("failed", 63038), Fate(await _twilio.SentAsync(("Body", "one too many"))));
    }

    [Fact]
    public async Task Media_are_fetched_up_to_16_MB()
    {
        await _twilio.AnnaWritesAsync();
        _twilio.Hook.File = [1, 2, 3];
        var message = await _twilio.SentAsync(("MediaUrl", _twilio.Hook.Address + "/file"));
        Assert.StartsWith("MM", message.Sid, StringComparison.Ordinal);
        Assert.Equal(("delivered", "image/png", "1-2-3"), (message.Status, message.Media[0].ContentType, string.Join('-', message.Media[0].Content.ToArray())));

        _twilio.Hook.File = new byte[(16 << 20) + 1];
        Assert.Equal(("failed", 63034), Fate(await _twilio.SentAsync(("MediaUrl", _twilio.Hook.Address + "/file"))));
        _twilio.Hook.Answer = _ => new Said(404);
        Assert.Equal(("failed", 63019), Fate(await _twilio.SentAsync(("MediaUrl", _twilio.Hook.Address + "/nothing"))));
    }

    [Fact]
    public async Task A_service_picks_its_sender_and_a_scheduled_message_waits_or_is_taken_back()
    {
        await _twilio.AnnaWritesAsync();
        var service = _twilio.Twilio.AddService(_twilio.Account, _twilio.Sender);
        var at = "2026-05-12T11:00:00Z";
        Assert.Equal(35118, (int)(await _twilio.SendAsync(("Body", "x"), ("ScheduleType", "fixed"), ("SendAt", at))).Body["code"]!);
        Assert.Equal(
            35115,
            (int)(await _twilio.SendAsync(("Body", "x"), ("MessagingServiceSid", service.Sid), ("ScheduleType", "fixed"), ("SendAt", "2026-05-12T10:04:59Z"))).Body["code"]!);
        var (_, kept) = await _twilio.SendAsync(("Body", "kept"), ("From", ""), ("MessagingServiceSid", service.Sid), ("ScheduleType", "fixed"), ("SendAt", at));
        var (_, back) = await _twilio.SendAsync(("Body", "back"), ("From", ""), ("MessagingServiceSid", service.Sid), ("ScheduleType", "fixed"), ("SendAt", at));
        Assert.Equal("scheduled", (string)kept["status"]!);

        Assert.Equal("canceled", (string)(await _twilio.PostAsync((string)back["uri"]!, [new("Status", "canceled")])).Body["status"]!);
        Assert.Equal(30409, (int)(await _twilio.PostAsync((string)back["uri"]!, [new("Status", "canceled")])).Body["code"]!);
        await Eventually.BecomesAsync("one message waits for its time", _ => Task.FromResult(_twilio.Clock.PendingTimers), count => count == 1);
        _twilio.Clock.Advance(TimeSpan.FromHours(1));
        await _twilio.IdleAsync();

        Assert.Equal(("delivered", "canceled"), (Find(kept).Status, Find(back).Status));
        var (status, body) = await _twilio.SendAsync(("Body", "now"), ("MessagingServiceSid", service.Sid));
        Assert.Equal((201, "accepted", service.Sid), (status, (string)body["status"]!, (string)body["messaging_service_sid"]!));
        var empty = _twilio.Twilio.AddService(_twilio.Account);
        Assert.Equal((400, 21703), Refusal(await _twilio.SendAsync(("Body", "x"), ("From", ""), ("MessagingServiceSid", empty.Sid))));
    }

    [Fact]
    public async Task A_list_is_paged_and_what_is_new_shifts_nothing()
    {
        await _twilio.AnnaWritesAsync();
        for (var i = 0; i < 5; i++)
            await _twilio.SentAsync(("Body", $"{i}"));

        var to = Uri.EscapeDataString("whatsapp:" + ATwilio.Anna);
        var (_, first) = await _twilio.GetAsync($"{_twilio.Messages}?PageSize=2&To={to}");
        await _twilio.SentAsync(("Body", "new"));
        var (_, second) = await _twilio.GetAsync((string)first["next_page_uri"]!);
        var (_, third) = await _twilio.GetAsync((string)second["next_page_uri"]!);

        Assert.Equal("4 3|2 1|0", string.Join('|', new[] { first, second, third }.Select(page => string.Join(' ', page["messages"]!.AsArray().Select(message => (string)message!["body"]!)))));
        Assert.Null(third["next_page_uri"]);
        Assert.Equal((1, 2), ((int)second["page"]!, (int)second["page_size"]!));
        Assert.Empty((await _twilio.GetAsync($"{_twilio.Messages}?DateSent%3C=2026-05-11")).Body["messages"]!.AsArray());
        Assert.Equal(7, (await _twilio.GetAsync($"{_twilio.Messages}?DateSent=2026-05-12")).Body["messages"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_message_is_redacted_and_deleted()
    {
        await _twilio.AnnaWritesAsync();
        var message = await _twilio.SentAsync(("Body", "secret"));
        var path = _twilio.Messages.Replace(".json", $"/{message.Sid}.json", StringComparison.Ordinal);

        Assert.Equal("", (string)(await _twilio.PostAsync(path, [new("Body", "")])).Body["body"]!);
        using var deleted = await _twilio.Http.DeleteAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(204, (int)deleted.StatusCode);
        Assert.Equal((404, 20404), Refusal(await _twilio.GetAsync(path)));
    }

    [Fact]
    public async Task Without_json_in_the_path_the_answer_is_XML()
    {
        using var response = await _twilio.Http.GetAsync(new Uri($"/2010-04-01/Accounts/{_twilio.Account.Sid}", UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains($"<TwilioResponse><Account><AuthToken>{_twilio.Account.AuthToken}</AuthToken>", text, StringComparison.Ordinal);
    }

    private async Task<string> ATemplateAsync()
    {
        var (_, content) = await _twilio.PostJsonAsync("/v1/Content", new
        {
            friendly_name = "time",
            language = "en",
            variables = new Dictionary<string, string> { ["2"] = "12:00" },
            types = new Dictionary<string, object> { ["twilio/text"] = new { body = "Hi {{1}}, {{2}}" } },
        });
        return (string)content["sid"]!;
    }

    private TwilioMessage Find(JsonObject body) => _twilio.Twilio.Messages.Single(message => message.Sid == (string)body["sid"]!);

    private static (string Status, int? Code) Fate(TwilioMessage message) => (message.Status, message.ErrorCode);

    private static (int Status, int Code) Refusal((int Status, JsonObject Body) answer) => (answer.Status, (int)answer.Body["code"]!);
}
