using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio.Rest;

/// <summary><c>/v1/Content</c>: templates and their approval by WhatsApp.</summary>
internal static class ContentApi
{
    private const int InvalidParameter = 20001;

    private static readonly string[] Categories = ["UTILITY", "MARKETING", "AUTHENTICATION"];

    public static void Map(TwilioRoutes routes)
    {
        routes.Map("POST", "/v1/Content", Create);
        routes.Map("GET", "/v1/Content", request => request.List("contents", Own(request), content => content.Sid, content => Describe(request, content)));
        routes.Map("GET", "/v1/ContentAndApprovals", request =>
            request.List("contents", Own(request), content => content.Sid, content => Describe(request, content, withApproval: true)));
        routes.Map("GET", "/v1/Content/{content}", request => TwilioAnswer.Ok(Describe(request, Content(request))));
        routes.Map("POST", "/v1/Content/{content}/ApprovalRequests/whatsapp", Submit);
        routes.Map("GET", "/v1/Content/{content}/ApprovalRequests", FetchApproval);
    }

    private static TwilioAnswer Create(TwilioRequest request)
    {
        if (request.Json["language"] is not JsonValue language || request.Json["types"] is not JsonObject { Count: > 0 } types)
            throw new TwilioRefusal(400, InvalidParameter, "A content needs language and types.");

        var content = new TwilioContent(
            request.Account,
            (string?)request.Json["friendly_name"] ?? "",
            language.ToString(),
            request.Json["variables"]?.DeepClone() as JsonObject ?? [],
            types.DeepClone().AsObject(),
            request.Twilio.Time.GetUtcNow());
        request.Twilio.Add(content);
        return new(201, Describe(request, content));
    }

    private static TwilioAnswer Submit(TwilioRequest request)
    {
        var content = Content(request);
        var (name, category) = ((string?)request.Json["name"], (string?)request.Json["category"]);
        if (string.IsNullOrEmpty(name) || !name.All(letter => letter is >= 'a' and <= 'z' or >= '0' and <= '9' or '_'))
            throw new TwilioRefusal(400, InvalidParameter, "A template's name has small letters, digits and underscores.");
        if (!Categories.Contains(category))
            throw new TwilioRefusal(400, InvalidParameter, $"The category is one of {string.Join(", ", Categories)}.");
        if (content.ApprovalStatus != "unsubmitted")
            throw new TwilioRefusal(409, 20409, "The content was submitted for approval already.");

        (content.ApprovalName, content.Category, content.ApprovalStatus) = (name, category, "received");
        content.UpdatedAt = request.Twilio.Time.GetUtcNow();
        return new(201, Approval(content));
    }

    private static TwilioAnswer FetchApproval(TwilioRequest request)
    {
        var content = Content(request);
        return TwilioAnswer.Ok(new JsonObject
        {
            ["sid"] = content.Sid,
            ["account_sid"] = content.Account.Sid,
            ["whatsapp"] = Approval(content),
            ["url"] = $"{request.Base}/v1/Content/{content.Sid}/ApprovalRequests",
        });
    }

    private static List<TwilioContent> Own(TwilioRequest request) => [.. request.Twilio.Contents.Where(content => content.Account == request.Account)];

    private static TwilioContent Content(TwilioRequest request) =>
        request.Twilio.FindContent(request.Route("content")) is { } content && content.Account == request.Account ? content : throw TwilioRefusal.NotFound(request.Path);

    private static JsonObject Approval(TwilioContent content) => new()
    {
        ["type"] = "whatsapp",
        ["name"] = content.ApprovalName,
        ["category"] = content.Category,
        ["content_type"] = content.Type,
        ["status"] = content.ApprovalStatus,
        ["rejection_reason"] = content.RejectionReason,
        ["allow_category_change"] = true,
    };

    private static JsonObject Describe(TwilioRequest request, TwilioContent content, bool withApproval = false)
    {
        var url = $"{request.Base}/v1/Content/{content.Sid}";
        var body = new JsonObject
        {
            ["date_created"] = TwilioTime.New(content.CreatedAt),
            ["date_updated"] = TwilioTime.New(content.UpdatedAt),
            ["sid"] = content.Sid,
            ["account_sid"] = content.Account.Sid,
            ["friendly_name"] = content.FriendlyName,
            ["language"] = content.Language,
            ["variables"] = content.Variables.DeepClone(),
            ["types"] = content.Types.DeepClone(),
        };
        if (withApproval)
        {
            body["approval_requests"] = Approval(content);
            return body;
        }

        body["url"] = url;
        body["links"] = new JsonObject { ["approval_create"] = $"{url}/ApprovalRequests/whatsapp", ["approval_fetch"] = $"{url}/ApprovalRequests" };
        return body;
    }
}
