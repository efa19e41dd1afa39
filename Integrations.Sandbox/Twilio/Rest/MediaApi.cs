using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio.Rest;

/// <summary><c>…/Messages/{Sid}/Media</c>. The bare address of a medium leads to the storage; with <c>.json</c> it describes it.</summary>
internal static class MediaApi
{
    private const string All = "/Accounts/{account}/Messages/{message}/Media";
    private const string One = All + "/{media}";

    public static void Map(TwilioRoutes routes)
    {
        routes.Map2010("GET", All, List);
        routes.Map("GET", $"/{SandboxTwilio.ApiVersion}{One}.json", request => TwilioAnswer.Ok(Describe(request.Message(), Media(request)), "Media"));
        routes.Map("GET", $"/{SandboxTwilio.ApiVersion}{One}", Redirect, isOpen: IsOpen);
        routes.Map2010("DELETE", One, Delete);
    }

    /// <summary>The bytes; the key in the address is all that it takes, and an Authorization besides is refused, as at the real storage.</summary>
    public static async Task ServeAsync(HttpContext context, SandboxTwilio twilio)
    {
        if (context.Request.Headers.Authorization.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>", context.RequestAborted);
            return;
        }
        if (twilio.FindStored((string)context.Request.RouteValues["key"]!) is not { } media)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = media.ContentType;
        context.Response.ContentLength = media.Content.Length;
        await context.Response.BodyWriter.WriteAsync(media.Content, context.RequestAborted);
    }

    private static bool IsOpen(SandboxTwilio twilio, HttpRequest request) => twilio.FindAccount((string)request.RouteValues["account"]!)?.MediaNeedsAuth == false;

    private static TwilioAnswer Redirect(TwilioRequest request) =>
        new(307, Location: new Uri(request.Twilio.StorageAddress!, $"storage/{Media(request).StorageKey}").AbsoluteUri);

    private static TwilioAnswer Delete(TwilioRequest request)
    {
        var (message, media) = (request.Message(), Media(request));
        message.Media = [.. message.Media.Where(other => other != media)];
        return TwilioAnswer.NoContent;
    }

    private static TwilioAnswer List(TwilioRequest request)
    {
        var message = request.Message();
        var (items, number, size, next) = request.Page(message.Media, media => media.Sid);
        return TwilioAnswer.Ok(
            new JsonObject
            {
                ["first_page_uri"] = request.PageAddress(0, size, null),
                ["media_list"] = new JsonArray([.. items.Select(media => Describe(message, media))]),
                ["next_page_uri"] = next is null ? null : request.PageAddress(number + 1, size, next),
                ["page"] = number,
                ["page_size"] = size,
                ["previous_page_uri"] = null,
                ["uri"] = request.PageAddress(number, size, request.Query("PageToken")),
            },
            "MediaList");
    }

    private static TwilioMedia Media(TwilioRequest request) =>
        request.Message().Media.FirstOrDefault(media => media.Sid == request.Route("media")) ?? throw TwilioRefusal.NotFound(request.Path);

    private static JsonObject Describe(TwilioMessage message, TwilioMedia media) => new()
    {
        ["account_sid"] = message.Account.Sid,
        ["content_type"] = media.ContentType,
        ["date_created"] = TwilioTime.Old(message.CreatedAt),
        ["date_updated"] = TwilioTime.Old(message.CreatedAt),
        ["parent_sid"] = message.Sid,
        ["sid"] = media.Sid,
        ["uri"] = string.Create(CultureInfo.InvariantCulture, $"/{SandboxTwilio.ApiVersion}/Accounts/{message.Account.Sid}/Messages/{message.Sid}/Media/{media.Sid}.json"),
    };
}
