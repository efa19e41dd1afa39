using System.ComponentModel;
using Integrations.Sandbox.Telegram.World;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>Files over HTTP.</summary>
internal static class FileEndpoints
{
    // Ten photos or one file at Telegram's limit, with the form around them.
    private const int UploadMax = 110 << 20;

    // Whatever somebody sent: a browser that is led to it directly runs nothing of it.
    private const string ContentSecurityPolicy = "default-src 'none'; sandbox";

    public static void MapPhoneFiles(this RouteGroupBuilder people)
    {
        // The token in a header and the check of Origin are what a forged form has not.
        people.MapPost("/{id:long}/chats/{peer}/files", SendFilesAsync).WithName("SendFiles").DisableAntiforgery()
            .WithFormOptions(multipartBodyLengthLimit: UploadMax).WithMetadata(new RequestSizeLimitAttribute(UploadMax))
            .WithSummary("Send a photo, a file, a voice message or an album: multipart/form-data.").ProducesProblem(400).ProducesProblem(403).ProducesProblem(413);
        people.MapGet("/{id:long}/chats/{peer}/messages/{message:int}/file", GetFile).WithName("GetFile")
            .WithSummary("The bytes that a message carries.").Produces(200, contentType: "application/octet-stream");
    }

    private static async Task<Created<IReadOnlyList<PhoneMessage>>> SendFilesAsync(
        long id,
        string peer,
        IFormFileCollection files,
        SandboxTelegram telegram,
        CancellationToken cancellationToken,
        [FromForm(Name = "kind"), Description("photo, document, voice, audio or sticker.")] string kind = "document",
        [FromForm(Name = "text"), Description("The caption.")] string text = "",
        [FromForm(Name = "reply_to")] int? replyTo = null,
        [FromForm(Name = "topic")] int? topic = null,
        [FromForm(Name = "duration"), Description("Of a recording, in seconds.")] int duration = 0)
    {
        var draft = new Draft { Peer = PhoneEndpoints.Peer(peer), Text = text, ReplyTo = replyTo, TopicId = topic };
        if (!Enum.TryParse<AttachmentKind>(kind, ignoreCase: true, out var attachmentKind) || int.TryParse(kind, out _))
            throw TelegramRefusal.BadRequest("MEDIA_INVALID");
        var attachments = files.Select(file => new Attachment(file.FileName, file.ContentType, file.OpenReadStream())).ToArray();
        return TypedResults.Created(
            (string?)null, await PhoneEndpoints.Phone(telegram, id).SendFilesAsync(draft, attachmentKind, Math.Max(0, duration), attachments, cancellationToken));
    }

    private static FileStreamHttpResult GetFile(long id, string peer, int message, SandboxTelegram telegram, HttpContext context)
    {
        var (media, content) = PhoneEndpoints.Phone(telegram, id).OpenFile(PhoneEndpoints.Peer(peer), message);
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.CacheControl = "private, no-store";
        // A name makes an attachment of it.
        return TypedResults.Stream(content, media.ServedType, media.IsShown ? null : media.Name, enableRangeProcessing: true);
    }
}
