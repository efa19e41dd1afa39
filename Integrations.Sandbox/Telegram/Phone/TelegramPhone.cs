using System.Globalization;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>What one person can do with the telephone in the hand: the official app, reduced to what a sandbox needs.</summary>
public sealed class TelegramPhone
{
    private const int MessagesShown = 10_000;

    private readonly TelegramWorld _world;
    private readonly long _userId;

    internal TelegramPhone(TelegramWorld world, long userId)
    {
        _world = world;
        _userId = userId;
    }

    /// <summary>The owner.</summary>
    public PersonCard Owner => PersonCard.From(Person);

    /// <summary>Sessions that are signed in, oldest first.</summary>
    public IReadOnlyList<PhoneDevice> Devices => [.. _world.Devices(_userId).Select(pair => PhoneDevice.From(pair.Key, pair.Device))];

    /// <summary>Login codes that arrived, newest first.</summary>
    public IReadOnlyList<PhoneCode> Codes => [.. _world.CodesOf(Person.Phone).Select(PhoneCode.From)];

    /// <summary>Recovery codes that arrived by e-mail, newest first.</summary>
    public IReadOnlyList<PhoneEmail> Emails => [.. _world.RecoveryCodesOf(_userId).Select(PhoneEmail.From)];

    /// <summary>Conversations, the latest first.</summary>
    public IReadOnlyList<PhoneChat> Chats => [.. _world.Dialogs(_userId).Select(Show)];

    private Person Person => _world.FindPerson(_userId) ?? throw TelegramRefusal.BadRequest("USER_ID_INVALID");

    /// <summary>Scans a QR code.</summary>
    /// <param name="url">The link that it shows: <c>tg://login?token=…</c>.</param>
    /// <exception cref="TelegramRefusal">The token is unknown, expired, already used, or not for this person.</exception>
    public void Scan(string url) => _world.AcceptQrToken(_userId, TelegramWorld.TokenOf(url));

    /// <summary>Ends another session.</summary>
    /// <returns>False when there is no such session.</returns>
    public bool Terminate(string hash) =>
        long.TryParse(hash, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && _world.EndDevice(_userId, number);

    /// <summary>Writes a message.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public PhoneMessage Send(PeerRef peer, string text, int? replyTo = null) =>
        Show(_world.Send(_userId, new Draft { Peer = peer, Text = text, ReplyTo = replyTo }, null).Message);

    /// <summary>Messages of a conversation above a number, oldest first.</summary>
    public IReadOnlyList<PhoneMessage> Messages(PeerRef peer, int after = 0) =>
        [.. _world.MessagesAfter(_userId, peer, after, MessagesShown).Select(Show)];

    /// <summary>Bots that this person made, with their tokens.</summary>
    public IReadOnlyList<BotCard> Bots => [.. _world.Bots().Where(bot => bot.Bot!.OwnerId == _userId).Select(BotCard.From)];

    /// <summary>Makes a bot, as with BotFather.</summary>
    /// <exception cref="TelegramRefusal"><c>BOT_TITLE_INVALID</c>, <c>USERNAME_INVALID</c> or <c>USERNAME_OCCUPIED</c>.</exception>
    public BotCard MakeBot(string name, string username) => BotCard.From(_world.MakeBot(_userId, name, username));

    /// <summary>Changes a bot of this person, or gives it another token.</summary>
    /// <exception cref="TelegramRefusal"><c>USER_ID_INVALID</c>: this person made no such bot.</exception>
    public BotCard ChangeBot(long botId, bool? readsAllGroupMessages = null, bool revokeToken = false)
    {
        if (_world.FindPerson(botId) is not { Bot: { } made } bot || made.OwnerId != _userId)
            throw TelegramRefusal.BadRequest("USER_ID_INVALID");
        if (readsAllGroupMessages is { } all)
            _world.SetBotPrivacy(botId, all);
        if (revokeToken)
            _world.RevokeBotToken(botId);
        return BotCard.From(bot);
    }

    /// <summary>Brings somebody, a bot for instance, into a supergroup or channel.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Invite(PeerRef peer, long userId)
    {
        if (peer.Kind is not PeerKind.Channel)
            throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
        _world.Invite(_userId, peer.Id, userId);
    }

    /// <summary>Marks a conversation read to its end.</summary>
    public void Read(PeerRef peer) => _world.Read(_userId, peer, 0, null);

    private PhoneChat Show(DialogView dialog) => new(
        dialog.Peer.ToString(),
        KindOf(dialog.Peer),
        TitleOf(dialog.Peer),
        dialog.Unread,
        dialog.Top is null ? null : Show(dialog.Top),
        dialog.ReadOutboxMaxId,
        dialog.Peer.Kind == PeerKind.User ? null : _world.MembersOf(dialog.Peer).Count,
        _world.FindChannel(dialog.Peer.Kind == PeerKind.Channel ? dialog.Peer.Id : 0) is not { Broadcast: true } channel || channel.CreatorId == _userId);

    private PhoneMessage Show(StoredMessage message)
    {
        var isOut = message.FromId == _userId;
        return new PhoneMessage(
            message.Id,
            message.FromId,
            NameOf(message.FromId),
            isOut,
            DateTimeOffset.FromUnixTimeSeconds(message.Date),
            message.Text,
            message.ReplyTo,
            isOut ? message.RandomId?.ToString(CultureInfo.InvariantCulture) : null,
            message.Action switch
            {
                ServiceAction.GroupCreated => "created the group",
                ServiceAction.ChannelCreated => "created this",
                ServiceAction.Joined => "joined",
                ServiceAction.Left => "left",
                ServiceAction.TopicCreated => "created the topic",
                ServiceAction.TopicEdited => "changed the topic",
                null => null,
                _ => throw new System.Diagnostics.UnreachableException(),
            });
    }

    private string KindOf(PeerRef peer) => peer.Kind switch
    {
        PeerKind.Group => "group",
        PeerKind.Channel => _world.FindChannel(peer.Id)?.Broadcast == true ? "channel" : "supergroup",
        _ => "private",
    };

    private string TitleOf(PeerRef peer) => peer.Kind switch
    {
        PeerKind.Group => _world.FindGroup(peer.Id)?.Title ?? "",
        PeerKind.Channel => _world.FindChannel(peer.Id)?.Title ?? "",
        _ => peer.Id == _userId ? "Saved messages" : NameOf(peer.Id),
    };

    private string NameOf(long userId) =>
        _world.FindPerson(userId) is { } person ? $"{person.FirstName} {person.LastName}".TrimEnd() : "";
}
