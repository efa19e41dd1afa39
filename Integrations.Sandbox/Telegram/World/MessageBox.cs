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

    public StoredMessage? Find(int id) => id >= 1 && id <= Messages.Count && Messages[id - 1] is { Deleted: false } found ? found : null;

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

    /// <summary>Set on service messages, whose text is at most the name that the action speaks of.</summary>
    public ServiceAction? Action { get; init; }

    /// <summary>The photo or document that the message carries.</summary>
    public long? FileId { get; init; }

    /// <summary>The same in all messages of one album.</summary>
    public long? GroupedId { get; init; }

    public ForwardedFrom? Forward { get; init; }

    /// <summary>Unix seconds of the last edit.</summary>
    public int? EditDate { get; init; }

    public bool Pinned { get; init; }

    /// <summary>The topic of a forum; null outside one and in its general topic.</summary>
    public int? TopicId { get; init; }

    /// <summary>Buttons under a message of a bot.</summary>
    public InlineKeyboard? Keyboard { get; init; }

    /// <summary>More of what a service message says.</summary>
    public ServiceFacts? Facts { get; init; }

    /// <summary>What is left of a deleted message is its place, so that the ones after it keep theirs.</summary>
    public bool Deleted { get; init; }

    /// <summary>Only in the sender's copy.</summary>
    public long? RandomId { get; init; }
}

/// <summary>What a service message says happened.</summary>
internal enum ServiceAction
{
    GroupCreated,
    ChannelCreated,
    Joined,
    Left,
    TopicCreated,
    TopicEdited,
    TopicClosed,
    TopicReopened,
    TopicHidden,
    TopicShown,

    /// <summary>The message pinned is the one that it answers.</summary>
    Pinned,
    MigratedTo,
    MigratedFrom,
}

/// <summary>What a service message says besides its text.</summary>
internal sealed record ServiceFacts
{
    /// <summary>Of a new topic.</summary>
    public int? IconColor { get; init; }

    public long? IconEmojiId { get; init; }

    /// <summary>Whom somebody else brought in or removed.</summary>
    public long? UserId { get; init; }

    /// <summary>The room that a group became, or was.</summary>
    public long? RoomId { get; init; }
}

/// <summary>Where a forwarded message was written first.</summary>
/// <param name="FromId">The person, unless a channel posted it.</param>
/// <param name="Channel">The channel that posted it.</param>
/// <param name="Post">Its number there.</param>
/// <param name="Date">Unix seconds.</param>
internal sealed record ForwardedFrom(long? FromId, long? Channel, int? Post, int Date);

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
    Edited,
    Deleted,
    Pinned,
    Unpinned,
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

    /// <summary>The deleted or pinned ones.</summary>
    public int[]? MessageIds { get; init; }
}
