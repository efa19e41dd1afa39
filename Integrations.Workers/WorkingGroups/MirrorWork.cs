using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.WorkingGroups;

namespace Integrations.Workers.WorkingGroups;

/// <summary>A managing bot.</summary>
/// <param name="IsFit">It works, is in the group, and may manage topics, as far as is known.</param>
internal sealed record MirrorBot(Guid Id, byte[]? TokenSealed, string? Username, bool IsFit);

internal sealed record MirrorGroup(long ChatId, GroupLanguage Language, DateTimeOffset? CheckedAt, IReadOnlyList<MirrorBot> Bots);

/// <summary>There is news; of a message, or of what the kind says.</summary>
/// <param name="News">Rises with each news while the row waits.</param>
internal sealed record MirrorItem(long Seq, int News, string Kind, Guid DialogId, Guid? MessageId, Guid? BotId, string? CallbackId, string? Note, int? ReplyTo, int Attempts, DateTimeOffset CreatedAt);

/// <summary>A dialog and its topic.</summary>
/// <param name="Name">Of the person or the chat outside.</param>
/// <param name="Inbox">Of the account or the bot that talks there.</param>
/// <param name="Thread">Null until the topic is there.</param>
/// <param name="TopicName">What the topic was named last.</param>
internal sealed record MirrorDialog(
    Guid Id, PeerKind? Kind, DialogSource Source, string Name, string? Username, string? Phone, long? PeerId, string Inbox, string Project, bool IsClosed, int? Thread, bool TopicIsClosed,
    string? TopicName);

internal sealed record MirrorMedia(Guid Id, MediaKind Kind, MediaState State, string? FileName, string? MimeType, long? Size);

/// <summary>A message as the topic is to show it.</summary>
/// <param name="Author">Who said it: of what came the person outside, of what went the colleague or the account.</param>
/// <param name="AnswerIn">The message of the group that it was written as; null for what was not written there.</param>
/// <param name="ReplyIn">The message of the group that shows what it answers.</param>
internal sealed record MirrorMessage(
    Guid Id, bool IsIncoming, string Status, string Text, bool IsEdited, bool IsDeleted, string? ErrorCode, string? ErrorDetail, string Author, int? AnswerIn, int? ReplyIn,
    long? AlbumId, MirrorMedia? Media, DateTimeOffset CreatedAt);

/// <summary>A message of the group that shows one of ours.</summary>
/// <param name="Shown">A digest of what it shows.</param>
internal sealed record MirrorPost(int GroupMessageId, Guid MessageId, Guid BotId, int Place, Guid? MediaId, byte[] Shown);

/// <summary>What is to be done next in a group: the oldest item that is due, and those of the same dialog behind it.</summary>
/// <param name="NextDue">When the first of what is not due yet will be; null when nothing waits.</param>
/// <param name="Posts">Of the messages above and of those that were joined with them, by place.</param>
internal sealed record MirrorWork(
    MirrorGroup Group,
    IReadOnlyList<MirrorItem> Items,
    DateTimeOffset? NextDue,
    MirrorDialog? Dialog,
    IReadOnlyDictionary<Guid, MirrorMessage> Messages,
    IReadOnlyList<MirrorPost> Posts);
