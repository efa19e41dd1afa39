using System.Diagnostics;
using System.Globalization;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Server;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>What is said.</summary>
public sealed partial class TelegramPhone
{
    private const int MessagesShown = 10_000;
    private const int ForwardMax = 100;

    /// <summary>Writes a message.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public PhoneMessage Send(PeerRef peer, string text, int? replyTo = null, int? topic = null) =>
        Show(_world.Send(_userId, new Draft { Peer = peer, Text = text, ReplyTo = replyTo, TopicId = topic }, null).Message);

    /// <summary>Messages of a conversation above a number, oldest first.</summary>
    /// <param name="peer">The conversation.</param>
    /// <param name="after">The number.</param>
    /// <param name="topic">Only those of one topic.</param>
    public IReadOnlyList<PhoneMessage> Messages(PeerRef peer, int after = 0, int? topic = null) =>
    [
        .. _world.MessagesAfter(_userId, peer, after, MessagesShown)
            .Where(message => topic is null || (message.TopicId ?? ForumTopicState.General) == topic)
            .Select(Show),
    ];

    /// <summary>What was edited, pinned and deleted since a position; 0 tells only where one is.</summary>
    public PhoneChatChanges Changes(PeerRef peer, int since)
    {
        var position = _world.DialogWith(_userId, peer).ChannelPts ?? _world.Position(_userId).Pts;
        if (since <= 0)
            return new PhoneChatChanges(position, [], [], Reset: false);
        // A position from the time before the world was begun anew.
        if (since > position)
            return new PhoneChatChanges(position, [], [], Reset: true);
        var difference = peer.Kind == PeerKind.Channel
            ? _world.ChannelDifference(_userId, peer.Id, since, int.MaxValue)
            : _world.Difference(_userId, since, int.MaxValue, null);
        if (difference.TooLong)
            return new PhoneChatChanges(difference.Pts, [], [], Reset: true);
        int[] changed =
        [
            .. difference.Updates.Select(pair => pair.Update).Where(update => update.Peer == peer).SelectMany(update => update.Kind switch
            {
                LoggedKind.Edited => [update.MessageId],
                LoggedKind.Pinned or LoggedKind.Unpinned => update.MessageIds ?? [],
                _ => [],
            }).Distinct(),
        ];
        return new PhoneChatChanges(
            difference.Pts,
            [.. Stored(peer, changed).OfType<StoredMessage>().Select(Show)],
            [.. difference.Updates.Where(pair => pair.Update.Kind == LoggedKind.Deleted).SelectMany(pair => pair.Update.MessageIds ?? [])],
            Reset: false);
    }

    /// <summary>Changes the text or caption of one's own message.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public PhoneMessage Edit(PeerRef peer, int id, string text) =>
        Show(_world.Edit(_userId, peer, id, new MessageChange(text, null, null, null), null).Message);

    /// <summary>Deletes a message; of a private chat or basic group either for everybody or only in one's own view.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Delete(PeerRef peer, int id, bool forEverybody)
    {
        _ = Required(peer, id);
        if (peer.Kind == PeerKind.Channel)
            _world.DeleteInChannel(_userId, peer.Id, [id], null);
        else
            _world.Delete(_userId, [id], forEverybody, null);
    }

    /// <summary>Forwards messages from one conversation to another.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public IReadOnlyList<PhoneMessage> Forward(PeerRef to, PeerRef from, IReadOnlyList<int> ids, int? topic = null)
    {
        if (ids.Count is 0 or > ForwardMax)
            throw TelegramRefusal.BadRequest("MESSAGE_IDS_EMPTY");
        Draft[] drafts =
        [
            .. ids.Select(id => Required(from, id)).Select(message => message.Action is null
                ? new Draft
                {
                    Peer = to,
                    Text = message.Text,
                    Entities = message.Entities,
                    FileId = message.FileId,
                    GroupedId = message.GroupedId,
                    TopicId = topic,
                    Forward = message.Forward ?? OriginOf(message),
                }
                : throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID")),
        ];
        return [.. _world.SendAll(_userId, drafts, null).Select(sent => Show(sent.Message))];
    }

    /// <summary>Marks a conversation, or one topic of it, read to its end.</summary>
    public void Read(PeerRef peer, int? topic = null)
    {
        if (topic is { } id && _world.DialogWith(_userId, peer).Top is { } top)
            _world.ReadTopic(_userId, peer.Id, id, top.Id);
        _world.Read(_userId, peer, 0, null);
    }

    private IReadOnlyList<StoredMessage?> Stored(PeerRef peer, int[] ids)
    {
        _world.RequirePeer(Person, peer);
        var found = peer.Kind == PeerKind.Channel ? _world.ChannelMessagesById(_userId, peer.Id, ids) : _world.MessagesById(_userId, ids);
        return [.. found.Select(message => message?.Peer == peer ? message : null)];
    }

    private StoredMessage Required(PeerRef peer, int id) => Stored(peer, [id])[0] ?? throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID");

    private ForwardedFrom OriginOf(StoredMessage message) => PostedIn(message) is { } channel
        ? new ForwardedFrom(null, channel.Id, message.Id, message.Date)
        : new ForwardedFrom(message.FromId, null, null, message.Date);

    private ChannelRoom? PostedIn(StoredMessage message) =>
        message.Peer.Kind == PeerKind.Channel && _world.FindChannel(message.Peer.Id) is { Broadcast: true } channel ? channel : null;

    private PhoneMessage Show(StoredMessage message)
    {
        var isOut = message.FromId == _userId;
        return new PhoneMessage(
            message.Id,
            message.FromId,
            message.Action is null && PostedIn(message) is { } channel ? channel.Title : NameOf(message.FromId),
            isOut,
            DateTimeOffset.FromUnixTimeSeconds(message.Date),
            message.Action is null ? message.Text : "",
            message.ReplyTo,
            isOut ? message.RandomId?.ToString(CultureInfo.InvariantCulture) : null,
            ActionOf(message))
        {
            Entities = [.. (View.Entities(message) ?? []).Select(Show).OfType<PhoneEntity>().OrderBy(entity => entity.Offset)],
            Media = message.FileId is { } fileId && _world.FindFile(fileId) is { } file ? PhoneMedia.From(file) : null,
            Album = message.GroupedId?.ToString(CultureInfo.InvariantCulture),
            ForwardedFrom = message.Forward switch
            {
                null => null,
                { Channel: { } id } => TitleOf(PeerRef.Channel(id)),
                { FromId: { } id } => NameOf(id),
                _ => "somebody",
            },
            EditedAt = message.EditDate is { } edited ? DateTimeOffset.FromUnixTimeSeconds(edited) : null,
            Topic = message.Peer.Kind == PeerKind.Channel && _world.FindChannel(message.Peer.Id) is { Forum: true }
                ? message.TopicId ?? ForumTopicState.General
                : null,
            Pinned = message.Pinned,
            Buttons = message.Keyboard is { } keyboard
                ? [.. keyboard.Rows.Select(row => row.Select(button => new PhoneButton(button.Text, button.Data, button.Url, button.Copies)).ToArray())]
                : [],
        };
    }

    private string? ActionOf(StoredMessage message) => message.Action switch
    {
        ServiceAction.GroupCreated => "created the group",
        ServiceAction.ChannelCreated => "created this",
        ServiceAction.Joined when message.Facts?.UserId is { } added && added != message.FromId => $"added {NameOf(added)}",
        ServiceAction.Left when message.Facts?.UserId is { } removed && removed != message.FromId => $"removed {NameOf(removed)}",
        ServiceAction.Joined => "joined",
        ServiceAction.Left => "left",
        ServiceAction.TopicCreated => $"created the topic “{message.Text}”",
        ServiceAction.TopicEdited when message.Text.Length > 0 => $"renamed the topic to “{message.Text}”",
        ServiceAction.TopicEdited => "changed the topic",
        ServiceAction.TopicClosed => "closed the topic",
        ServiceAction.TopicReopened => "reopened the topic",
        ServiceAction.TopicHidden => "hid the topic",
        ServiceAction.TopicShown => "showed the topic",
        ServiceAction.Pinned => "pinned a message",
        ServiceAction.MigratedTo or ServiceAction.MigratedFrom => "made a supergroup of the group",
        null => null,
        _ => throw new UnreachableException(),
    };

    private static PhoneEntity? Show(MessageEntity entity) => entity switch
    {
        MessageEntityBold e => new("bold", e.Offset, e.Length, null),
        MessageEntityItalic e => new("italic", e.Offset, e.Length, null),
        MessageEntityUnderline e => new("underline", e.Offset, e.Length, null),
        MessageEntityStrike e => new("strikethrough", e.Offset, e.Length, null),
        MessageEntitySpoiler e => new("spoiler", e.Offset, e.Length, null),
        MessageEntityCode e => new("code", e.Offset, e.Length, null),
        MessageEntityPre e => new("pre", e.Offset, e.Length, null),
        MessageEntityBlockquote e => new("blockquote", e.Offset, e.Length, null),
        MessageEntityTextUrl e => new("text_link", e.Offset, e.Length, e.Url),
        _ => null,
    };
}
