using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Api.Telegram;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Logins;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Integrations.Api.PersonalAccounts;

/// <summary>Logins step by step, for the account's user and for the administrators of his tenant.</summary>
internal static class LoginEndpoints
{
    public static void MapLogins(this RouteGroupBuilder accounts)
    {
        accounts.MapPost("/login", StartAsync).WithName("StartLogin").RequireAuthorization(Policies.ConnectForProject).LimitedAs(RouteClass.Connect)
            .WithSummary("Begin a login by QR code or by phone")
            .WithDescription("For owners and administrators. Show qr_url as a QR code and follow the login by the event stream, or by asking for it.")
            .Refuses(
                ErrorCodes.ConsentRequired, ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.ProjectNotReady, ErrorCodes.TelegramAlreadyConnected, ErrorCodes.TelegramPhoneUnknown,
                ErrorCodes.TelegramPhoneInvalid, ErrorCodes.TelegramPhoneBanned, ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable, ErrorCodes.TelegramNotConfigured,
                ErrorCodes.RateLimited, ErrorCodes.SecretsUnavailable);

        var login = accounts.MapGroup("/login/{login_id}");
        login.MapGet("", FindAsync).WithName("GetLogin").RequireAuthorization(Policies.Read).WithSummary("Where a login stands")
            .WithDescription("For the account's user, and for owners and administrators of the tenant; so are the routes that answer it.");
        login.MapPost("/password", PasswordAsync).WithName("SendLoginPassword").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Answer password_required")
            .WithDescription("A wrong password leaves the login as it is: send it again, no new QR code is needed.")
            .Refuses(
                ErrorCodes.TelegramPasswordInvalid, ErrorCodes.TelegramLoginState, ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramQrExpired,
                ErrorCodes.TelegramAlreadyConnected, ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable, ErrorCodes.SecretsUnavailable);
        login.MapPost("/code", CodeAsync).WithName("SendLoginCode").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Answer code_required")
            .WithDescription("A wrong code leaves the login as it is; for an expired one ask for another by resend-code.")
            .Refuses(
                ErrorCodes.TelegramCodeInvalid, ErrorCodes.TelegramCodeExpired, ErrorCodes.TelegramPhoneUnknown, ErrorCodes.TelegramLoginState,
                ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramAlreadyConnected, ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable,
                ErrorCodes.SecretsUnavailable);
        login.MapPost("/resend-code", ResendAsync).WithName("ResendLoginCode").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Have the code delivered again, another way where Telegram has one")
            .Refuses(ErrorCodes.TelegramLoginState, ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramFlood);
        login.MapPost("/recovery", RecoverAsync).WithName("RequestPasswordRecovery").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Forgotten password: have a recovery code sent by e-mail")
            .WithDescription("For an account with a recovery address; recovery_email tells it in part. The password is still taken meanwhile.")
            .Refuses(ErrorCodes.TelegramRecoveryUnavailable, ErrorCodes.TelegramLoginState, ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramFlood);
        login.MapPost("/recovery/confirm", ConfirmRecoveryAsync).WithName("ConfirmPasswordRecovery").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Finish the login with the recovery code")
            .WithDescription("Telegram removes the two-step password of the account. A wrong code leaves the login as it is.")
            .Refuses(
                ErrorCodes.TelegramRecoveryCodeInvalid, ErrorCodes.TelegramLoginState, ErrorCodes.TelegramLoginExpired, ErrorCodes.TelegramAlreadyConnected,
                ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable, ErrorCodes.SecretsUnavailable);
        login.MapDelete("", CancelAsync).WithName("CancelLogin").RequireAuthorization(Policies.Connect)
            .WithSummary("Cancel a login").Refuses(ErrorCodes.TelegramLoginState);
    }

    private static async Task<Ok<LoginResponse>> StartAsync(Body<StartLoginRequest> body, Caller caller, StartLogin start, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        if (request.Method is not (null or "qr" or "phone"))
            errors.Add("method", "Must be one of: qr, phone.");
        if (request.Method == "phone")
            Texts.CheckPhone("phone", request.Phone, errors);
        else if (request.Phone is not null)
            errors.Add("phone", "Only for the method phone.");
        Texts.CheckName("display_name", request.DisplayName, errors);
        if (AccountProxy.ProblemOf(request.Proxy) is { } problem)
            errors.Add("proxy", problem);
        errors.ThrowIfAny();
        var login = await start.ExecuteAsync(
            caller.Principal, AccountReach.Managed, new(request.Phone, request.ProjectId, Texts.Named(request.DisplayName), request.AccountId, request.Consent, request.Proxy?.Trim()),
            cancellationToken);
        return TypedResults.Ok(LoginResponse.From(login));
    }

    private static async Task<Ok<LoginResponse>> FindAsync(
        [FromRoute(Name = "login_id")] Guid loginId, Caller caller, FindLogin find, CancellationToken cancellationToken) =>
        TypedResults.Ok(LoginResponse.From(await find.ExecuteAsync(caller.Principal, AccountReach.Managed, loginId, cancellationToken)));

    private static Task<Ok<LoginResponse>> PasswordAsync(
        [FromRoute(Name = "login_id")] Guid loginId, Body<PasswordRequest> body, Caller caller, AnswerLogin answer, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        ConnectWords.CheckPassword("password", body.Value.Password, errors);
        errors.ThrowIfAny();
        return AnswerAsync(answer, caller, loginId, LoginInput.Password, body.Value.Password, cancellationToken);
    }

    private static Task<Ok<LoginResponse>> CodeAsync(
        [FromRoute(Name = "login_id")] Guid loginId, Body<CodeRequest> body, Caller caller, AnswerLogin answer, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        ConnectWords.CheckCode("code", body.Value.Code, errors);
        errors.ThrowIfAny();
        return AnswerAsync(answer, caller, loginId, LoginInput.Code, ConnectWords.CleanCode(body.Value.Code!), cancellationToken);
    }

    private static Task<Ok<LoginResponse>> ResendAsync(
        [FromRoute(Name = "login_id")] Guid loginId, Caller caller, AnswerLogin answer, CancellationToken cancellationToken) =>
        AnswerAsync(answer, caller, loginId, LoginInput.ResendCode, text: null, cancellationToken);

    private static Task<Ok<LoginResponse>> RecoverAsync(
        [FromRoute(Name = "login_id")] Guid loginId, Caller caller, AnswerLogin answer, CancellationToken cancellationToken) =>
        AnswerAsync(answer, caller, loginId, LoginInput.RecoveryRequest, text: null, cancellationToken);

    private static Task<Ok<LoginResponse>> ConfirmRecoveryAsync(
        [FromRoute(Name = "login_id")] Guid loginId, Body<CodeRequest> body, Caller caller, AnswerLogin answer, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        ConnectWords.CheckCode("code", body.Value.Code, errors);
        errors.ThrowIfAny();
        return AnswerAsync(answer, caller, loginId, LoginInput.RecoveryCode, ConnectWords.CleanCode(body.Value.Code!), cancellationToken);
    }

    private static Task<Ok<LoginResponse>> CancelAsync(
        [FromRoute(Name = "login_id")] Guid loginId, Caller caller, AnswerLogin answer, CancellationToken cancellationToken) =>
        AnswerAsync(answer, caller, loginId, LoginInput.Cancel, text: null, cancellationToken);

    private static async Task<Ok<LoginResponse>> AnswerAsync(
        AnswerLogin answer, Caller caller, Guid loginId, LoginInput input, string? text, CancellationToken cancellationToken) =>
        TypedResults.Ok(LoginResponse.From(await answer.ExecuteAsync(caller.Principal, AccountReach.Managed, loginId, input, text, cancellationToken)));
}
