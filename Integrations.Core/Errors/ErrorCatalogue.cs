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
        new(ErrorCodes.TelegramSessionInvalid, 400, "Not a Telethon session",
            "The text is not a string session of Telethon. Export it with StringSession.save() and copy it whole."),
        new(ErrorCodes.TelegramSessionRepeated, 400, "The same session twice",
            "This session stands further up in the same request. Send each one once."),
        new(ErrorCodes.TelegramSessionDc, 400, "Unknown data centre",
            "The session names a data centre that Telegram does not have. Export it again."),
        new(ErrorCodes.TelegramBotTokenInvalid, 400, "Bot token not valid",
            "Telegram does not accept this token: it was mistyped or revoked. Ask BotFather for the bot's token and connect the bot with it."),
        new(ErrorCodes.TelegramWebhookRefused, 409, "Webhook refused by Telegram",
            "Telegram does not take the address of this service. It must be reachable from the internet by https on port 443, 80, 88 or 8443; the administrator sets it as BACKEND_URL."),
        new(ErrorCodes.AccountNotActive, 409, "Account not active",
            "The account is not connected. Reconnect it, wait until it is active, then repeat the request."),
        new(ErrorCodes.BotNotActive, 409, "Bot not active",
            "The bot is switched off, deleted or in error. Restart it, wait until it is active, then repeat the request."),
        new(ErrorCodes.OutcomeUnknown, 502, "Not known whether it was sent",
            "The connection broke while the message was being sent, and bots cannot ask Telegram whether it has it. Look into the chat; send the message again if it is not there."),
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
        new(ErrorCodes.ProjectMirrored, 409, "Answered in the working group",
            "The project mirrors its dialogs: answer in its working group in Telegram. Only the account's own user sends from here."),
        new(ErrorCodes.UpgradeRequired, 426, "WebSocket needed",
            "Open this address as a WebSocket, or read the same events from /api/v1/events."),
        new(ErrorCodes.MethodNotAllowed, 405, "Method not allowed",
            "This address does not take this method; the header Allow lists those that it takes."),
        new(ErrorCodes.MediaTypeUnsupported, 415, "Body of an unsupported type",
            "Send the body as Content-Type: application/json."),
        new(ErrorCodes.BodyTooLarge, 413, "Body too large",
            "Send a smaller body; the reference names the limit."),
        new(ErrorCodes.BodyTooSlow, 408, "Body too slow",
            "The body came so slowly that the connection was closed. Send the request again over a better line."),
        new(ErrorCodes.BodyInvalid, 400, "Body not readable",
            "Send a JSON document in UTF-8 with Content-Type: application/json."),
        new(ErrorCodes.ServiceUnavailable, 503, "Service not available",
            "The service cannot promise to do this now. Repeat the request after retry_after seconds."),
        new(ErrorCodes.SecretsUnavailable, 503, "Secrets cannot be sealed or opened",
            "The keys of this installation are locked or out of reach, and nothing is stored without them. Repeat the request after retry_after seconds; an operator has to unseal Vault or bring it back."),
        new(ErrorCodes.OwnerLinkInvalid, 410, "Owner link not valid",
            "The link was used, has lapsed or was replaced. Take the newest one from the console output."),
        new(ErrorCodes.SignInFailed, 401, "Sign-in failed",
            "The address or the password is not right. Check both and try again."),
        new(ErrorCodes.InvitationInvalid, 410, "Invitation not valid",
            "The link was used, has lapsed, was revoked or replaced. Ask whoever invited you for a new one."),
        new(ErrorCodes.EmailTaken, 409, "Address signs in already",
            "Somebody signs in with this address already. Use another address, or sign in with this one."),
        new(ErrorCodes.RoleTooHigh, 403, "Role above your own",
            "Only an owner makes, changes or invites owners. Ask one of them."),
        new(ErrorCodes.OwnRole, 409, "Not on yourself",
            "Nobody changes his own role or switches himself off. Ask another administrator."),
        new(ErrorCodes.LastOwner, 409, "The last owner",
            "The tenant would be left without an active owner who signs in here. Make somebody else an owner first."),
        new(ErrorCodes.RoleOfToken, 409, "Role follows the user service",
            "This person comes by a token of your user service, which says his role each time. Change the role there."),
        new(ErrorCodes.PasswordWrong, 400, "Wrong password",
            "The current password is not right. Check it and try again."),
        new(ErrorCodes.CodeWrong, 400, "Wrong code",
            "The code is not right, or was used already. Send the one that the authenticator shows now, or a recovery code that is left."),
        new(ErrorCodes.ChallengeInvalid, 410, "Sign-in has lapsed",
            "The code was not given in time, or too often wrong. Begin again with address and password."),
        new(ErrorCodes.SecondFactorRequired, 403, "Second factor required",
            "Your tenant asks a second factor of owners and administrators. Set yours up (/api/v1/me/second-factor); everything else waits until it is confirmed."),
        new(ErrorCodes.ProjectNotEmpty, 409, "Project has accounts",
            "Move the project's accounts to another project or take them out, then delete it."),
        new(ErrorCodes.ConsentRequired, 409, "Consent required",
            "Whoever connects accounts agrees first to how their data is processed. Read the text at GET /api/v1/privacy/consent and send its version to POST /api/v1/privacy/consent, or as consent with the login."),
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
