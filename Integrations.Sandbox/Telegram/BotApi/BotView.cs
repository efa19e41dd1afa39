using System.Diagnostics;
using System.Text.Json.Nodes;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Server;
using Integrations.Sandbox.Telegram.World;
// The protocol has types of these names too.
using JsonArray = System.Text.Json.Nodes.JsonArray;
using JsonObject = System.Text.Json.Nodes.JsonObject;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>The world in the Bot API's own shapes (https://core.telegram.org/bots/api#available-types).</summary>
internal sealed class BotView(TelegramWorld world)
{
    public static JsonObject User(Person person)
    {
        var user = new JsonObject { ["id"] = person.Id, ["is_bot"] = person.Bot is not null, ["first_name"] = person.FirstName };
        if (person.LastName is { } lastName)
            user["last_name"] = lastName;
        if (person.Username is { } username)
            user["username"] = username;
        return user;
    }

    /// <summary>The bot as <c>getMe</c> shows it to itself.</summary>
    public static JsonObject Me(Person person, Bot bot)
    {
        var me = User(person);
        me["can_join_groups"] = true;
        me["can_read_all_group_messages"] = bot.ReadsAllGroupMessages;
        me["supports_inline_queries"] = false;
        me["can_connect_to_business"] = false;
        me["has_main_web_app"] = false;
        return me;
    }

    public JsonObject Chat(PeerRef peer)
    {
        var chat = new JsonObject { ["id"] = BotChatId.From(peer) };
        switch (peer.Kind)
        {
            case PeerKind.User when world.FindPerson(peer.Id) is { } person:
                chat["type"] = "private";
                chat["first_name"] = person.FirstName;
                if (person.LastName is { } lastName)
                    chat["last_name"] = lastName;
                if (person.Username is { } username)
                    chat["username"] = username;
                break;
            case PeerKind.Group when world.FindGroup(peer.Id) is { } group:
                chat["type"] = "group";
                chat["title"] = group.Title;
                break;
            case PeerKind.Channel when world.FindChannel(peer.Id) is { } channel:
                chat["type"] = channel.Broadcast ? "channel" : "supergroup";
                chat["title"] = channel.Title;
                if (channel.Username is { } name)
                    chat["username"] = name;
                break;
            default:
                throw BotApiRefusal.BadRequest("chat not found");
        }

        return chat;
    }

    /// <summary>A room or person with all that <c>getChat</c> tells.</summary>
    public JsonObject FullChat(PeerRef peer)
    {
        var chat = Chat(peer);
        if (peer.Kind is PeerKind.Channel && world.FindChannel(peer.Id) is { } channel)
        {
            if (channel.About.Length > 0)
                chat["description"] = channel.About;
            if (channel.SlowModeSeconds > 0)
                chat["slow_mode_delay"] = channel.SlowModeSeconds;
        }

        return chat;
    }

    /// <summary>Somebody's place in a room.</summary>
    public static JsonObject Member(Person person, BotRank rank)
    {
        var member = new JsonObject { ["user"] = User(person), ["status"] = Status(rank) };
        if (rank is BotRank.Creator)
            member["is_anonymous"] = false;
        return member;
    }

    /// <summary>A message as a bot that may see it is told it.</summary>
    /// <param name="box">Where its number counts, for the message that it answers; null leaves that out.</param>
    public JsonObject Message(StoredMessage message, MessageBox? box)
    {
        var told = new JsonObject { ["message_id"] = message.Id };
        var isPost = message.Peer.Kind is PeerKind.Channel && world.FindChannel(message.Peer.Id) is { Broadcast: true };
        if (isPost)
            told["sender_chat"] = Chat(message.Peer);
        else if (world.FindPerson(message.FromId) is { } from)
            told["from"] = User(from);
        told["chat"] = Chat(message.Peer);
        told["date"] = message.Date;
        if (message.ReplyTo is { } replyTo && box?.Find(replyTo) is { } answered)
            told["reply_to_message"] = Message(answered, box: null);
        switch (message.Action)
        {
            case null:
                told["text"] = message.Text;
                if (Entities(message) is { Count: > 0 } entities)
                    told["entities"] = entities;
                break;
            case ServiceAction.GroupCreated:
                told["group_chat_created"] = true;
                break;
            case ServiceAction.ChannelCreated:
                told[isPost ? "channel_chat_created" : "supergroup_chat_created"] = true;
                break;
            case ServiceAction.Joined when world.FindPerson(message.FromId) is { } joined:
                told["new_chat_members"] = new JsonArray(User(joined));
                break;
            default:
                break;
        }

        return told;
    }

    private static string Status(BotRank rank) => rank switch
    {
        BotRank.Creator => "creator",
        BotRank.Member => "member",
        BotRank.Left => "left",
        _ => throw new UnreachableException(),
    };

    private static JsonArray Entities(StoredMessage message)
    {
        var told = new JsonArray();
        // Telegram marks commands by itself.
        if (BotCommand.LengthOf(message.Text) is > 0 and var length)
            told.Add((JsonNode)Named("bot_command", 0, length));
        foreach (var entity in View.Entities(message) ?? [])
        {
            if (Entity(entity) is { } known)
                told.Add((JsonNode)known);
        }

        return told;
    }

    private static JsonObject? Entity(MessageEntity entity) => entity switch
    {
        MessageEntityBold e => Named("bold", e.Offset, e.Length),
        MessageEntityItalic e => Named("italic", e.Offset, e.Length),
        MessageEntityUnderline e => Named("underline", e.Offset, e.Length),
        MessageEntityStrike e => Named("strikethrough", e.Offset, e.Length),
        MessageEntitySpoiler e => Named("spoiler", e.Offset, e.Length),
        MessageEntityCode e => Named("code", e.Offset, e.Length),
        MessageEntityPre e => Named("pre", e.Offset, e.Length, "language", e.Language),
        MessageEntityTextUrl e => Named("text_link", e.Offset, e.Length, "url", e.Url),
        MessageEntityUrl e => Named("url", e.Offset, e.Length),
        MessageEntityEmail e => Named("email", e.Offset, e.Length),
        MessageEntityMention e => Named("mention", e.Offset, e.Length),
        MessageEntityHashtag e => Named("hashtag", e.Offset, e.Length),
        MessageEntityBotCommand e => Named("bot_command", e.Offset, e.Length),
        MessageEntityBlockquote e => Named("blockquote", e.Offset, e.Length),
        _ => null,
    };

    private static JsonObject Named(string type, int offset, int length, string? more = null, string? value = null)
    {
        var entity = new JsonObject { ["type"] = type, ["offset"] = offset, ["length"] = length };
        if (more is not null && value is { Length: > 0 })
            entity[more] = value;
        return entity;
    }
}

/// <summary>Somebody's place in a room.</summary>
internal enum BotRank
{
    Left,
    Member,
    Creator,
}
