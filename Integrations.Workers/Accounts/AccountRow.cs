using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Tenancy;

namespace Integrations.Workers.Accounts;

/// <summary>What the database wants of one account, as <c>doors.accounts_of_shards</c> tells it: no secrets.</summary>
internal sealed record AccountRow(
    Guid Id,
    TenantId Tenant,
    int UserId,
    int Shard,
    AccountStatus Status,
    AccountGoal Goal,
    AcceptedChats Accepts,
    long RestartRequested,
    long RestartDone,
    LoginState? LoginState,
    bool HasSession)
{
    public bool LoginIsOpen => LoginState is Core.Telegram.Logins.LoginState.Ready or Core.Telegram.Logins.LoginState.Pending
        or Core.Telegram.Logins.LoginState.CodeRequired or Core.Telegram.Logins.LoginState.PasswordRequired;

    public bool RestartIsDue => RestartRequested > RestartDone;
}

/// <summary>Which chats of an account are stored. Read anew at each reconciliation.</summary>
internal sealed record AcceptedChats(bool Private, bool Groups, bool Channels);
