using System.Text.Json.Serialization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>
/// One thing that happened, as the journal keeps it: everything random or clock-made is inside, so that replaying gives the same world.
/// One command commits exactly one event, which makes every command atomic across a crash.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "e")]
[JsonDerivedType(typeof(WorldFounded), "world")]
[JsonDerivedType(typeof(Together), "together")]
[JsonDerivedType(typeof(KeyMade), "key")]
[JsonDerivedType(typeof(KeyForgotten), "key-gone")]
[JsonDerivedType(typeof(KeyDuplicated), "key-duplicated")]
[JsonDerivedType(typeof(SignedIn), "sign-in")]
[JsonDerivedType(typeof(PasswordAwaited), "await-password")]
[JsonDerivedType(typeof(SignedOut), "sign-out")]
[JsonDerivedType(typeof(DeviceSeen), "seen")]
[JsonDerivedType(typeof(DeviceDescribed), "described")]
[JsonDerivedType(typeof(CodeSent), "code")]
[JsonDerivedType(typeof(CodeTried), "code-tried")]
[JsonDerivedType(typeof(CodeCancelled), "code-cancelled")]
[JsonDerivedType(typeof(QrTokenIssued), "qr")]
[JsonDerivedType(typeof(QrTokenAccepted), "qr-accepted")]
[JsonDerivedType(typeof(RecoveryCodeSent), "recovery")]
[JsonDerivedType(typeof(RecoveryCodeTried), "recovery-tried")]
[JsonDerivedType(typeof(PasswordChanged), "password")]
[JsonDerivedType(typeof(ContactsAdded), "contacts")]
[JsonDerivedType(typeof(MessageSent), "message")]
[JsonDerivedType(typeof(MessagesRead), "read")]
[JsonDerivedType(typeof(ChannelJoined), "join")]
[JsonDerivedType(typeof(ChannelLeft), "leave")]
[JsonDerivedType(typeof(MembershipSet), "place")]
[JsonDerivedType(typeof(DefaultLimitsSet), "limits")]
[JsonDerivedType(typeof(BotMade), "bot")]
[JsonDerivedType(typeof(BotChanged), "bot-changed")]
[JsonDerivedType(typeof(BotDeleted), "bot-deleted")]
[JsonDerivedType(typeof(GroupMade), "group")]
[JsonDerivedType(typeof(ChannelMade), "channel")]
[JsonDerivedType(typeof(SaltsRotated), "salts")]
[JsonDerivedType(typeof(FileStored), "file")]
[JsonDerivedType(typeof(MessageEdited), "edit")]
[JsonDerivedType(typeof(MessagesDeleted), "delete")]
[JsonDerivedType(typeof(MessagePinned), "pin")]
[JsonDerivedType(typeof(ForumToggled), "forum")]
[JsonDerivedType(typeof(TopicChanged), "topic")]
[JsonDerivedType(typeof(TopicRead), "topic-read")]
[JsonDerivedType(typeof(InviteMade), "invite")]
[JsonDerivedType(typeof(GroupJoined), "join-group")]
[JsonDerivedType(typeof(GroupLeft), "leave-group")]
[JsonDerivedType(typeof(GroupMigrated), "migrate")]
[JsonDerivedType(typeof(ContactBlocked), "block")]
[JsonDerivedType(typeof(AccountDeleted), "delete-account")]
[JsonDerivedType(typeof(MessageScheduled), "schedule")]
[JsonDerivedType(typeof(ScheduledGone), "unschedule")]
internal abstract record WorldEvent;

/// <summary>The seed, as one event, so that a crash cannot leave half a world.</summary>
internal sealed record WorldFounded(byte[] Secret, Person[] People, BasicGroup[] Groups, ChannelRoom[] Channels, MessageSent[] Messages) : WorldEvent;

/// <summary>Several steps of one command, all or none.</summary>
internal sealed record Together(WorldEvent[] Events) : WorldEvent;

internal sealed record KeyMade(long KeyId, byte[] Secret, int DcId, long FirstSalt, DateTimeOffset At) : WorldEvent;

internal sealed record KeyForgotten(long KeyId) : WorldEvent;

internal sealed record KeyDuplicated(long KeyId) : WorldEvent;

/// <summary>A key became a device. At most one of <paramref name="CodeHash"/> and <paramref name="QrToken"/> is set when that is what was used up;
/// <paramref name="ParentKeyId"/> is the device of another data centre to which this one belongs.</summary>
internal sealed record SignedIn(
    long KeyId,
    long UserId,
    long DeviceHash,
    DeviceInfo Info,
    DateTimeOffset At,
    string? CodeHash = null,
    byte[]? QrToken = null,
    long? ParentKeyId = null) : WorldEvent;

internal sealed record PasswordAwaited(long KeyId, long UserId, string? CodeHash = null, byte[]? QrToken = null) : WorldEvent;

internal sealed record SignedOut(long KeyId, KeyFate Fate) : WorldEvent;

internal sealed record DeviceSeen(long KeyId, DateTimeOffset At) : WorldEvent;

/// <summary>A signed-in client introduced itself anew, after an upgrade for instance.</summary>
internal sealed record DeviceDescribed(long KeyId, DeviceInfo Info) : WorldEvent;

internal sealed record CodeSent(string Phone, string Hash, string Code, DateTimeOffset At, DateTimeOffset ExpiresAt) : WorldEvent;

internal sealed record CodeTried(string Phone, string Hash, bool Dead) : WorldEvent;

internal sealed record CodeCancelled(string Phone, string Hash) : WorldEvent;

internal sealed record QrTokenIssued(byte[] Token, long KeyId, int ApiId, long[] ExceptIds, DateTimeOffset At, DateTimeOffset ExpiresAt) : WorldEvent;

internal sealed record QrTokenAccepted(byte[] Token, long UserId, DateTimeOffset ExpiresAt) : WorldEvent;

internal sealed record RecoveryCodeSent(long UserId, string Code, string Email, DateTimeOffset At, DateTimeOffset ExpiresAt) : WorldEvent;

internal sealed record RecoveryCodeTried(long UserId, string Code) : WorldEvent;

/// <summary>The second factor was changed or removed, by recovery, on the key that then signs in.</summary>
internal sealed record PasswordChanged(long UserId, CloudPassword? Password) : WorldEvent;

internal sealed record ContactsAdded(long UserId, long[] ContactIds) : WorldEvent;

internal sealed record MessageSent : WorldEvent
{
    public required long Uid { get; init; }

    public required long FromId { get; init; }

    public required PeerRef Peer { get; init; }

    public string Text { get; init; } = "";

    public byte[]? Entities { get; init; }

    /// <summary>The message answered, in every box.</summary>
    public long? ReplyToUid { get; init; }

    /// <summary>Unix seconds.</summary>
    public required int Date { get; init; }

    public long? RandomId { get; init; }

    public ServiceAction? Action { get; init; }

    public long? FileId { get; init; }

    public long? GroupedId { get; init; }

    public ForwardedFrom? Forward { get; init; }

    public int? TopicId { get; init; }

    public InlineKeyboard? Keyboard { get; init; }

    public ServiceFacts? Facts { get; init; }
}

internal sealed record FileStored(WorldFile File) : WorldEvent;

/// <summary>The whole message as it is from now on.</summary>
internal sealed record MessageEdited(
    long Uid, long ActorId, PeerRef Peer, string Text, byte[]? Entities, long? FileId, int Date, InlineKeyboard? Keyboard = null) : WorldEvent;

/// <summary>Messages of one channel, or of the boxes of these people.</summary>
internal sealed record MessagesDeleted(long ActorId, PeerRef? Channel, long[] Uids, long[] Owners) : WorldEvent;

internal sealed record MessagePinned(long Uid, long ActorId, PeerRef Peer, bool Pinned, bool OwnSideOnly) : WorldEvent;

internal sealed record ForumToggled(long ChannelId, bool Enabled) : WorldEvent;

/// <summary>A topic as it is from now on.</summary>
internal sealed record TopicChanged(long ChannelId, ForumTopicState Topic) : WorldEvent;

internal sealed record TopicRead(long ChannelId, long ReaderId, int TopicId, int MaxId) : WorldEvent;

internal sealed record InviteMade(string Hash, PeerRef Peer, long CreatorId, int Date) : WorldEvent;

/// <param name="InviterId">Who brought the new member in; null for one who came by itself.</param>
internal sealed record GroupJoined(long GroupId, long UserId, long? InviterId = null) : WorldEvent;

/// <param name="RemovedBy">Null for one who left by itself.</param>
internal sealed record GroupLeft(long GroupId, long UserId, long? RemovedBy = null) : WorldEvent;

/// <summary>A group became a supergroup with the same members.</summary>
internal sealed record GroupMigrated(long GroupId, ChannelRoom Room) : WorldEvent;

internal sealed record ContactBlocked(long UserId, long OtherId, bool Blocked) : WorldEvent;

internal sealed record AccountDeleted(long UserId) : WorldEvent;

internal sealed record MessageScheduled(ScheduledMessage Message) : WorldEvent;

internal sealed record ScheduledGone(long UserId, int[] Ids) : WorldEvent;

internal sealed record MessagesRead(long ReaderId, PeerRef Peer, int MaxId) : WorldEvent;

/// <param name="InviterId">Who brought the new member in; null for one who came by itself.</param>
internal sealed record ChannelJoined(long ChannelId, long UserId, int Date, long? InviterId = null) : WorldEvent;

internal sealed record ChannelLeft(long ChannelId, long UserId) : WorldEvent;

internal sealed record MembershipSet(long ChannelId, long UserId, long ActorId, Membership Membership, int Date) : WorldEvent;

internal sealed record DefaultLimitsSet(long ChannelId, MemberLimits Limits) : WorldEvent;

internal sealed record BotMade(Person Bot) : WorldEvent;

internal sealed record BotDeleted(long BotId) : WorldEvent;

internal sealed record GroupMade(BasicGroup Group) : WorldEvent;

internal sealed record ChannelMade(ChannelRoom Channel) : WorldEvent;

/// <summary>Everything about a bot that can change, as it is from now on.</summary>
internal sealed record BotChanged(long BotId, string Secret, bool ReadsAllGroupMessages, BotWebhook? Webhook, string[]? AllowedUpdates) : WorldEvent;

/// <summary>Every server salt given so far stops being valid.</summary>
internal sealed record SaltsRotated : WorldEvent;
