using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Sending again what was said elsewhere: with its origin, or as one's own.</summary>
internal sealed partial class BotApiServer
{
    private const int CopiedAtOnce = 100;

    private JsonObject CopyMessage(BotCall call)
    {
        var source = Source(call, [RequireMessageId(call)])[0];
        var draft = Again(Addressed(call, Chat(call)), source);
        if (call.Request.Has("caption") && source.FileId is not null)
        {
            var caption = BotText.Read(call.Request, "caption");
            draft = draft with { Text = caption.Text, Entities = caption.Entities };
        }

        _limits.Take(call.Person.Id, draft.Peer, 1);
        return new JsonObject { ["message_id"] = _world.Send(call.Person.Id, draft, null).Message.Id };
    }

    private JsonObject ForwardMessage(BotCall call)
    {
        var source = Source(call, [RequireMessageId(call)])[0];
        return Send(call, Again(Addressed(call, Chat(call)), source) with { Keyboard = null, Forward = OriginOf(source) });
    }

    private JsonArray Several(BotCall call, bool asForward)
    {
        var ids = MessageIds(call, CopiedAtOnce);
        if (!ids.Zip(ids.Skip(1)).All(pair => pair.First < pair.Second))
            throw BotApiRefusal.BadRequest("message identifiers must be in a strictly increasing order");
        var sources = Source(call, ids);
        var address = Addressed(call, Chat(call));
        var albums = sources.Select(source => source.GroupedId).OfType<long>().Distinct().ToDictionary(album => album, _ => _world.NewFileId());
        var withoutCaptions = call.Request.Flag("remove_caption");
        Draft[] drafts =
        [
            .. sources.Select(source =>
            {
                var draft = Again(address, source) with
                {
                    Keyboard = null,
                    GroupedId = source.GroupedId is { } album ? albums[album] : null,
                    Forward = asForward ? OriginOf(source) : null,
                };
                return withoutCaptions && source.FileId is not null ? draft with { Text = "", Entities = null } : draft;
            }),
        ];
        _limits.Take(call.Person.Id, address.Peer, drafts.Length);
        return new JsonArray([.. _world.SendAll(call.Person.Id, drafts, null).Select(sent => (JsonNode)new JsonObject { ["message_id"] = sent.Message.Id })]);
    }

    private static Draft Again(Draft address, StoredMessage source) => address with { Text = source.Text, Entities = source.Entities, FileId = source.FileId };

    /// <summary>Messages of <c>from_chat_id</c>; of several, those that are there and can be sent again.</summary>
    private List<StoredMessage> Source(BotCall call, IReadOnlyList<int> ids)
    {
        var from = Visible(call, Chat(call, "from_chat_id"));
        var box = BoxOf(call.Person, from);
        var found = ids.Select(box.Find).OfType<StoredMessage>().Where(message => message.Peer == from).ToList();
        if (found.Count == 0)
            throw TelegramRefusal.BadRequest("MESSAGE_ID_INVALID");
        var usable = found.Where(message => message.Action is null).ToList();
        var verb = call.Method.StartsWith("COPY", StringComparison.Ordinal) ? "copied" : "forwarded";
        return usable.Count > 0 ? usable : throw BotApiRefusal.BadRequest($"message can't be {verb}");
    }

    private ForwardedFrom OriginOf(StoredMessage message) => message.Forward
        ?? (message.Peer.Kind is PeerKind.Channel && _world.FindChannel(message.Peer.Id) is { Broadcast: true } channel
            ? new ForwardedFrom(null, channel.Id, message.Id, message.Date)
            : new ForwardedFrom(message.FromId, null, null, message.Date));
}
