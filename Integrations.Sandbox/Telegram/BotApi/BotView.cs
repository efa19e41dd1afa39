using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.Server;
using Integrations.Sandbox.Telegram.World;
// The protocol has types of these names too.
using JsonArray = System.Text.Json.Nodes.JsonArray;
using JsonObject = System.Text.Json.Nodes.JsonObject;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>The world as one bot is shown it, in the Bot API's own shapes (https://core.telegram.org/bots/api#available-types).</summary>
internal sealed class BotView(TelegramWorld world, long botId)
{
    private const int AccentColors = 7;
    private const int MostReactions = 11;

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
                if (channel.Forum)
                    chat["is_forum"] = true;
                if (channel.Username is { } name)
                    chat["username"] = name;
                break;
            default:
                throw BotApiRefusal.BadRequest("chat not found");
        }

        return chat;
    }

    /// <summary>A room or person with all that <c>getChat</c> tells.</summary>
    public JsonObject FullChat(Person viewer, PeerRef peer)
    {
        var chat = Chat(peer);
        if (chat["username"] is { } name)
            chat["active_usernames"] = new JsonArray(name.DeepClone());
        chat["accent_color_id"] = (int)(peer.Id % AccentColors);
        chat["max_reaction_count"] = MostReactions;
        var room = peer.Kind is PeerKind.Channel ? world.FindChannel(peer.Id) : null;
        if (peer.Kind is not PeerKind.User && room is not { Broadcast: true })
            chat["permissions"] = BotRights.Permissions(room?.DefaultLimits ?? MemberLimits.None);
        if (room is { About.Length: > 0 })
            chat["description"] = room.About;
        if (room is { SlowModeSeconds: > 0 })
            chat["slow_mode_delay"] = room.SlowModeSeconds;
        if (world.Pinned(viewer.Id, peer) is [var pinned, ..])
            chat["pinned_message"] = Message(pinned, room?.Box ?? viewer.Box);
        return chat;
    }

    /// <summary>Somebody's place in a room.</summary>
    public static JsonObject Member(Person person, Membership place, bool isChannel)
    {
        var member = new JsonObject { ["user"] = User(person), ["status"] = Status(place.Rank) };
        switch (place.Rank)
        {
            case MemberRank.Creator:
                member["is_anonymous"] = false;
                break;
            case MemberRank.Administrator:
                member["can_be_edited"] = false;
                member["is_anonymous"] = place.Rights.HasFlag(AdminRights.Anonymous);
                BotRights.Tell(member, place.Rights, isChannel);
                if (place.Title is { } title)
                    member["custom_title"] = title;
                break;
            case MemberRank.Restricted:
                member["is_member"] = true;
                foreach (var (name, may) in BotRights.Permissions(place.Limits))
                    member[name] = may!.DeepClone();
                member["until_date"] = place.UntilDate;
                break;
            case MemberRank.Kicked:
                member["until_date"] = place.UntilDate;
                break;
            default:
                break;
        }

        return member;
    }

    /// <summary>A message as a bot that may see it is told it.</summary>
    /// <param name="box">Where its number counts, for the message that it answers; null leaves that out.</param>
    public JsonObject Message(StoredMessage message, MessageBox? box)
    {
        var told = new JsonObject { ["message_id"] = message.Id };
        var room = message.Peer.Kind is PeerKind.Channel ? world.FindChannel(message.Peer.Id) : null;
        var isPost = room is { Broadcast: true };
        if (isPost)
            told["sender_chat"] = Chat(message.Peer);
        else if (world.FindPerson(message.FromId) is { } from)
            told["from"] = User(from);
        told["chat"] = Chat(message.Peer);
        told["date"] = message.Date;
        if (message.EditDate is { } edited)
            told["edit_date"] = edited;
        if (message.TopicId is { } topic)
        {
            told["message_thread_id"] = topic;
            told["is_topic_message"] = true;
        }

        // What stands in a topic answers the message that began it, unless it answers another one.
        var answers = message.ReplyTo ?? (message.TopicId == message.Id ? null : message.TopicId);
        if (answers is { } replyTo && message.Action is not ServiceAction.Pinned && box?.Find(replyTo) is { } answered)
            told["reply_to_message"] = Message(answered, box: null);
        if (message.Action is { } action)
            Tell(told, action, message, box, isPost);
        else
            TellContent(told, message);
        if (message.Keyboard is { } keyboard)
            told["reply_markup"] = BotKeyboards.Tell(keyboard);
        return told;
    }

    private void TellContent(JsonObject told, StoredMessage message)
    {
        if (message.Forward is { } forward)
            told["forward_origin"] = Origin(forward);
        if (message.GroupedId is { } album)
            told["media_group_id"] = album.ToString(CultureInfo.InvariantCulture);
        var file = message.FileId is { } fileId ? world.FindFile(fileId) : null;
        if (file is not null)
            new BotMedia(world, botId).Tell(told, file);
        if (file is not null && message.Text.Length == 0)
            return;
        told[file is null ? "text" : "caption"] = message.Text;
        if (Entities(message) is { Count: > 0 } entities)
            told[file is null ? "entities" : "caption_entities"] = entities;
    }

    private JsonObject Origin(ForwardedFrom forward)
    {
        var origin = new JsonObject { ["date"] = forward.Date };
        if (forward.Channel is { } channel)
        {
            origin["type"] = "channel";
            origin["chat"] = Chat(PeerRef.Channel(channel));
            origin["message_id"] = forward.Post;
        }
        else if (forward.FromId is { } id && world.FindPerson(id) is { } person)
        {
            origin["type"] = "user";
            origin["sender_user"] = User(person);
        }

        return origin;
    }

    private void Tell(JsonObject told, ServiceAction action, StoredMessage message, MessageBox? box, bool isPost)
    {
        switch (action)
        {
            case ServiceAction.GroupCreated:
                told["group_chat_created"] = true;
                break;
            case ServiceAction.ChannelCreated:
                told[isPost ? "channel_chat_created" : "supergroup_chat_created"] = true;
                break;
            case ServiceAction.Joined when world.FindPerson(message.Facts?.UserId ?? message.FromId) is { } joined:
                told["new_chat_members"] = new JsonArray(User(joined));
                break;
            case ServiceAction.Left when world.FindPerson(message.Facts?.UserId ?? message.FromId) is { } left:
                told["left_chat_member"] = User(left);
                break;
            case ServiceAction.TopicCreated:
                told["forum_topic_created"] = Topic(message, message.Facts?.IconColor);
                break;
            case ServiceAction.TopicEdited:
                told["forum_topic_edited"] = Topic(message, null);
                break;
            case ServiceAction.TopicClosed:
                told["forum_topic_closed"] = new JsonObject();
                break;
            case ServiceAction.TopicReopened:
                told["forum_topic_reopened"] = new JsonObject();
                break;
            case ServiceAction.TopicHidden:
                told["general_forum_topic_hidden"] = new JsonObject();
                break;
            case ServiceAction.TopicShown:
                told["general_forum_topic_unhidden"] = new JsonObject();
                break;
            case ServiceAction.Pinned when message.ReplyTo is { } id && box?.Find(id) is { } pinned:
                told["pinned_message"] = Message(pinned, box: null);
                break;
            case ServiceAction.MigratedTo when message.Facts?.RoomId is { } to:
                told["migrate_to_chat_id"] = BotChatId.From(PeerRef.Channel(to));
                break;
            case ServiceAction.MigratedFrom when message.Facts?.RoomId is { } before:
                told["migrate_from_chat_id"] = BotChatId.From(PeerRef.Group(before));
                break;
            default:
                break;
        }
    }

    private static JsonObject Topic(StoredMessage message, int? color)
    {
        var topic = new JsonObject();
        if (message.Text.Length > 0)
            topic["name"] = message.Text;
        if (color is { } iconColor)
            topic["icon_color"] = iconColor;
        if (message.Facts?.IconEmojiId is { } icon)
            topic["icon_custom_emoji_id"] = icon.ToString(CultureInfo.InvariantCulture);
        return topic;
    }

    private static string Status(MemberRank rank) => rank switch
    {
        MemberRank.Creator => "creator",
        MemberRank.Member => "member",
        MemberRank.Left => "left",
        MemberRank.Restricted => "restricted",
        MemberRank.Administrator => "administrator",
        MemberRank.Kicked => "kicked",
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
