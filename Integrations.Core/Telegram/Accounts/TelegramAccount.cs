using Integrations.Core.Errors;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>Which Telegram an account lives in: the simulated one or the real one.</summary>
public enum World
{
    Sandbox,
    Telegram,
}

/// <summary>What is so. Only the shard's owner writes it once a login has begun.</summary>
public enum AccountStatus
{
    Pending,
    Active,
    Error,
    Paused,
    Disconnected,
}

/// <summary>What is wanted; the shard's owner makes the status follow.</summary>
public enum AccountGoal
{
    Connected,
    Paused,
    Disconnected,
    Deleted,
}

/// <summary>A personal Telegram account run over MTProto. Its id is also that of its login and its session.</summary>
public sealed class TelegramAccount
{
    private TelegramAccount()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }

    /// <summary>The tenant again, under the name that older callers know.</summary>
    public Guid ClientId { get; private set; }

    public int UserId { get; private set; }
    public Guid? ProjectId { get; private set; }
    public int Shard { get; private set; }
    public World World { get; private set; }
    public int? DcId { get; private set; }
    public string? DisplayName { get; private set; }
    public string? Username { get; private set; }
    public string? Phone { get; private set; }
    public long? TelegramUserId { get; private set; }
    public AccountStatus Status { get; private set; }
    public AccountGoal Goal { get; private set; }

    /// <summary>The sealed session; what it holds is for the secret protector alone.</summary>
    public byte[]? SessionPayload { get; private set; }

    /// <summary>A keyed digest of the session's key, by which the same key is recognised; null where it is not known.</summary>
    public byte[]? SessionFingerprint { get; private set; }

    /// <summary>When its session came from another program; null for one that logged in here.</summary>
    public DateTimeOffset? ImportedAt { get; private set; }

    /// <summary>The sealed link of the account's own proxy; null goes the way that the host goes.</summary>
    public byte[]? ProxySealed { get; private set; }

    /// <summary>The proxy without its password or secret.</summary>
    public string? ProxyShown { get; private set; }

    public string SessionMetadata { get; private set; } = "{}";
    public bool IsActive { get; private set; }
    public bool AcceptsPrivate { get; private set; }
    public bool AcceptsGroups { get; private set; }
    public bool AcceptsChannels { get; private set; }
    public DateTimeOffset? LastConnectedAt { get; private set; }
    public string? LastError { get; private set; }
    public string? LastErrorCode { get; private set; }

    /// <summary>Counts requests to reconnect; the owner starts afresh until <see cref="RestartDone"/> has caught up.</summary>
    public long RestartRequested { get; private set; }

    public long RestartDone { get; private set; }
    public DateTimeOffset? DeletedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>The status as callers see it: one that is being disconnected says so until it is done.</summary>
    public string StatusWord =>
        Goal is AccountGoal.Disconnected or AccountGoal.Deleted && !IsGone ? "disconnecting" : Words.Of(Status);

    /// <summary>Nothing of it is left at Telegram or here: the owner has finished, or there never was a session.</summary>
    public bool IsGone => Status is AccountStatus.Disconnected && SessionPayload is null;

    /// <summary>Whether there is a session that a fresh start could revive, as far as is known.</summary>
    public bool HasUsableSession =>
        SessionPayload is not null && TelegramUserId is not null
        && Status is AccountStatus.Active or AccountStatus.Paused or AccountStatus.Error
        && LastErrorCode != ErrorCodes.TelegramSessionExpired;

    /// <summary>A new account, about to log in.</summary>
    public static TelegramAccount Open(TenantId tenant, Guid id, int userId, Guid? projectId, World world, int shardCount, string? displayName) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        UserId = userId,
        ProjectId = projectId,
        World = world,
        Shard = Shards.ShardOf(id, shardCount),
        DisplayName = displayName,
        Status = AccountStatus.Pending,
        Goal = AccountGoal.Connected,
        IsActive = true,
        AcceptsPrivate = true,
        AcceptsGroups = true,
        AcceptsChannels = false,
    };

    /// <summary>Gives a new account the session that another program began.</summary>
    public void Import(byte[] sealedSession, byte[] fingerprint, int dcId, DateTimeOffset now)
    {
        if (SessionPayload is not null || Status is not AccountStatus.Pending)
            throw new InvalidOperationException($"Account {Id} is {Status}; it takes no session from elsewhere.");

        SessionPayload = sealedSession;
        SessionFingerprint = fingerprint;
        DcId = dcId;
        ImportedAt = now;
    }

    /// <summary>Begins another login on an account that has no living session.</summary>
    public void LogInAgain()
    {
        if (Status is AccountStatus.Active or AccountStatus.Paused || Goal is AccountGoal.Deleted)
            throw new InvalidOperationException($"Account {Id} is {Status} with goal {Goal}; it takes no new login.");

        Status = AccountStatus.Pending;
        Goal = AccountGoal.Connected;
        IsActive = true;
        LastError = null;
        LastErrorCode = null;
    }

    /// <summary>Asks the owner for a fresh start of the session it has.</summary>
    public void RequestRestart()
    {
        if (Goal is AccountGoal.Disconnected or AccountGoal.Deleted)
            throw new InvalidOperationException($"Account {Id} is to be {Goal}; it is not restarted.");

        Goal = AccountGoal.Connected;
        RestartRequested++;
    }

    /// <summary>Sets what is wanted. A deletion is final.</summary>
    public void Want(AccountGoal goal)
    {
        if (Goal is AccountGoal.Deleted && goal is not AccountGoal.Deleted)
            throw new InvalidOperationException($"Account {Id} is being deleted; it cannot become {goal}.");

        Goal = goal;
    }

    /// <summary>Which chats are stored from now on; null leaves a choice as it is.</summary>
    public void Accept(bool? privateChats, bool? groups, bool? channels)
    {
        AcceptsPrivate = privateChats ?? AcceptsPrivate;
        AcceptsGroups = groups ?? AcceptsGroups;
        AcceptsChannels = channels ?? AcceptsChannels;
    }

    /// <summary>Asks for the end of the account. One that has no session any more ends here; else its owner revokes the session first.</summary>
    public void Delete(DateTimeOffset now)
    {
        Goal = AccountGoal.Deleted;
        if (!IsGone)
            return;

        IsActive = false;
        (ProxySealed, ProxyShown) = (null, null);
        DeletedAt = now;
    }

    /// <summary>The way to Telegram from now on, null for the host's. One that has a session starts afresh on it.</summary>
    public void GoThrough(SealedProxy? proxy)
    {
        (ProxySealed, ProxyShown) = (proxy?.Sealed, proxy?.Shown);
        if (Goal is AccountGoal.Connected && SessionPayload is not null)
            RestartRequested++;
    }

    public void Rename(string? displayName) => DisplayName = displayName;

    /// <summary>Null takes it out of its project.</summary>
    public void MoveTo(Guid? projectId) => ProjectId = projectId;
}
