using System.Globalization;
using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>What one person can do with the telephone in the hand: the official app, reduced to what a sandbox needs.</summary>
public sealed partial class TelegramPhone
{
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

    /// <summary>Makes a supergroup of a group of one's own.</summary>
    /// <returns>The supergroup.</returns>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public PeerRef Migrate(PeerRef group) => _world.Migrate(_userId, group.Id).Peer;

    /// <summary>Keeps somebody, a bot for instance, from writing to this person, or lets it again.</summary>
    /// <exception cref="TelegramRefusal">There is nobody of this number.</exception>
    public void Block(long otherId, bool blocked) => _world.Block(_userId, otherId, blocked);

    /// <summary>Makes a member, or a bot, an administrator with these rights; with none it is one no more.</summary>
    /// <param name="rights">Names of the Bot API: <c>can_manage_topics</c>, <c>can_post_messages</c>…</param>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Promote(PeerRef peer, long userId, params IReadOnlyList<string> rights) => _world.Promote(_userId, peer, userId, BotRights.ReadRights(rights), null, null);

    /// <summary>Leaves a member of a supergroup only these permissions.</summary>
    /// <param name="permissions">Names of the Bot API: <c>can_send_messages</c>, <c>can_send_photos</c>…</param>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Restrict(PeerRef peer, long userId, params IReadOnlyList<string> permissions) =>
        _world.Restrict(_userId, peer, userId, BotRights.ReadLimits(permissions), 0, null);

    /// <summary>Removes somebody from a room for good.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Ban(PeerRef peer, long userId)
    {
        if (peer.Kind is PeerKind.Group)
            _world.RemoveFromGroup(_userId, peer.Id, userId, null);
        else
            _world.Ban(_userId, peer, userId, 0, null);
    }

    /// <summary>Makes a supergroup a forum, or a forum a supergroup again.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void ToggleForum(PeerRef peer, bool enabled) => _world.ToggleForum(_userId, peer.Id, enabled);

    /// <summary>Presses a button under a message.</summary>
    /// <returns>What the bot says to it; null when it says nothing in time.</returns>
    /// <exception cref="TelegramRefusal">There is no such button.</exception>
    public async Task<PhoneAnswer?> PressAsync(PeerRef peer, int messageId, string data, CancellationToken cancellationToken)
    {
        var press = _world.Press(_userId, peer, messageId, data);
        try
        {
            return await press.Answer.WaitAsync(TelegramWorld.ButtonPatience, cancellationToken) is { } answer
                ? new PhoneAnswer(answer.Text, answer.ShowAlert, answer.Url)
                : null;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private PhoneChat Show(DialogView dialog)
    {
        var peer = dialog.Peer;
        var person = peer.Kind == PeerKind.User ? _world.FindPerson(peer.Id) : null;
        var channel = peer.Kind == PeerKind.Channel ? _world.FindChannel(peer.Id) : null;
        return new PhoneChat(
            peer.ToString(),
            KindOf(peer),
            TitleOf(peer),
            dialog.Unread,
            dialog.Top is null ? null : Show(dialog.Top),
            dialog.ReadOutboxMaxId,
            peer.Kind == PeerKind.User ? null : _world.MembersOf(peer).Count,
            MayWrite(peer, channel),
            person?.Username ?? channel?.Username,
            person?.Bot is not null,
            channel?.Forum == true,
            _world.May(_userId, peer, AdminRights.DeleteMessages));
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
