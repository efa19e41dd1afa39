using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Privacy;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Telegram.Logins;

/// <summary>What kind of login to begin.</summary>
/// <param name="Phone">In E.164, for a login by phone; null for one by QR code.</param>
/// <param name="AccountId">An account within reach that is to log in again; null for a new one.</param>
/// <param name="Proxy">A link to the account's own proxy, for the login too; null leaves it as it is. A secret.</param>
/// <param name="Consent">The version of the text that the request agrees to; null where that was done before.</param>
public sealed record LoginRequest(string? Phone, Guid? ProjectId = null, string? DisplayName = null, Guid? AccountId = null, string? Consent = null, string? Proxy = null)
{
    public LoginMethod Method => Phone is null ? LoginMethod.Qr : LoginMethod.Phone;
}

/// <summary>Begins a login. The owner of the account's shard runs it; this waits until it has something to show.</summary>
public sealed class StartLogin(
    TenantDatabase database, LoginReader reader, OutcomeWatch watch, Consents consents, AccountProxy proxies, IOptions<LoginOptions> options, TimeProvider time)
{
    /// <exception cref="IntegrationException">
    /// CONSENT_REQUIRED; NOT_FOUND for a project or an account out of reach; PROJECT_NOT_READY; TG_ALREADY_CONNECTED; TG_UNAVAILABLE; RATE_LIMITED;
    /// and what Telegram refused at once, such as TG_PHONE_UNKNOWN or TG_API_429.
    /// </exception>
    public async Task<LoginView> ExecuteAsync(Principal principal, AccountReach reach, LoginRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var installation = await Installation.ReadAsync(database, cancellationToken);
        var id = await database.InTenantAsync(
            principal.Tenant, transaction => BeginAsync(transaction, principal, reach, request, installation, cancellationToken), cancellationToken);

        var login = await watch.UntilAsync(
            token => reader.ReadAsync(principal, reach, id, token), login => reader.StateOf(login) is not LoginState.Pending, options.Value.Patience, cancellationToken);
        var view = await reader.ViewAsync(principal, login, cancellationToken);
        return view.Refusal(time.GetUtcNow()) is { } refusal ? throw refusal : view;
    }

    private async Task<Guid> BeginAsync(
        TenantTransaction transaction, Principal principal, AccountReach reach, LoginRequest request, Installation installation, CancellationToken cancellationToken)
    {
        await consents.RequireAsync(transaction, principal, request.Consent, cancellationToken);
        await RequireReadyProjectAsync(transaction, request.ProjectId, cancellationToken);
        if (request.AccountId is null)
            await RequireRoomAsync(transaction, principal, cancellationToken);

        var now = time.GetUtcNow();
        var expires = now + (request.Method is LoginMethod.Qr ? TimeSpan.FromSeconds(options.Value.QrTimeoutSeconds) : options.Value.PhoneTimeout);
        TelegramAccount account;
        if (request.AccountId is { } known)
        {
            account = await ReachableAccounts.LockAsync(transaction, principal, reach, known, cancellationToken);
            var login = await transaction.Db.TelegramLogins.SingleOrDefaultAsync(login => login.Id == known, cancellationToken);
            if (login is { IsOpen: true } && reader.StateOf(login) is not LoginState.Expired)
                return Joined(login, request);

            RequireNoSession(account);
            account.LogInAgain();
            if (request.DisplayName is not null)
                account.Rename(request.DisplayName);
            if (login is null)
                transaction.Db.Add(TelegramLogin.Begin(transaction.Tenant, account.Id, request.Method, request.Phone, expires));
            else
                login.BeginAgain(request.Method, request.Phone, expires);
        }
        else
        {
            account = TelegramAccount.Open(
                transaction.Tenant, Guid.CreateVersion7(now), principal.UserId, request.ProjectId, installation.World, installation.ShardCount, request.DisplayName);
            transaction.Db.Add(account);
            transaction.Db.Add(TelegramLogin.Begin(transaction.Tenant, account.Id, request.Method, request.Phone, expires));
        }

        if (request.Proxy is { } link)
            account.GoThrough(await proxies.SealAsync(transaction.Tenant, account.Id, link, cancellationToken));
        await transaction.Db.SaveChangesAsync(cancellationToken);
        await transaction.PublishAsync(
            new EventDraft(EventTypes.LoginUpdated, account.UserId, account.Id, new { account.Id, State = Words.Of(LoginState.Pending), Method = Words.Of(request.Method) }),
            cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", "personal.login", LogStatus.Pending)
            {
                AccountId = account.Id,
                Details = new { Method = Words.Of(request.Method) },
            },
            cancellationToken);
        await AccountTimeline.WriteAsync(transaction, account.Id, new TimelineEntry(TimelineKind.LoginStarted) { UserId = principal.UserId }, cancellationToken);
        transaction.AfterCommit(Ring.Shard(account.Shard));
        return account.Id;
    }

    /// <summary>A request for the login that is already open gets that one: a second click is not a second login.</summary>
    private static Guid Joined(TelegramLogin login, LoginRequest request) =>
        login.Method == request.Method && login.Phone == request.Phone
            ? login.Id
            : throw new IntegrationException(ErrorCodes.TelegramLoginState, "Another login of this account is open. Finish or cancel it first.");

    private static void RequireNoSession(TelegramAccount account)
    {
        if (account.Goal is AccountGoal.Deleted)
            throw new IntegrationException(ErrorCodes.NotFound);
        if (account.Status is AccountStatus.Active or AccountStatus.Paused)
            throw new IntegrationException(ErrorCodes.TelegramAlreadyConnected, "This account is connected. Reconnect it, or disconnect it first.");
        if (account.Goal is AccountGoal.Disconnected && !account.IsGone)
            throw new IntegrationException(ErrorCodes.Conflict, "The account is still being disconnected. Repeat the request shortly.", TimeSpan.FromSeconds(2));
        // Its session may be alive at Telegram; a login over it would leave a device that nobody can revoke any more.
        if (account.HasUsableSession)
            throw new IntegrationException(ErrorCodes.Conflict, "The account still has a session. Reconnect it, or disconnect it first.");
    }

    private async Task RequireRoomAsync(TenantTransaction transaction, Principal principal, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var open = await LoginReader.Of(transaction, principal, AccountReach.Own).CountAsync(
            login => (login.State == LoginState.Ready || login.State == LoginState.Pending || login.State == LoginState.CodeRequired
                || login.State == LoginState.PasswordRequired) && login.ExpiresAt > now && login.Method != LoginMethod.Import,
            cancellationToken);
        if (open >= options.Value.MaxOpenPerUser)
        {
            throw new IntegrationException(
                ErrorCodes.RateLimited, $"{open} logins of yours are open. Finish or cancel one of them first.", TimeSpan.FromSeconds(30));
        }
    }

    internal static async Task RequireReadyProjectAsync(TenantTransaction transaction, Guid? projectId, CancellationToken cancellationToken)
    {
        if (projectId is null)
            return;

        var project = await transaction.Db.Projects.AsNoTracking().SingleOrDefaultAsync(project => project.Id == projectId, cancellationToken)
            ?? throw new IntegrationException(ErrorCodes.NotFound);
        await GroupReadiness.RequireAsync(transaction, project, project.Mirroring, cancellationToken);
    }
}
