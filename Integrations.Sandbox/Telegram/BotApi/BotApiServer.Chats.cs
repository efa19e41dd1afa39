using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Rooms, and who is what in them.</summary>
internal sealed partial class BotApiServer
{
    private JsonValue SendChatAction(BotCall call)
    {
        var peer = Chat(call);
        _ = call.Request.Required("action", "wrong parameter action in request");
        _world.ShowTyping(call.Person.Id, peer, stopped: call.Request.Text("action") is "cancel");
        return JsonValue.Create(true);
    }

    private JsonObject GetChatMember(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        var user = RequireUser(call);
        return BotView.Member(user, PlaceOf(user, peer), call.Room is "channel");
    }

    private JsonArray GetChatAdministrators(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        if (peer.Kind is PeerKind.User)
            throw BotApiRefusal.BadRequest("there are no administrators in the private chat");
        var administrators = _world.MembersOf(peer).Order()
            .Select(id => (Person: _world.FindPerson(id)!, Place: _world.PlaceOf(id, peer)))
            .Where(member => member.Place.Rank is MemberRank.Creator or MemberRank.Administrator)
            // Other bots are told of only to those who ask for them.
            .Where(member => member.Person.Bot is null || member.Person.Id == call.Person.Id || call.Request.Flag("return_bots"));
        return new JsonArray([.. administrators.Select(member => (JsonNode)BotView.Member(member.Person, member.Place, call.Room is "channel"))]);
    }

    private JsonValue LeaveChat(BotCall call)
    {
        var peer = Chat(call);
        if (peer.Kind is PeerKind.User)
            throw BotApiRefusal.BadRequest("chat not found");
        if (peer.Kind is PeerKind.Group)
            _world.LeaveGroup(call.Person.Id, Visible(call, peer).Id, null);
        else
            _world.Leave(call.Person.Id, peer.Id, null);
        return JsonValue.Create(true);
    }

    private JsonValue Promote(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        _world.Promote(call.Person.Id, peer, RequireUser(call).Id, BotRights.ReadRights(call.Request), null, null);
        return JsonValue.Create(true);
    }

    private JsonValue Restrict(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        var until = (int)(call.Request.Number("until_date") ?? 0);
        _world.Restrict(call.Person.Id, peer, RequireUser(call).Id, BotRights.ReadPermissions(call.Request), until, null);
        return JsonValue.Create(true);
    }

    private JsonValue Ban(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        _world.Ban(call.Person.Id, peer, RequireUser(call).Id, (int)(call.Request.Number("until_date") ?? 0), null);
        return JsonValue.Create(true);
    }

    private JsonValue Unban(BotCall call)
    {
        var peer = Visible(call, Chat(call));
        _world.Unban(call.Person.Id, peer, RequireUser(call).Id, null);
        return JsonValue.Create(true);
    }

    private JsonValue SetPermissions(BotCall call)
    {
        _world.SetDefaultLimits(call.Person.Id, Visible(call, Chat(call)), BotRights.ReadPermissions(call.Request));
        return JsonValue.Create(true);
    }

    private Person RequireUser(BotCall call)
    {
        var id = call.Request.Number("user_id") ?? throw BotApiRefusal.BadRequest("invalid user_id specified");
        return _world.FindPerson(id) ?? throw BotApiRefusal.BadRequest("user not found");
    }

    private Membership PlaceOf(Person user, PeerRef peer) => peer.Kind is PeerKind.User ? Membership.Member : _world.PlaceOf(user.Id, peer);

    private PeerRef Chat(BotCall call) => Chat(call, "chat_id");

    private PeerRef Chat(BotCall call, string name)
    {
        var peer = BotChatId.Parse(call.Request.Required(name, $"{name} is empty"), _world);
        call.Room = peer.Kind switch
        {
            PeerKind.Group => "group",
            PeerKind.Channel => _world.FindChannel(peer.Id)?.Broadcast is true ? "channel" : "supergroup",
            _ => "user",
        };
        return peer;
    }

    /// <summary>A chat that the bot has met: people who wrote to it, rooms that it is in, rooms with a public name.</summary>
    private PeerRef Visible(BotCall call, PeerRef peer)
    {
        if (peer.Kind is not PeerKind.User && _world.PlaceOf(call.Person.Id, peer).Rank is MemberRank.Kicked)
            throw new BotApiRefusal(403, $"Forbidden: bot was kicked from the {call.Room} chat");
        if (peer.Kind is PeerKind.Group && _world.FindGroup(peer.Id) is { } group)
        {
            // A group that it was in is one that it knows.
            if (!group.Members.Contains(call.Person.Id) && call.Person.Box.Dialogs.ContainsKey(peer))
                throw new BotApiRefusal(403, "Forbidden: bot is not a member of the group chat");
            if (group.MigratedTo is { } room && group.Members.Contains(call.Person.Id) && !call.Method.StartsWith("GET", StringComparison.Ordinal))
                throw BotApiRefusal.Migrated(room);
        }

        _world.RequirePeer(call.Person, peer);
        return peer.Kind is PeerKind.User && !call.Person.Box.Dialogs.ContainsKey(peer) && _world.FindPerson(peer.Id)?.Bot is null
            ? throw BotApiRefusal.BadRequest("chat not found")
            : peer;
    }

    /// <summary>The world as this bot is shown it.</summary>
    private BotView View(BotCall call) => new(_world, call.Person.Id);

    private MessageBox BoxOf(Person person, PeerRef peer) => peer.Kind is PeerKind.Channel ? _world.FindChannel(peer.Id)!.Box : person.Box;
}
