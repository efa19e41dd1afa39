using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>Bots: made by people, joined to rooms, known by their tokens.</summary>
internal sealed partial class TelegramWorld
{
    private const long FirstBot = 5_000_000_001;
    private const int SecretLength = 35;
    private const string SecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// <summary>Bots that somebody made and did not delete.</summary>
    public IReadOnlyList<Person> Bots()
    {
        lock (_gate)
            return [.. _state.People.Values.Where(person => person.Bot is { HasToken: true }).OrderBy(person => person.Id)];
    }

    /// <summary>Makes a bot, as BotFather does for a person.</summary>
    public Person MakeBot(long ownerId, string name, string username)
    {
        lock (_gate)
        {
            _ = PersonOf(ownerId);
            if (string.IsNullOrWhiteSpace(name) || name.Length > 64)
                throw TelegramRefusal.BadRequest("BOT_TITLE_INVALID");
            if (username.Length is < 5 or > 32 || !username.EndsWith("bot", StringComparison.OrdinalIgnoreCase) || !username.All(IsUsernameCharacter))
                throw TelegramRefusal.BadRequest("USERNAME_INVALID");
            if (_state.Usernames.ContainsKey(username.ToLowerInvariant()))
                throw TelegramRefusal.BadRequest("USERNAME_OCCUPIED");
            var last = _state.People.Values.Where(person => person.Bot is not null).Select(person => person.Id).Append(FirstBot - 1).Max();
            var bot = new Person
            {
                Id = last + 1,
                FirstName = name.Trim(),
                Username = username,
                Phone = "",
                DcId = SandboxTelegram.MainDc,
                Bot = new Bot { OwnerId = ownerId, Secret = BotSecret() },
            };
            Commit(new BotMade(bot));
            return bot;
        }
    }

    /// <summary>The bot of a token, or null.</summary>
    public Person? FindBot(string token)
    {
        var colon = token.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !long.TryParse(token.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return null;
        lock (_gate)
        {
            return _state.People.GetValueOrDefault(id) is { Bot: { HasToken: true } bot } person
                && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(bot.Secret), Encoding.UTF8.GetBytes(token[(colon + 1)..]))
                ? person
                : null;
        }
    }

    /// <summary>Ends a bot: its token and its name are nobody's from now on, and it is in no room any more. What it wrote stays.</summary>
    public void DeleteBot(long botId)
    {
        lock (_gate)
        {
            if (PersonOf(botId).Bot is not { HasToken: true })
                throw TelegramRefusal.BadRequest("BOT_INVALID");
            Commit(
                new Together(
                [
                    .. _state.Channels.Values.Where(channel => channel.Members.ContainsKey(botId)).Select(channel => new ChannelLeft(channel.Id, botId)),
                    .. _state.Groups.Values.Where(group => group.Members.Contains(botId)).Select(group => new GroupLeft(group.Id, botId)),
                    new BotDeleted(botId),
                ]));
        }
    }

    /// <summary>Gives a bot another token; the old one is nobody's from now on.</summary>
    public void RevokeBotToken(long botId) => ChangeBot(botId, bot => bot with { Secret = BotSecret() });

    public void SetBotPrivacy(long botId, bool readsAllGroupMessages) =>
        ChangeBot(botId, bot => bot with { ReadsAllGroupMessages = readsAllGroupMessages });

    /// <summary>Sends a bot's updates to an address, or nowhere.</summary>
    /// <param name="allowedUpdates">Null keeps what was set before; empty is the default.</param>
    public void SetBotWebhook(long botId, BotWebhook? webhook, string[]? allowedUpdates) => ChangeBot(
        botId,
        bot => bot with { Webhook = webhook, AllowedUpdates = allowedUpdates is null ? bot.AllowedUpdates : allowedUpdates is [] ? null : allowedUpdates });

    /// <summary>Somebody who may invite brings somebody else, a bot for instance, into a supergroup or channel.</summary>
    public void Invite(long inviterId, long channelId, long userId)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(inviterId), PeerRef.Channel(channelId));
            var channel = _state.Channels[channelId];
            if (!channel.Members.ContainsKey(inviterId) || (channel.Broadcast && !May(inviterId, channel.Peer, AdminRights.InviteUsers)))
                throw TelegramRefusal.Forbidden("CHAT_ADMIN_REQUIRED");
            _ = PersonOf(userId);
            if (!channel.Members.ContainsKey(userId))
                Commit(new ChannelJoined(channelId, userId, UnixNow, inviterId));
        }
    }

    private void RequireBotMayWrite(Person bot, long userId)
    {
        if (_state.People[userId].Bot is not null)
            throw TelegramRefusal.Forbidden("USER_IS_BOT");
        if (!bot.Box.Dialogs.ContainsKey(PeerRef.User(userId)))
            throw TelegramRefusal.Forbidden("USER_BOT_NOT_STARTED");
        if (_state.People[userId].IsDeleted)
            throw TelegramRefusal.Forbidden("INPUT_USER_DEACTIVATED");
        if (_state.People[userId].Blocked.Contains(bot.Id))
            throw TelegramRefusal.Forbidden("USER_IS_BLOCKED");
    }

    private void ChangeBot(long botId, Func<BotChanged, BotChanged> change)
    {
        lock (_gate)
        {
            var bot = PersonOf(botId).Bot ?? throw TelegramRefusal.BadRequest("BOT_INVALID");
            Commit(change(new BotChanged(botId, bot.Secret, bot.ReadsAllGroupMessages, bot.Webhook, bot.AllowedUpdates)));
        }
    }

    private string BotSecret() => string.Concat(RandomBytes(SecretLength).Select(value => SecretAlphabet[value % SecretAlphabet.Length]));

    private static bool IsUsernameCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';
}
