using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;

namespace Integrations.Workers.Channels;

/// <summary>Something to be asked of Telegram by whoever owns the shard. It may be done twice: the row says that it is done only after it was.</summary>
internal abstract record DueWork(Guid Id, TenantId Tenant, int Shard, Guid? AccountId, Guid? BotId)
{
    public Guid Sender => AccountId ?? BotId ?? throw new InvalidOperationException($"Work {Id} is nobody's.");
}

/// <param name="IsReady">False for what nobody will do any more.</param>
/// <param name="AccountUser">Whose account it is; null for a bot.</param>
internal sealed record DueChange(
    Guid Id,
    TenantId Tenant,
    int Shard,
    Guid? AccountId,
    Guid? BotId,
    Guid MessageId,
    MessageChangeKind Kind,
    string? Text,
    int Attempts,
    int? TelegramMessageId,
    MessageStatus MessageStatus,
    bool HasMedia,
    Guid DialogId,
    PeerKey? Peer,
    long? AccessHash,
    byte[]? TokenSealed,
    bool IsReady,
    int? AccountUser) : DueWork(Id, Tenant, Shard, AccountId, BotId);

/// <param name="Kind">list or find.</param>
internal sealed record DueLook(Guid Id, TenantId Tenant, int Shard, Guid? AccountId, string Kind, byte[]? TargetSealed) : DueWork(Id, Tenant, Shard, AccountId, null);

/// <param name="ChannelId">As the Bot API writes a chat.</param>
internal sealed record DueCheck(Guid Id, TenantId Tenant, int Shard, Guid? AccountId, Guid? BotId, long ChannelId, long? AccessHash, byte[]? TokenSealed, long? BotUserId)
    : DueWork(Id, Tenant, Shard, AccountId, BotId);
