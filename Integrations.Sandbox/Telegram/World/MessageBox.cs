using System.Text.Json.Serialization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>
/// A numbered store of messages with its own <c>pts</c> (https://core.telegram.org/api/updates): one per person for private chats and
/// basic groups together, one per supergroup or channel.
/// </summary>
internal sealed class MessageBox
{
    /// <summary>Updates kept for differences; a client further behind is told that its difference is too long.</summary>
    public const int LogLimit = 20_000;

    public int Pts { get; set; } = 1;

    /// <summary>In order of id; the message with id n stands at n - 1.</summary>
    public List<StoredMessage> Messages { get; init; } = [];

    /// <summary>What moved <see cref="Pts"/>, oldest first.</summary>
    public List<LoggedUpdate> Log { get; init; } = [];

    /// <summary>Conversations by the other side. Unused in the box of a supergroup or channel.</summary>
    public Dictionary<PeerRef, Conversation> Dialogs { get; init; } = [];

    [JsonIgnore]
    public int LastMessageId => Messages.Count;

    public StoredMessage? Find(int id) => id >= 1 && id <= Messages.Count ? Messages[id - 1] : null;

    public LoggedUpdate Append(LoggedUpdate update)
    {
        Pts += update.PtsCount;
        update = update with { Pts = Pts };
        Log.Add(update);
        if (Log.Count > LogLimit + (LogLimit / 10))
            Log.RemoveRange(0, Log.Count - LogLimit);
        return update;
    }
}

/// <summary>One message as one box holds it.</summary>
internal sealed record StoredMessage
{
    /// <summary>The number in this box; rises by one.</summary>
    public required int Id { get; init; }

    /// <summary>The same in every copy of one message, so that a reply finds its target in another person's box.</summary>
    public required long Uid { get; init; }

    /// <summary>The conversation as the owner of the box sees it.</summary>
    public required PeerRef Peer { get; init; }

    public required long FromId { get; init; }

    public bool Out { get; init; }

    /// <summary>Unix seconds.</summary>
    public required int Date { get; init; }

    public string Text { get; init; } = "";

    public int? ReplyTo { get; init; }

    /// <summary>Formatting as the sender's client serialised it: a TL <c>Vector&lt;MessageEntity&gt;</c>.</summary>
    public byte[]? Entities { get; init; }

    /// <summary>Set on service messages, for which there is no text.</summary>
    public ServiceAction? Action { get; init; }

    /// <summary>Only in the sender's copy.</summary>
    public long? RandomId { get; init; }
}

/// <summary>What a service message says happened.</summary>
internal enum ServiceAction
{
    GroupCreated,
    ChannelCreated,
    Joined,
}

/// <summary>One conversation of one person.</summary>
internal sealed class Conversation
{
    public int TopMessageId { get; set; }

    public int ReadInboxMaxId { get; set; }

    public int ReadOutboxMaxId { get; set; }

    public int Unread { get; set; }
}

internal enum LoggedKind
{
    NewMessage,
    ReadInbox,
    ReadOutbox,
}

/// <summary>One step of a box's <c>pts</c>: what a difference replays.</summary>
internal sealed record LoggedUpdate
{
    public required LoggedKind Kind { get; init; }

    /// <summary>The box's value after this update.</summary>
    public int Pts { get; init; }

    public int PtsCount { get; init; } = 1;

    public PeerRef Peer { get; init; }

    /// <summary>The new message, or the last one read.</summary>
    public int MessageId { get; init; }

    public int StillUnread { get; init; }
}
