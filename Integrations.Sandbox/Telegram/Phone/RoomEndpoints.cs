using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Sandbox.Telegram.World;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>A room to make.</summary>
/// <param name="Kind"><c>group</c>, <c>supergroup</c> or <c>channel</c>.</param>
/// <param name="Title">1 to 128 characters.</param>
/// <param name="About">At most 255 characters; a basic group has none.</param>
/// <param name="Topics">True sorts the messages of a supergroup into topics.</param>
/// <param name="Members">Ids of those who are in it from the beginning.</param>
public sealed record RoomBody(string? Kind, string? Title, string? About, bool? Topics, long[]? Members);

/// <summary>Somebody to bring into a room, by one of the two.</summary>
/// <param name="UserId">Telegram's user id.</param>
/// <param name="Username">The public name, with or without the at sign.</param>
public sealed record InviteBody(long? UserId, string? Username);

/// <summary>What somebody may do in a room from now on; exactly one of the two.</summary>
/// <param name="Rights">Of an administrator, in the Bot API's words; none makes a member of one.</param>
/// <param name="MayWrite">False restricts a member of a supergroup.</param>
public sealed record MemberChange(string[]? Rights, bool? MayWrite);

/// <summary>A room to join.</summary>
/// <param name="Link"><c>https://t.me/+…</c>, or a public name.</param>
public sealed record JoinBody(string? Link);

/// <summary>What is changed about a room.</summary>
/// <param name="Topics">True sorts the messages of a supergroup into topics, false no longer does.</param>
public sealed record RoomChange(bool? Topics);

/// <summary>A topic to begin.</summary>
/// <param name="Title">1 to 128 characters.</param>
/// <param name="Color">Of its icon: six hexadecimal digits.</param>
public sealed record TopicBody(string? Title, string? Color);

/// <summary>What is changed about a topic; what is null stays.</summary>
/// <param name="Title">1 to 128 characters.</param>
/// <param name="Closed">True lets only administrators write in it.</param>
public sealed record TopicChange(string? Title, bool? Closed);

/// <summary>A link by which people join.</summary>
public sealed record InviteLink(string Link);

/// <summary>Groups, supergroups, channels and topics over HTTP.</summary>
internal static class RoomEndpoints
{
    public static void MapPhoneRooms(this RouteGroupBuilder people)
    {
        people.MapPost("/{id:long}/rooms", MakeRoom).WithName("MakeRoom").WithSummary("Make a group, a supergroup or a channel.").ProducesProblem(400);
        people.MapPost("/{id:long}/joined", Join).WithName("JoinRoom").WithSummary("Join by an invite link or a public name.").ProducesProblem(409);
        people.MapGet("/{id:long}/find", Find).WithName("FindPeer").WithSummary("People, bots and public rooms by a piece of their name.");

        var room = people.MapGroup("/{id:long}/chats/{peer}").ProducesProblem(400).ProducesProblem(403);
        room.MapGet("", GetRoom).WithName("GetRoom").WithSummary("A room, with what this person may do in it.");
        room.MapPatch("", ChangeRoom).WithName("ChangeRoom").WithSummary("Sort a supergroup's messages into topics, or not any more.");
        room.MapGet("/members", ListMembers).WithName("ListMembers").WithSummary("Who is in a room, administrators first.");
        room.MapPost("/members", Invite).WithName("Invite").WithSummary("Bring somebody, a bot for instance, into a room.");
        room.MapPatch("/members/{member:long}", ChangeMember).WithName("ChangeMember").WithSummary("Promote, demote or restrict somebody.");
        room.MapDelete("/members/{member:long}", Remove).WithName("RemoveMember").WithSummary("Remove somebody, or leave.");
        room.MapPost("/invite", MakeInviteLink).WithName("MakeInviteLink").WithSummary("Make a link by which people join.");
        room.MapGet("/topics", ListTopics).WithName("ListTopics").WithSummary("Topics, those with the newest messages first.");
        room.MapPost("/topics", MakeTopic).WithName("MakeTopic").WithSummary("Begin a topic.");
        room.MapPatch("/topics/{topic:int}", ChangeTopic).WithName("ChangeTopic").WithSummary("Rename, close or reopen a topic.");
        room.MapDelete("/topics/{topic:int}", DeleteTopic).WithName("DeleteTopic").WithSummary("Delete a topic with all that was said in it.");
    }

    private static Created<PhoneRoom> MakeRoom(long id, RoomBody body, SandboxTelegram telegram) => TypedResults.Created(
        (string?)null,
        PhoneEndpoints.Phone(telegram, id).MakeRoom(body.Kind ?? "", body.Title ?? "", body.About ?? "", body.Topics is true, body.Members ?? []));

    private static PhoneRoom Join(long id, JoinBody body, SandboxTelegram telegram) => PhoneEndpoints.Phone(telegram, id).Join(body.Link ?? "");

    private static IReadOnlyList<PhoneFound> Find(long id, SandboxTelegram telegram, [Description("A piece of a name or a public name.")] string name = "") =>
        PhoneEndpoints.Phone(telegram, id).Find(name);

    private static PhoneRoom GetRoom(long id, string peer, SandboxTelegram telegram) =>
        PhoneEndpoints.Phone(telegram, id).Room(PhoneEndpoints.Peer(peer));

    private static PhoneRoom ChangeRoom(long id, string peer, RoomChange body, SandboxTelegram telegram)
    {
        var phone = PhoneEndpoints.Phone(telegram, id);
        if (body.Topics is { } topics)
            phone.ToggleForum(PhoneEndpoints.Peer(peer), topics);
        return phone.Room(PhoneEndpoints.Peer(peer));
    }

    private static IReadOnlyList<PhoneMember> ListMembers(long id, string peer, SandboxTelegram telegram) =>
        PhoneEndpoints.Phone(telegram, id).Members(PhoneEndpoints.Peer(peer));

    private static NoContent Invite(long id, string peer, InviteBody body, SandboxTelegram telegram)
    {
        var phone = PhoneEndpoints.Phone(telegram, id);
        if (body.Username is { Length: > 0 } username)
            phone.Invite(PhoneEndpoints.Peer(peer), username);
        else
            phone.Invite(PhoneEndpoints.Peer(peer), body.UserId ?? 0);
        return TypedResults.NoContent();
    }

    private static NoContent ChangeMember(long id, string peer, long member, MemberChange body, SandboxTelegram telegram)
    {
        var phone = PhoneEndpoints.Phone(telegram, id);
        switch (body)
        {
            case { Rights: { } rights, MayWrite: null }:
                if (rights.Except(BotRights.Names(AdminRights.All)).FirstOrDefault() is { } unknown)
                    throw new ValidationException(new ValidationResult($"There is no right {unknown}.", ["rights"]), null, null);
                phone.Promote(PhoneEndpoints.Peer(peer), member, rights);
                break;
            case { Rights: null, MayWrite: { } mayWrite }:
                phone.Restrict(PhoneEndpoints.Peer(peer), member, mayWrite);
                break;
            default:
                throw new ValidationException(new ValidationResult("Give either rights or may_write.", ["rights", "may_write"]), null, null);
        }

        return TypedResults.NoContent();
    }

    private static NoContent Remove(long id, string peer, long member, SandboxTelegram telegram)
    {
        PhoneEndpoints.Phone(telegram, id).Remove(PhoneEndpoints.Peer(peer), member);
        return TypedResults.NoContent();
    }

    private static InviteLink MakeInviteLink(long id, string peer, SandboxTelegram telegram) =>
        new(PhoneEndpoints.Phone(telegram, id).MakeInviteLink(PhoneEndpoints.Peer(peer)));

    private static IReadOnlyList<PhoneTopic> ListTopics(long id, string peer, SandboxTelegram telegram) =>
        PhoneEndpoints.Phone(telegram, id).Topics(PhoneEndpoints.Peer(peer));

    private static Created<PhoneTopic> MakeTopic(long id, string peer, TopicBody body, SandboxTelegram telegram) =>
        TypedResults.Created((string?)null, PhoneEndpoints.Phone(telegram, id).MakeTopic(PhoneEndpoints.Peer(peer), body.Title ?? "", body.Color));

    private static NoContent ChangeTopic(long id, string peer, int topic, TopicChange body, SandboxTelegram telegram)
    {
        PhoneEndpoints.Phone(telegram, id).ChangeTopic(PhoneEndpoints.Peer(peer), topic, body.Title, body.Closed);
        return TypedResults.NoContent();
    }

    private static NoContent DeleteTopic(long id, string peer, int topic, SandboxTelegram telegram)
    {
        PhoneEndpoints.Phone(telegram, id).DeleteTopic(PhoneEndpoints.Peer(peer), topic);
        return TypedResults.NoContent();
    }
}
