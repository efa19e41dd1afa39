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
            "CHAT_ADMIN_REQUIRED" => (StatusCodes.Status403Forbidden, "This person may not invite here."),
            "USER_ID_INVALID" => (StatusCodes.Status404NotFound, "There is no such person."),
            "PEER_ID_INVALID" or "CHAT_ID_INVALID" or "CHANNEL_INVALID" or "CHANNEL_PRIVATE" =>
                (StatusCodes.Status404NotFound, "This person has no such chat."),
            "CHAT_WRITE_FORBIDDEN" => (StatusCodes.Status403Forbidden, "This person may not write here."),
            _ => (refusal.Code is 420 ? StatusCodes.Status429TooManyRequests : StatusCodes.Status400BadRequest, "Telegram would refuse this."),
        };
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
