using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Integrations.Sandbox.Telegram.World;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>Errors of the phone as RFC 9457 problems with Telegram's own name in <c>code</c>.</summary>
internal static class PhoneProblem
{
    public static ProblemHttpResult Create(int status, string code, string detail, Dictionary<string, object?>? more = null)
    {
        var extensions = more ?? [];
        extensions["code"] = code;
        return TypedResults.Problem(detail, statusCode: status, extensions: extensions);
    }

    public static ProblemHttpResult From(TelegramRefusal refusal)
    {
        var (status, detail) = refusal.Name switch
        {
            "AUTH_TOKEN_EXPIRED" => (StatusCodes.Status410Gone, "The QR code has expired. Scan the new one."),
            "AUTH_TOKEN_ALREADY_ACCEPTED" => (StatusCodes.Status409Conflict, "The QR code was already scanned."),
            "AUTH_TOKEN_INVALID" => (StatusCodes.Status400BadRequest, "This is not a QR code of this Telegram: it needs tg://login?token=… as its app showed it."),
            "AUTH_TOKEN_EXCEPTION" => (StatusCodes.Status409Conflict, "The app that shows the QR code is already connected to this account."),
            "MESSAGE_EMPTY" => (StatusCodes.Status400BadRequest, "The message has no text."),
            "MESSAGE_TOO_LONG" => (StatusCodes.Status400BadRequest, $"A message has at most {TelegramWorld.MessageLengthMax} characters."),
            "REPLY_MESSAGE_ID_INVALID" => (StatusCodes.Status400BadRequest, "The message to reply to is not in this chat."),
            "BOT_TITLE_INVALID" => (StatusCodes.Status400BadRequest, "A bot needs a name of 1 to 64 characters."),
            "USERNAME_INVALID" => (StatusCodes.Status400BadRequest, "A bot's username has 5 to 32 letters, digits and underscores and ends in bot."),
            "USERNAME_OCCUPIED" => (StatusCodes.Status400BadRequest, "Somebody has this username already."),
            "MESSAGE_ID_INVALID" => (StatusCodes.Status404NotFound, "There is no such message in this chat, or it carries no file."),
            "MESSAGE_AUTHOR_REQUIRED" => (StatusCodes.Status403Forbidden, "Only who wrote a message may change it."),
            "MESSAGE_NOT_MODIFIED" => (StatusCodes.Status400BadRequest, "The message says this already."),
            "MESSAGE_DELETE_FORBIDDEN" => (StatusCodes.Status403Forbidden, "This person may not delete what others wrote here."),
            "MEDIA_EMPTY" => (StatusCodes.Status400BadRequest, "Choose at least one file."),
            "MULTI_MEDIA_TOO_LONG" => (StatusCodes.Status400BadRequest, $"An album has at most {TelegramPhone.AlbumMax} files."),
            "MEDIA_INVALID" =>
                (StatusCodes.Status400BadRequest, "A file is sent as photo, document, voice, audio or sticker; voice messages and stickers go one at a time."),
            "MEDIA_CAPTION_TOO_LONG" => (StatusCodes.Status400BadRequest, $"A caption has at most {TelegramWorld.CaptionLengthMax} characters."),
            "FILE_PART_EMPTY" => (StatusCodes.Status400BadRequest, "The file is empty."),
            "FILE_TOO_BIG" => (StatusCodes.Status413PayloadTooLarge, "A file has at most 50 MB."),
            "IMAGE_PROCESS_FAILED" => (StatusCodes.Status400BadRequest, "A photo is a JPEG or PNG of at most 10 MB. Send it as a file instead."),
            "PHOTO_INVALID_DIMENSIONS" => (StatusCodes.Status400BadRequest, "Width and height of a photo are together at most 10,000. Send it as a file instead."),
            "CHAT_TITLE_EMPTY" => (StatusCodes.Status400BadRequest, "A group or channel needs a name of 1 to 128 characters."),
            "CHAT_ABOUT_TOO_LONG" => (StatusCodes.Status400BadRequest, "A description has at most 255 characters."),
            "CHAT_NOT_MODIFIED" or "TOPIC_NOT_MODIFIED" => (StatusCodes.Status409Conflict, "It is so already."),
            "TOPIC_TITLE_EMPTY" => (StatusCodes.Status400BadRequest, "A topic needs a name of 1 to 128 characters."),
            "TOPIC_ID_INVALID" => (StatusCodes.Status404NotFound, "There is no such topic."),
            "TOPIC_CLOSED" => (StatusCodes.Status403Forbidden, "The topic is closed: only administrators write in it."),
            "CHANNEL_FORUM_MISSING" => (StatusCodes.Status400BadRequest, "This chat has no topics."),
            "USERNAME_NOT_OCCUPIED" => (StatusCodes.Status404NotFound, "Nobody has this name."),
            "USER_ALREADY_PARTICIPANT" => (StatusCodes.Status409Conflict, "Already a member."),
            "USER_NOT_PARTICIPANT" => (StatusCodes.Status404NotFound, "Not a member of this."),
            "USER_BANNED_IN_CHANNEL" => (StatusCodes.Status403Forbidden, "This person was removed: an administrator has to add it again."),
            "USER_CREATOR" => (StatusCodes.Status403Forbidden, "Whoever made this cannot leave it and cannot be removed."),
            "USER_ADMIN_INVALID" => (StatusCodes.Status403Forbidden, "Only whoever made this removes or restricts another administrator."),
            "RIGHT_FORBIDDEN" => (StatusCodes.Status403Forbidden, "Nobody gives a right that he has not himself."),
            "INVITE_HASH_INVALID" or "INVITE_HASH_EMPTY" => (StatusCodes.Status404NotFound, "There is no such invite link."),
            "DATA_INVALID" => (StatusCodes.Status404NotFound, "There is no such button under this message."),
            "CHAT_ADMIN_REQUIRED" => (StatusCodes.Status403Forbidden, "This person may not do that here."),
            "USER_ID_INVALID" => (StatusCodes.Status404NotFound, "There is no such person."),
            "PEER_ID_INVALID" or "CHAT_ID_INVALID" or "CHANNEL_INVALID" or "CHANNEL_PRIVATE" =>
                (StatusCodes.Status404NotFound, "This person has no such chat."),
            "CHAT_WRITE_FORBIDDEN" => (StatusCodes.Status403Forbidden, "This person may not write here."),
            _ => (refusal.Code is 420 ? StatusCodes.Status429TooManyRequests : StatusCodes.Status400BadRequest, "Telegram would refuse this."),
        };
        if (refusal.Name.StartsWith("CHAT_SEND_", StringComparison.Ordinal))
            (status, detail) = (StatusCodes.Status403Forbidden, "This person may not send that here.");
        var more = new Dictionary<string, object?>();
        if (refusal.Code == 420)
            more["retry_after"] = int.Parse(refusal.Name[(refusal.Name.LastIndexOf('_') + 1)..], CultureInfo.InvariantCulture);
        return Create(status, refusal.Name, detail, more);
    }

    public static ProblemHttpResult From(ValidationException invalid) =>
        Create(
            StatusCodes.Status400BadRequest,
            "VALIDATION",
            invalid.ValidationResult.ErrorMessage ?? "A field is wrong.",
            new() { ["errors"] = invalid.ValidationResult.MemberNames.ToDictionary(name => name, _ => invalid.ValidationResult.ErrorMessage) });
}

/// <summary>Turns what the world refuses into problems, for a whole group of endpoints.</summary>
internal sealed class PhoneProblemFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (TelegramRefusal refusal)
        {
            return PhoneProblem.From(refusal);
        }
        catch (ValidationException invalid)
        {
            return PhoneProblem.From(invalid);
        }
    }
}
