using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Logins;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Api.Telegram;

/// <summary>Connecting and managing one's own accounts, by the user-level contract.</summary>
internal static class ConnectEndpoints
{
    private static readonly FlagParameter ActiveOnly = new("active_only", "Leave out disconnected accounts and logins that came to nothing.", byDefault: true);
    private static readonly UuidParameter SessionId = new("session_id", "The login to show; without it the caller's open one, or a new one.");

    public static RouteGroupBuilder MapConnecting(this RouteGroupBuilder telegram)
    {
        telegram.MapPost("/connect", ConnectAsync).WithName("Connect").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Connect an account by phone")
            .WithDescription(
                "Call it with the number; when the answer is code_required, call it again with the number and the code; when it is 2fa_required, "
                + "with the number and the password. A wrong code or password leaves the login open for the next try. pending means that Telegram has not "
                + "answered yet: ask again. For a new code, or a forgotten password, use the routes of /api/personal-telegram-accounts/login/{login_id}: "
                + "session_id is the login's id.")
            .Refuses(
                ErrorCodes.ConsentRequired, ErrorCodes.ValidationFailed, ErrorCodes.TelegramPhoneUnknown, ErrorCodes.TelegramPhoneInvalid, ErrorCodes.TelegramPhoneBanned,
                ErrorCodes.TelegramCodeInvalid, ErrorCodes.TelegramCodeExpired, ErrorCodes.TelegramPasswordInvalid, ErrorCodes.TelegramLoginState,
                ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramAlreadyConnected, ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable,
                ErrorCodes.TelegramNotConfigured, ErrorCodes.RateLimited, ErrorCodes.SecretsUnavailable);
        telegram.MapGet("/qr-code", QrCodeAsync).WithName("GetQrCode").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect, reads: SessionId)
            .WithSummary("Connect an account by QR code")
            .WithDescription("Shows the code to scan. It rotates about every 30 seconds: ask again with session_id for the current one, or listen to the event stream.")
            .WithQuery(SessionId)
            .Refuses(
                ErrorCodes.ConsentRequired, ErrorCodes.NotFound, ErrorCodes.TelegramQrExpired, ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramAlreadyConnected, ErrorCodes.TelegramFlood,
                ErrorCodes.TelegramUnavailable, ErrorCodes.TelegramNotConfigured, ErrorCodes.RateLimited, ErrorCodes.SecretsUnavailable);
        telegram.MapGet("/accounts", ListAsync).WithName("ListAccounts").RequireAuthorization(Policies.Read)
            .WithSummary("The caller's accounts").WithDescription("One's own only, whatever the role. Those whose dialogs one shares with a project are among /api/v1/telegram/inboxes.").WithQuery(ActiveOnly);
        telegram.MapGet("/accounts/{id}", FindAsync).WithName("GetAccount").RequireAuthorization(Policies.Read).WithSummary("One account");
        telegram.MapDelete("/accounts/{session_id}", DisconnectAsync).WithName("DisconnectAccount").RequireAuthorization(Policies.Connect)
            .WithSummary("Disconnect an account")
            .WithDescription("Revokes the session at Telegram and destroys its secret. 202 when Telegram has not confirmed within ten seconds; the service goes on until it has.");
        telegram.MapPost("/accounts/{session_id}/reconnect", ReconnectAsync).WithName("ReconnectAccount").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Revive an account")
            .WithDescription("Starts a stopped or failed account afresh; after a disconnect it begins a new login of the same account.")
            .Refuses(
                ErrorCodes.ConsentRequired, ErrorCodes.Conflict, ErrorCodes.TelegramPhoneUnknown, ErrorCodes.TelegramPhoneInvalid, ErrorCodes.TelegramPhoneBanned, ErrorCodes.TelegramFlood,
                ErrorCodes.TelegramUnavailable, ErrorCodes.TelegramNotConfigured);
        return telegram;
    }

    private static async Task<Ok<ConnectResponse>> ConnectAsync(
        Body<ConnectRequest> body, Caller caller, ConnectByPhone connect, TimeProvider time, CancellationToken cancellationToken)
    {
        var (phone, code, password) = (body.Value.Phone, body.Value.Code, body.Value.Password);
        var errors = new FieldErrors();
        Texts.CheckPhone("phone", phone, errors);
        if (code is not null)
            ConnectWords.CheckCode("code", code, errors);
        if (password is not null)
            ConnectWords.CheckPassword("password", password, errors);
        errors.ThrowIfAny();
        var login = await connect.ExecuteAsync(caller.Principal, phone!, code is null ? null : ConnectWords.CleanCode(code), password, body.Value.Consent, cancellationToken);
        // It may have ended meanwhile, cancelled elsewhere or out of time: a refusal, as this contract has no status for it.
        return login.Refusal(time.GetUtcNow()) is { } refusal ? throw refusal : TypedResults.Ok(ConnectResponse.From(login));
    }

    private static async Task<Ok<QrCodeResponse>> QrCodeAsync(
        HttpContext context, Caller caller, ConnectByQr connect, FindLogin find, TimeProvider time, CancellationToken cancellationToken)
    {
        var login = SessionId.Read(context) is { } id
            ? await find.ExecuteAsync(caller.Principal, AccountReach.Own, id, cancellationToken)
            : await connect.ExecuteAsync(caller.Principal, cancellationToken);
        return login.Refusal(time.GetUtcNow()) is { } refusal ? throw refusal : TypedResults.Ok(QrCodeResponse.From(login));
    }

    private static async Task<Ok<AccountResponse[]>> ListAsync(HttpContext context, Caller caller, ListAccounts list, CancellationToken cancellationToken)
    {
        var accounts = await list.ExecuteAsync(caller.Principal, AccountReach.Own, ActiveOnly.Read(context), projectId: null, cancellationToken);
        return TypedResults.Ok(accounts.Select(AccountResponse.From).ToArray());
    }

    private static async Task<Ok<AccountResponse>> FindAsync(Guid id, Caller caller, FindAccount find, CancellationToken cancellationToken) =>
        TypedResults.Ok(AccountResponse.From(await find.ExecuteAsync(caller.Principal, AccountReach.Own, id, cancellationToken)));

    private static async Task<Results<Ok<SessionStatusResponse>, Accepted<SessionStatusResponse>>> DisconnectAsync(
        [FromRoute(Name = "session_id")] Guid sessionId, Caller caller, DisconnectAccount disconnect, CancellationToken cancellationToken)
    {
        var account = await disconnect.ExecuteAsync(caller.Principal, AccountReach.Own, sessionId, cancellationToken);
        return account.IsGone
            ? TypedResults.Ok(new SessionStatusResponse(account.Id, account.StatusWord, "The account is disconnected; its session is gone from Telegram and from here."))
            : TypedResults.Accepted(
                $"/api/v1/telegram/accounts/{account.Id}",
                new SessionStatusResponse(account.Id, account.StatusWord, "The account is being disconnected; this goes on until Telegram has confirmed."));
    }

    private static async Task<Ok<ConnectResponse>> ReconnectAsync(
        [FromRoute(Name = "session_id")] Guid sessionId, Body<ReconnectRequest> body, Caller caller, ReconnectAccount reconnect, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (body.Value.Phone is { } phone)
            Texts.CheckPhone("phone", phone, errors);
        errors.ThrowIfAny();
        return TypedResults.Ok(ConnectResponse.From(await reconnect.ExecuteAsync(caller.Principal, AccountReach.Own, sessionId, body.Value.Phone, cancellationToken)));
    }
}
