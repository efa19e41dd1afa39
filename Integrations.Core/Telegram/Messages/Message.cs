using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Media;

namespace Integrations.Core.Telegram.Messages;

public enum MessageDirection
{
    PersonalTelegramIn,
    PersonalTelegramOut,
    TelegramBotIn,
    TelegramBotOut,
}

/// <summary>Where a message stands. <see cref="Sending"/> is internal: on the wire it is still <c>pending</c>.</summary>
public enum MessageStatus
{
    /// <summary>It waits here for its time.</summary>
    Scheduled,
    Pending,
    Sending,
    Delivered,
    Failed,
    Received,
}

/// <summary>Interactive overtakes bulk of other dialogs; inside a dialog the order is that of acceptance.</summary>
public enum MessagePriority
{
    Bulk = 0,
    Interactive = 1,
}

/// <summary>One thing said in a dialog, in or out.</summary>
public sealed class Message
{
    private Message()
    {
    }

    public Guid Id { get; private set; }

    /// <summary>The order of acceptance and arrival, given by the database; ids do not order.</summary>
    public long Seq { get; private set; }

    public Guid TenantId { get; private set; }
    /// <summary>Null in a bot's dialog.</summary>
    public Guid? AccountId { get; private set; }

    /// <summary>Null in an account's dialog.</summary>
    public Guid? BotId { get; private set; }

    public Guid DialogId { get; private set; }
    public int Shard { get; private set; }
    public MessageDirection Direction { get; private set; }
    public MessageStatus Status { get; private set; }
    public MessagePriority Priority { get; private set; }
    public string Text { get; private set; } = "";
    public Guid? ReplyToId { get; private set; }
    public int? ReplyToTelegramId { get; private set; }

    /// <summary>Telegram's key against doubles, stored before the first send and used for every later one.</summary>
    public long? RandomId { get; private set; }

    public int? TelegramMessageId { get; private set; }
    public DateTimeOffset? TelegramDate { get; private set; }
    public PeerKind? FromPeerKind { get; private set; }
    public long? FromPeerId { get; private set; }

    /// <summary>The user who had it accepted; null when it came in or was written on another device.</summary>
    public int? SentBy { get; private set; }

    /// <summary>Its picture, document, voice; null for a text alone.</summary>
    public Guid? MediaId { get; private set; }

    /// <summary>Only where the query asked for it.</summary>
    public MediaFile? Media { get; private set; }

    /// <summary>Messages of one dialog that share it were sent as one album.</summary>
    public long? AlbumId { get; private set; }

    /// <summary>When its text was changed last, by Telegram's clock.</summary>
    public DateTimeOffset? EditedAt { get; private set; }

    /// <summary>Since when it is gone at Telegram, or was taken back before it got there. What was said stays here.</summary>
    public DateTimeOffset? DeletedAt { get; private set; }

    public int Attempts { get; private set; }
    public long Epoch { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? ErrorDetail { get; private set; }
    public DateTimeOffset? AcceptedAt { get; private set; }
    /// <summary>When it is to be sent; null for at once.</summary>
    public DateTimeOffset? ScheduledFor { get; private set; }
    public DateTimeOffset? PinnedAt { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>A message that is accepted for sending; the same transaction counts it in <c>message_counters</c>.</summary>
    /// <param name="randomId">From a cryptographic source, never 0.</param>
    public static Message Accept(
        TelegramAccount account, Dialog dialog, Guid id, string text, Guid? replyToId, MessagePriority priority, int sentBy, long randomId, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(dialog);
        if (dialog.PersonalAccountId != account.Id)
            throw new ArgumentException($"Dialog {dialog.Id} is not one of account {account.Id}.", nameof(dialog));

        return new Message
        {
            Id = id,
            TenantId = account.TenantId,
            AccountId = account.Id,
            DialogId = dialog.Id,
            Shard = account.Shard,
            Direction = MessageDirection.PersonalTelegramOut,
            Status = MessageStatus.Pending,
            Priority = priority,
            Text = text,
            ReplyToId = replyToId,
            RandomId = randomId,
            SentBy = sentBy,
            AcceptedAt = now,
        };
    }
}
