using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Api.Telegram;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.PersonalAccounts;

/// <summary>Employees' accounts, by the project-level contract: owners and administrators look after all of their tenant, others after their own.</summary>
internal static class PersonalAccountEndpoints
{
    private static readonly UuidParameter ProjectId = new("project_id", "Only the accounts of one project.");

    private const string Reach = "For the account's user, and for owners and administrators of the tenant.";

    public static RouteGroupBuilder MapPersonalAccounts(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/personal-telegram-accounts").WithTags("Personal accounts").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListPersonalAccounts").RequireAuthorization(Policies.Read)
            .WithSummary("The tenant's accounts, of all projects or of one")
            .WithDescription(
                "Owners and administrators see all accounts of their tenant, others only their own; user_id tells whose each is. "
                + "What is said in an account stays with its user and the members of its project: dialogs, messages and sending are at /api/v1/telegram.")
            .WithQuery(ProjectId);
        group.MapGet("/{id}", FindAsync).WithName("GetPersonalAccount").RequireAuthorization(Policies.Read).WithSummary("One account")
            .WithDescription(Reach);
        group.MapPatch("/{id}", ChangeAsync).WithName("ChangePersonalAccount").RequireAuthorization(Policies.Connect)
            .WithSummary("Change the name, which chats are stored, the way to Telegram, or the project").WithDescription(Reach + " The project is for owners and administrators.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.ProjectNotReady, ErrorCodes.SecretsUnavailable);
        group.MapPost("/{id}/pause", PauseAsync).WithName("PausePersonalAccount").RequireAuthorization(Policies.Connect)
            .WithSummary("Stop the account's client and keep its session").WithDescription(Reach).Refuses(ErrorCodes.AccountNotActive);
        group.MapPost("/{id}/disconnect", DisconnectAsync).WithName("DisconnectPersonalAccount").RequireAuthorization(Policies.Connect)
            .WithSummary("Revoke the session and keep the account")
            .WithDescription(Reach + " 202 when Telegram has not confirmed within ten seconds; the service goes on until it has.");
        group.MapPost("/{id}/reconnect", ReconnectAsync).WithName("ReconnectPersonalAccount").RequireAuthorization(Policies.Connect).LimitedAs(RouteClass.Connect)
            .WithSummary("Revive an account")
            .WithDescription(Reach + " Starts a stopped or failed account afresh; where its session is gone it begins a new login of the same account and answers it.")
            .Refuses(
                ErrorCodes.Conflict, ErrorCodes.TelegramPhoneUnknown, ErrorCodes.TelegramPhoneInvalid, ErrorCodes.TelegramPhoneBanned, ErrorCodes.TelegramFlood,
                ErrorCodes.TelegramUnavailable, ErrorCodes.TelegramNotConfigured);
        group.MapDelete("/{id}", DeleteAsync).WithName("DeletePersonalAccount").RequireAuthorization(Policies.Connect)
            .WithSummary("Revoke the session and delete the account")
            .WithDescription(Reach + " Its dialogs stay. 202 when Telegram has not confirmed within ten seconds; the service goes on until it has.");
        group.MapBulk();
        group.MapLogins();
        return group;
    }

    private static async Task<Ok<PersonalAccountResponse[]>> ListAsync(HttpContext context, Caller caller, ListAccounts list, CancellationToken cancellationToken)
    {
        var accounts = await list.ExecuteAsync(caller.Principal, AccountReach.Managed, activeOnly: false, ProjectId.Read(context), cancellationToken);
        return TypedResults.Ok(accounts.Select(PersonalAccountResponse.From).ToArray());
    }

    private static async Task<Ok<PersonalAccountResponse>> FindAsync(Guid id, Caller caller, FindAccount find, CancellationToken cancellationToken) =>
        TypedResults.Ok(PersonalAccountResponse.From(await find.ExecuteAsync(caller.Principal, AccountReach.Managed, id, cancellationToken)));

    private static async Task<Ok<PersonalAccountResponse>> ChangeAsync(
        Guid id, Body<ChangeAccountRequest> body, Caller caller, ChangeAccount change, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        Texts.CheckName("display_name", request.DisplayName, errors);
        if (AccountProxy.ProblemOf(request.Proxy) is { } problem)
            errors.Add("proxy", problem);
        errors.ThrowIfAny();
        var account = await change.ExecuteAsync(
            caller.Principal,
            AccountReach.Managed,
            id,
            new(request.DisplayName?.Trim(), request.AcceptsPrivate, request.AcceptsGroups, request.AcceptsChannels, request.ProjectId, request.Proxy?.Trim()),
            cancellationToken);
        return TypedResults.Ok(PersonalAccountResponse.From(account));
    }

    private static async Task<Results<Ok<PersonalAccountResponse>, Accepted<PersonalAccountResponse>>> PauseAsync(
        Guid id, Caller caller, PauseAccount pause, CancellationToken cancellationToken)
    {
        var account = await pause.ExecuteAsync(caller.Principal, AccountReach.Managed, id, cancellationToken);
        var response = PersonalAccountResponse.From(account);
        return account.Status is AccountStatus.Active ? TypedResults.Accepted(AddressOf(id), response) : TypedResults.Ok(response);
    }

    private static async Task<Results<Ok<PersonalAccountResponse>, Accepted<PersonalAccountResponse>>> DisconnectAsync(
        Guid id, Caller caller, DisconnectAccount disconnect, CancellationToken cancellationToken)
    {
        var account = await disconnect.ExecuteAsync(caller.Principal, AccountReach.Managed, id, cancellationToken);
        var response = PersonalAccountResponse.From(account);
        return account.IsGone ? TypedResults.Ok(response) : TypedResults.Accepted(AddressOf(id), response);
    }

    private static async Task<Ok<ReconnectResponse>> ReconnectAsync(
        Guid id, Body<ReconnectRequest> body, Caller caller, ReconnectAccount reconnect, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (body.Value.Phone is { } phone)
            Texts.CheckPhone("phone", phone, errors);
        errors.ThrowIfAny();
        var result = await reconnect.ExecuteAsync(caller.Principal, AccountReach.Managed, id, body.Value.Phone, cancellationToken);
        return TypedResults.Ok(new ReconnectResponse(
            PersonalAccountResponse.From(result.Account), result.Login is { } login ? LoginResponse.From(login) : null));
    }

    private static async Task<Results<NoContent, Accepted<DeletionResponse>>> DeleteAsync(
        Guid id, Caller caller, DeleteAccount delete, CancellationToken cancellationToken) =>
        await delete.ExecuteAsync(caller.Principal, AccountReach.Managed, id, cancellationToken)
            ? TypedResults.NoContent()
            : TypedResults.Accepted(AddressOf(id), new DeletionResponse(id, "disconnecting"));

    private static string AddressOf(Guid id) => $"/api/personal-telegram-accounts/{id}";
}
