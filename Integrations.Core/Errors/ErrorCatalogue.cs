using System.Collections.Frozen;

namespace Integrations.Core.Errors;

/// <summary>One kind of refusal.</summary>
/// <param name="Status">The HTTP status of the answer.</param>
/// <param name="Title">The same few words each time, for a list or a heading.</param>
/// <param name="WhatToDo">What the caller does next, in one or two sentences.</param>
public sealed record ErrorEntry(string Code, int Status, string Title, string WhatToDo);

/// <summary>Every refusal the service knows, in one place; the page of the documentation is made from it.</summary>
public static class ErrorCatalogue
{
    private static readonly ErrorEntry[] Entries =
    [
        new(ErrorCodes.TelegramSessionExpired, 409, "Telegram session ended",
            "Telegram no longer accepts this account's session. Reconnect the account: a new QR code or phone login is needed."),
        new(ErrorCodes.TelegramFlood, 429, "Telegram asks to wait",
            "Telegram limits this action for now. Repeat it after retry_after seconds, not sooner."),
        new(ErrorCodes.TelegramPasswordRequired, 409, "Two-step password required",
            "The account is protected by a two-step password. Send it to the login's password route; the same login goes on."),
        new(ErrorCodes.TelegramPasswordInvalid, 400, "Wrong two-step password",
            "The password is not right. Send it again: the login stays open and needs no new QR code."),
        new(ErrorCodes.TelegramCodeInvalid, 400, "Wrong login code",
            "The code is not right. Send the code that Telegram delivered last; the login stays open."),
        new(ErrorCodes.TelegramCodeExpired, 400, "Login code expired",
            "The code is no longer valid. Ask for a new one or begin the login again."),
        new(ErrorCodes.TelegramPhoneUnknown, 400, "No Telegram account with this number",
            "Telegram knows no account with this phone number. Check the number, or register it in an official app first."),
        new(ErrorCodes.TelegramPhoneInvalid, 400, "Phone number not valid",
            "Telegram does not accept this as a phone number. Write it in the international form, from + and the country code."),
        new(ErrorCodes.TelegramPhoneBanned, 403, "Phone number banned by Telegram",
            "Telegram has banned this number. Only Telegram's own support can lift that."),
        new(ErrorCodes.TelegramQrExpired, 410, "QR code expired",
            "The QR code was not scanned in time. Begin the login again for a new one."),
        new(ErrorCodes.TelegramLoginExpired, 410, "Login expired",
            "The login was not finished in time. Begin it again."),
        new(ErrorCodes.TelegramLoginState, 409, "Not possible at this step of the login",
            "Read the login's state and send what it asks for."),
        new(ErrorCodes.TelegramAlreadyConnected, 409, "Telegram user already connected",
            "This Telegram user is already connected in this installation. Disconnect the other account first."),
        new(ErrorCodes.TelegramPeerUnknown, 400, "Recipient not found",
            "Telegram finds nobody under this username, number or id. Check it, or write to a dialog that exists."),
        new(ErrorCodes.TelegramPeerForbidden, 403, "Recipient does not accept the message",
            "The recipient's or the chat's settings do not let this account write there. Another account may be able to."),
        new(ErrorCodes.TelegramMessageRejected, 400, "Message rejected by Telegram",
            "Telegram refused the message itself. Change its text and send it as a new message."),
        new(ErrorCodes.TelegramUnavailable, 503, "Telegram not reachable",
            "Telegram did not answer. Repeat the request after retry_after seconds."),
        new(ErrorCodes.TelegramNotConfigured, 503, "Telegram not configured",
            "This installation has no Telegram application id and hash. Its administrator has to set them."),
        new(ErrorCodes.TelegramRecoveryUnavailable, 409, "No recovery e-mail",
            "The account has no recovery e-mail, so its password cannot be recovered here. Use the password itself."),
        new(ErrorCodes.TelegramRecoveryCodeInvalid, 400, "Wrong recovery code",
            "The code from the recovery e-mail is not right or no longer valid. Send it again, or ask for a new one."),
        new(ErrorCodes.AccountNotActive, 409, "Account not active",
            "The account is not connected. Reconnect it, wait until it is active, then repeat the request."),
        new(ErrorCodes.ValidationFailed, 400, "Request not valid",
            "Correct the fields that are named in errors and send the request again."),
        new(ErrorCodes.UnknownField, 400, "Unknown field",
            "Remove or rename the fields that are named in errors; the reference lists the known ones."),
        new(ErrorCodes.NotFound, 404, "Not found",
            "There is no such object, or it is not yours. Check the id."),
        new(ErrorCodes.Forbidden, 403, "Not allowed",
            "Your role does not permit this. Ask an administrator of your tenant."),
        new(ErrorCodes.Unauthenticated, 401, "Not signed in",
            "Send a valid token in the Authorization header; sign in again if it has expired."),
        new(ErrorCodes.TenantUnknown, 403, "Tenant unknown",
            "The token names a tenant that this installation does not have. Ask its administrator."),
        new(ErrorCodes.IdempotencyMismatch, 422, "Idempotency key used for another request",
            "This Idempotency-Key came before with another body. Use a new key for a new request."),
        new(ErrorCodes.IdempotencyInProgress, 409, "The same request is under way",
            "A request with this Idempotency-Key has not finished yet. Repeat it shortly to get its answer."),
        new(ErrorCodes.Conflict, 409, "Conflict",
            "The object has changed meanwhile. Read it again and repeat the request."),
        new(ErrorCodes.RateLimited, 429, "Too many requests",
            "Wait retry_after seconds before the next try."),
        new(ErrorCodes.ProjectNotReady, 409, "Project not ready for mirroring",
            "The project mirrors messages, and something that mirroring needs is missing. Add what detail names, or switch mirroring off."),
        new(ErrorCodes.UpgradeRequired, 426, "WebSocket needed",
            "Open this address as a WebSocket, or read the same events from /api/v1/events."),
        new(ErrorCodes.MethodNotAllowed, 405, "Method not allowed",
            "This address does not take this method; the header Allow lists those that it takes."),
        new(ErrorCodes.MediaTypeUnsupported, 415, "Body of an unsupported type",
            "Send the body as Content-Type: application/json."),
        new(ErrorCodes.BodyTooLarge, 413, "Body too large",
            "Send a smaller body; the reference names the limit."),
        new(ErrorCodes.BodyInvalid, 400, "Body not readable",
            "Send a JSON document in UTF-8 with Content-Type: application/json."),
        new(ErrorCodes.ServiceUnavailable, 503, "Service not available",
            "The service cannot promise to do this now. Repeat the request after retry_after seconds."),
        new(ErrorCodes.OwnerLinkInvalid, 410, "Owner link not valid",
            "The link was used, has lapsed or was replaced. Take the newest one from the console output."),
        new(ErrorCodes.SignInFailed, 401, "Sign-in failed",
            "The address or the password is not right. Check both and try again."),
        new(ErrorCodes.Internal, 500, "Internal error",
            "Something failed on our side and was logged. Report the trace_id if it happens again."),
    ];

    private static readonly FrozenDictionary<string, ErrorEntry> ByCode = Entries.ToFrozenDictionary(entry => entry.Code);

    /// <summary>In the order of the documentation.</summary>
    public static IReadOnlyList<ErrorEntry> All => Entries;

    /// <exception cref="ArgumentException">The code is not in the catalogue, which is a bug of the caller.</exception>
    public static ErrorEntry Find(string code) =>
        ByCode.TryGetValue(code, out var entry) ? entry : throw new ArgumentException($"'{code}' is not in the catalogue.", nameof(code));

    /// <summary>For codes that come from the database, where an older release may have written one that is gone.</summary>
    public static bool TryFind(string? code, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ErrorEntry? entry)
    {
        entry = null;
        return code is not null && ByCode.TryGetValue(code, out entry);
    }
}
