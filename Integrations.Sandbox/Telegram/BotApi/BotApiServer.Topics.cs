using System.Globalization;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Forum topics (https://core.telegram.org/bots/api#createforumtopic).</summary>
internal sealed partial class BotApiServer
{
    private static readonly int[] IconColors = [7322096, 16766590, 13338331, 9367192, 16749490, 16478047];

    private JsonObject CreateTopic(BotCall call)
    {
        var forum = RequireForum(call);
        var name = call.Request.Required("name", "topic name must be non-empty");
        var color = (int?)call.Request.Number("icon_color") ?? IconColors[0];
        if (!IconColors.Contains(color))
            throw BotApiRefusal.BadRequest("wrong icon_color specified");
        var topic = _world.CreateTopic(call.Person.Id, forum.Id, name, color, IconOf(call), null, null);
        var told = new JsonObject { ["message_thread_id"] = topic.Message.Id, ["name"] = name, ["icon_color"] = color };
        if (call.Request.Text("icon_custom_emoji_id") is { Length: > 0 } icon)
            told["icon_custom_emoji_id"] = icon;
        return told;
    }

    private JsonValue EditTopic(BotCall call, int? topicId, bool? closed, bool? hidden)
    {
        var forum = RequireForum(call);
        var id = topicId ?? (int)(call.Request.Number("message_thread_id") ?? throw BotApiRefusal.BadRequest("message thread not found"));
        if (topicId is null && (id == ForumTopicState.General || !forum.Topics.TryGetValue(id, out var topic) || topic.Deleted))
            throw BotApiRefusal.BadRequest("message thread not found");
        var isChange = closed is null && hidden is null;
        var name = isChange && call.Request.Text("name") is { Length: > 0 } given ? given : null;
        // Who hides the general topic closes it.
        _world.EditTopic(call.Person.Id, forum.Id, id, name, isChange ? IconOf(call) : null, closed ?? (hidden is true ? true : null), hidden, null);
        return JsonValue.Create(true);
    }

    private JsonValue DeleteTopic(BotCall call)
    {
        var forum = RequireForum(call);
        _world.DeleteTopic(call.Person.Id, forum.Id, RequireThread(forum.Peer, call.Request.Number("message_thread_id") ?? 0), null);
        return JsonValue.Create(true);
    }

    private JsonValue UnpinTopic(BotCall call)
    {
        var forum = RequireForum(call);
        var topic = RequireThread(forum.Peer, call.Request.Number("message_thread_id") ?? 0);
        return UnpinAll(call, message => message.TopicId == topic);
    }

    private ChannelRoom RequireForum(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        return peer.Kind is PeerKind.Channel && _world.FindChannel(peer.Id) is { Forum: true } forum
            ? forum
            : throw BotApiRefusal.BadRequest("the chat is not a forum");
    }

    private static long? IconOf(BotCall call) =>
        long.TryParse(call.Request.Text("icon_custom_emoji_id"), NumberStyles.None, CultureInfo.InvariantCulture, out var icon) ? icon : null;
}
