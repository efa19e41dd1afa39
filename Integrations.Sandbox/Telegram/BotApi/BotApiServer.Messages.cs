using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Sending, changing, deleting, pinning; and what people's pressing of buttons is answered with.</summary>
internal sealed partial class BotApiServer
{
    private const int DeletedAtOnce = 100;
    private const int AnswerMax = 200;

    private JsonObject SendMessage(BotCall call)
    {
        var peer = Chat(call);
        _ = call.Request.Required("text", "message text is empty");
        var text = BotText.Read(call.Request, "text");
        return Send(call, Addressed(call, peer) with { Text = text.Text, Entities = text.Entities });
    }

    private JsonObject Send(BotCall call, Draft draft)
    {
        _limits.Take(call.Person.Id, draft.Peer, 1);
        return View(call).Message(_world.Send(call.Person.Id, draft, null).Message, BoxOf(call.Person, draft.Peer));
    }

    /// <summary>What every method that sends reads: where, in which topic, in answer to what, with which buttons.</summary>
    private Draft Addressed(BotCall call, PeerRef peer)
    {
        RequireMayPost(call, peer);
        var reply = ReplyOf(call, peer);
        var thread = call.Request.Number("message_thread_id") is { } number and not 0 ? RequireThread(peer, number) : (int?)null;
        var isTopic = peer.Kind is PeerKind.Channel && _world.FindChannel(peer.Id)!.Forum;
        return new Draft
        {
            Peer = peer,
            Text = "",
            ReplyTo = reply ?? (isTopic ? null : thread),
            TopicId = isTopic ? thread : null,
            Keyboard = BotKeyboards.Read(call.Request),
        };
    }

    private int? ReplyOf(BotCall call, PeerRef peer)
    {
        var parameters = call.Request.Json("reply_parameters") is { ValueKind: JsonValueKind.Object } given ? given : (JsonElement?)null;
        var reply = parameters is { } with && with.TryGetProperty("message_id", out var id) && id.TryGetInt32(out var number)
            ? number
            : (int?)call.Request.Number("reply_to_message_id");
        var mayDoWithout = call.Request.Flag("allow_sending_without_reply")
            || (parameters is { } also && also.TryGetProperty("allow_sending_without_reply", out var without) && without.ValueKind is JsonValueKind.True);
        return reply is { } target && mayDoWithout && BoxOf(call.Person, peer).Find(target)?.Peer != peer ? null : reply;
    }

    /// <summary>The topic, or in other supergroups the message that a thread began with. The general topic has no number here.</summary>
    private int RequireThread(PeerRef peer, long thread)
    {
        var room = peer.Kind is PeerKind.Channel ? _world.FindChannel(peer.Id) : null;
        var isThere = room is { Forum: true }
            ? thread != ForumTopicState.General && room.Topics.TryGetValue((int)thread, out var topic) && !topic.Deleted
            : room is { Broadcast: false } && room.Box.Find((int)thread) is not null;
        return isThere ? (int)thread : throw BotApiRefusal.BadRequest("message thread not found");
    }

    /// <summary>Tells apart why a bot may not write in a channel, which the protocol does not.</summary>
    private void RequireMayPost(BotCall call, PeerRef peer)
    {
        _ = Visible(call, peer);
        if (call.Room is "channel" && _world.PlaceOf(call.Person.Id, peer).Rank is not MemberRank.Left
            && !_world.May(call.Person.Id, peer, AdminRights.PostMessages))
            throw BotApiRefusal.BadRequest("need administrator rights in the channel chat");
    }

    private JsonObject EditMessage(BotCall call, string? textName)
    {
        var peer = Visible(call, Chat(call));
        var id = RequireMessageId(call);
        if (textName is "text")
            _ = call.Request.Required("text", "message text is empty");
        var text = textName is null ? null : BotText.Read(call.Request, textName);
        var message = BoxOf(call.Person, peer).Find(id);
        if (message?.Peer == peer && textName is "text" && message.FileId is not null)
            throw BotApiRefusal.BadRequest("there is no text in the message to edit");
        if (message?.Peer == peer && textName is "caption" && message.FileId is null)
            throw BotApiRefusal.BadRequest("there is no caption in the message to edit");
        var change = new MessageChange(text?.Text, text?.Entities, null, BotKeyboards.Read(call.Request));
        return View(call).Message(_world.Edit(call.Person.Id, peer, id, change, null).Message, BoxOf(call.Person, peer));
    }

    private JsonValue DeleteMessage(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        var id = RequireMessageId(call);
        if (BoxOf(call.Person, peer).Find(id)?.Peer != peer)
            throw BotApiRefusal.BadRequest("message to delete not found");
        Delete(call, peer, [id]);
        return JsonValue.Create(true);
    }

    private JsonValue DeleteMessages(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        var ids = MessageIds(call, DeletedAtOnce);
        var box = BoxOf(call.Person, peer);
        Delete(call, peer, [.. ids.Where(id => box.Find(id)?.Peer == peer)]);
        return JsonValue.Create(true);
    }

    private void Delete(BotCall call, PeerRef peer, IReadOnlyList<int> ids)
    {
        if (peer.Kind is PeerKind.Channel)
            _world.DeleteInChannel(call.Person.Id, peer.Id, ids, null);
        else
            _world.Delete(call.Person.Id, ids, revoke: true, null);
    }

    private JsonValue Pin(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        _world.Pin(call.Person.Id, peer, RequireMessageId(call), pinned: true, ownSideOnly: false, null);
        return JsonValue.Create(true);
    }

    private JsonValue Unpin(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        var id = call.Request.Number("message_id") ?? (_world.Pinned(call.Person.Id, peer) is [var latest, ..] ? latest.Id : null);
        if (id is { } pinned)
            _world.Pin(call.Person.Id, peer, (int)pinned, pinned: false, ownSideOnly: false, null);
        return JsonValue.Create(true);
    }

    private JsonValue UnpinAll(BotCall call, Func<StoredMessage, bool> wanted)
    {
        var peer = Visible(call, Chat(call));
        foreach (var message in _world.Pinned(call.Person.Id, peer).Where(wanted))
            _world.Pin(call.Person.Id, peer, message.Id, pinned: false, ownSideOnly: false, null);
        return JsonValue.Create(true);
    }

    private JsonValue AnswerCallbackQuery(BotCall call)
    {
        var text = call.Request.Text("text");
        if (text is { Length: > AnswerMax })
            throw BotApiRefusal.BadRequest("MESSAGE_TOO_LONG");
        var answer = new ButtonAnswer(text, call.Request.Flag("show_alert"), call.Request.Text("url"), (int)(call.Request.Number("cache_time") ?? 0));
        _world.AnswerPress(call.Person.Id, call.Request.Text("callback_query_id") ?? "", answer);
        return JsonValue.Create(true);
    }

    private static int RequireMessageId(BotCall call) =>
        call.Request.Number("message_id") is > 0 and <= int.MaxValue and var id ? (int)id : throw BotApiRefusal.BadRequest("message identifier is not specified");

    private static int[] MessageIds(BotCall call, int most)
    {
        if (call.Request.Json("message_ids") is not { ValueKind: JsonValueKind.Array } given)
            throw BotApiRefusal.BadRequest("message identifiers are not specified");
        int[] ids = [.. given.EnumerateArray().Select(id => id.TryGetInt32(out var number) ? number : throw BotApiRefusal.BadRequest("invalid message identifier specified"))];
        return ids.Length switch
        {
            0 => throw BotApiRefusal.BadRequest("message identifiers are not specified"),
            _ when ids.Length > most => throw BotApiRefusal.BadRequest("too many message identifiers specified"),
            _ => ids,
        };
    }
}
