using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio.Rest;

/// <summary><c>/2010-04-01/Accounts/{Sid}/Messages</c>: sending, looking up, taking back, redacting, deleting.</summary>
internal static class MessageApi
{
    private const string All = "/Accounts/{account}/Messages";
    private const string One = All + "/{message}";

    public static void Map(TwilioRoutes routes)
    {
        routes.Map2010("POST", All, Create);
        routes.Map2010("GET", All, List);
        routes.Map2010("GET", One, request => TwilioAnswer.Ok(Describe(request.Message()), "Message"));
        routes.Map2010("POST", One, Update);
        routes.Map2010("DELETE", One, Delete);
    }

    private static TwilioAnswer Create(TwilioRequest request) =>
        new(201, Describe(request.Twilio.Send(request.Named(), MessageRequest.Read(request.Form))), "Message");

    private static TwilioAnswer Update(TwilioRequest request)
    {
        var message = request.Message();
        if (request.Form["Status"] is [var status])
        {
            if (status != "canceled")
                throw new TwilioRefusal(400, 30409, "This message cannot be canceled");
            request.Twilio.Cancel(message);
        }

        if (request.Form["Body"] is [""])
        {
            RequireFinal(message);
            message.Body = "";
            message.UpdatedAt = request.Twilio.Time.GetUtcNow();
        }

        return TwilioAnswer.Ok(Describe(message), "Message");
    }

    private static TwilioAnswer Delete(TwilioRequest request)
    {
        var message = request.Message();
        RequireFinal(message);
        request.Twilio.Remove(message);
        return TwilioAnswer.NoContent;
    }

    private static void RequireFinal(TwilioMessage message)
    {
        if (!message.IsFinal && message.Status != "sent")
            throw new TwilioRefusal(409, 20409, $"The message is {message.Status}: it has not been completed.");
    }

    private static TwilioAnswer List(TwilioRequest request)
    {
        var account = request.Named();
        var all = request.Twilio.Messages.Where(message => message.Account == account && IsWanted(request, message)).Reverse().ToList();
        var (items, number, size, next) = request.Page(all, message => message.Sid);
        var begin = number * size;
        return TwilioAnswer.Ok(
            new JsonObject
            {
                ["first_page_uri"] = request.PageAddress(0, size, null),
                ["end"] = begin + Math.Max(0, items.Count - 1),
                ["previous_page_uri"] = null,
                ["messages"] = new JsonArray([.. items.Select(Describe)]),
                ["uri"] = request.PageAddress(number, size, request.Query("PageToken")),
                ["page_size"] = size,
                ["start"] = begin,
                ["next_page_uri"] = next is null ? null : request.PageAddress(number + 1, size, next),
                ["page"] = number,
            },
            "Messages");
    }

    /// <summary>By <c>To</c>, <c>From</c>, and <c>DateSent</c>: a day, or with <c>&lt;</c> and <c>&gt;</c> in its name up to and from a time.</summary>
    private static bool IsWanted(TwilioRequest request, TwilioMessage message)
    {
        if (request.Query("To") is { } to && to != message.To || request.Query("From") is { } from && from != message.From)
            return false;

        return IsDated("DateSent", (sent, day) => sent.UtcDateTime.Date == day.UtcDateTime.Date)
            && IsDated("DateSent<", (sent, end) => sent <= end)
            && IsDated("DateSent>", (sent, begin) => sent >= begin);

        bool IsDated(string name, Func<DateTimeOffset, DateTimeOffset, bool> holds)
        {
            if (request.Query(name) is not { } text)
                return true;
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
                throw new TwilioRefusal(400, 21619, $"{name} {text} is no date.");
            return message.SentAt is { } sent && holds(sent, date);
        }
    }

    private static JsonObject Describe(TwilioMessage message)
    {
        var uri = $"/{SandboxTwilio.ApiVersion}/Accounts/{message.Account.Sid}/Messages/{message.Sid}";
        return new JsonObject
        {
            ["account_sid"] = message.Account.Sid,
            ["api_version"] = SandboxTwilio.ApiVersion,
            ["body"] = message.Body,
            ["date_created"] = TwilioTime.Old(message.CreatedAt),
            ["date_sent"] = message.SentAt is { } sent ? TwilioTime.Old(sent) : null,
            ["date_updated"] = TwilioTime.Old(message.UpdatedAt),
            ["direction"] = message.Direction,
            ["error_code"] = message.ErrorCode,
            ["error_message"] = message.ErrorCode is { } code ? TwilioErrors.Message(code) : null,
            ["from"] = message.From,
            ["messaging_service_sid"] = message.Service?.Sid,
            ["num_media"] = message.MediaCount.ToString(CultureInfo.InvariantCulture),
            ["num_segments"] = "1",
            ["price"] = null,
            ["price_unit"] = null,
            ["sid"] = message.Sid,
            ["status"] = message.Status,
            ["subresource_uris"] = new JsonObject { ["media"] = $"{uri}/Media.json" },
            ["to"] = message.To,
            ["uri"] = uri + ".json",
        };
    }
}
