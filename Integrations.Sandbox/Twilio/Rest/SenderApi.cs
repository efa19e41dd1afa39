using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio.Rest;

/// <summary><c>/v2/Channels/Senders</c> and the typing indicator.</summary>
internal static class SenderApi
{
    public static void Map(TwilioRoutes routes)
    {
        routes.Map("POST", "/v2/Channels/Senders", Create);
        routes.Map("GET", "/v2/Channels/Senders", request => request.List("senders", Own(request), sender => sender.Sid, sender => Describe(request, sender)));
        routes.Map("GET", "/v2/Channels/Senders/{sender}", request => TwilioAnswer.Ok(Describe(request, Sender(request))));
        routes.Map("POST", "/v2/Channels/Senders/{sender}", Update);
        routes.Map("POST", "/v2/Indicators/Typing.json", ShowTyping);
    }

    private static TwilioAnswer Create(TwilioRequest request)
    {
        if (TwilioAddress.Number((string?)request.Json["sender_id"] ?? "") is not { } number)
            throw new TwilioRefusal(400, 21212, "sender_id is whatsapp: and an E.164 number.");
        if (request.Twilio.FindSender(number) is not null)
            throw new TwilioRefusal(409, 20409, $"There is a sender {number} already.");

        var sender = request.Twilio.AddSender(request.Account, number);
        sender.WabaId = (string?)request.Json["configuration"]?["waba_id"];
        return Change(request, sender, "CREATING");
    }

    private static TwilioAnswer Update(TwilioRequest request) => Change(request, Sender(request), "ONLINE:UPDATING");

    /// <summary>What is not named stays as it is; the sender is online again after a while.</summary>
    private static TwilioAnswer Change(TwilioRequest request, TwilioSender sender, string status)
    {
        if (request.Json["webhook"] is JsonObject webhook)
        {
            sender.CallbackUrl = Text(webhook, "callback_url", sender.CallbackUrl);
            sender.CallbackMethod = Text(webhook, "callback_method", sender.CallbackMethod) ?? "POST";
            sender.FallbackUrl = Text(webhook, "fallback_url", sender.FallbackUrl);
            sender.StatusCallbackUrl = Text(webhook, "status_callback_url", sender.StatusCallbackUrl);
        }

        if (request.Json["profile"] is JsonObject profile)
        {
            sender.Name = Text(profile, "name", sender.Name) ?? "";
            sender.About = Text(profile, "about", sender.About);
        }

        sender.Status = status;
        var twilio = request.Twilio;
        twilio.Post(sender.Sid, async cancellationToken =>
        {
            await Task.Delay(twilio.Options.SenderChangeTime, twilio.Time, cancellationToken);
            sender.Status = "ONLINE";
        });
        return new(202, Describe(request, sender));
    }

    private static TwilioAnswer ShowTyping(TwilioRequest request)
    {
        if (request.Form["channel"] is not ["whatsapp"])
            throw new TwilioRefusal(400, 20001, "The channel is whatsapp.");
        if (request.Twilio.FindMessage(request.Form["messageId"].ToString()) is not { IsInbound: true } message || message.Account != request.Account)
            throw TwilioRefusal.NotFound(request.Path);

        message.ShowedTyping = true;
        return TwilioAnswer.Ok(new JsonObject { ["success"] = true });
    }

    private static List<TwilioSender> Own(TwilioRequest request) =>
        request.Query("Channel") is null or "whatsapp" ? [.. request.Twilio.Senders.Where(sender => sender.Account == request.Account)] : [];

    private static TwilioSender Sender(TwilioRequest request) =>
        request.Twilio.FindSenderBySid(request.Route("sender")) is { } sender && sender.Account == request.Account ? sender : throw TwilioRefusal.NotFound(request.Path);

    private static string? Text(JsonObject changes, string name, string? otherwise) => changes.ContainsKey(name) ? (string?)changes[name] : otherwise;

    private static JsonObject Describe(TwilioRequest request, TwilioSender sender) => new()
    {
        ["sid"] = sender.Sid,
        ["status"] = sender.Status,
        ["sender_id"] = TwilioAddress.Of(sender.Number),
        ["configuration"] = new JsonObject { ["waba_id"] = sender.WabaId },
        ["webhook"] = new JsonObject
        {
            ["callback_url"] = sender.CallbackUrl,
            ["callback_method"] = sender.CallbackMethod,
            ["fallback_url"] = sender.FallbackUrl,
            ["status_callback_url"] = sender.StatusCallbackUrl,
            ["status_callback_method"] = "POST",
        },
        ["profile"] = new JsonObject { ["name"] = sender.Name, ["about"] = sender.About },
        ["properties"] = null,
        ["offline_reasons"] = null,
        ["url"] = $"{request.Base}/v2/Channels/Senders/{sender.Sid}",
    };
}
