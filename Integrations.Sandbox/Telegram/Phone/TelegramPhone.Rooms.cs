using System.Globalization;
using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>Groups, supergroups and channels, and the topics of those that have them.</summary>
public sealed partial class TelegramPhone
{
    private const int FoundMax = 50;

    private const AdminRights InRooms = AdminRights.ChangeInfo | AdminRights.DeleteMessages | AdminRights.BanUsers | AdminRights.InviteUsers
        | AdminRights.AddAdmins | AdminRights.ManageVideoChats;

    private const AdminRights InChannels = InRooms | AdminRights.PostMessages | AdminRights.EditMessages | AdminRights.PostStories | AdminRights.EditStories
        | AdminRights.DeleteStories;

    private const AdminRights InSupergroups = InRooms | AdminRights.PinMessages | AdminRights.ManageTopics;

    /// <summary>Makes a basic group, a supergroup or a channel.</summary>
    /// <param name="kind"><c>group</c>, <c>supergroup</c> or <c>channel</c>.</param>
    /// <param name="title">1 to 128 characters.</param>
    /// <param name="about">At most 255 characters; a basic group has none.</param>
    /// <param name="topics">True sorts the messages of a supergroup into topics.</param>
    /// <param name="memberIds">Who is in it from the beginning, besides this person.</param>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public PhoneRoom MakeRoom(string kind, string title, string about = "", bool topics = false, params IReadOnlyList<long> memberIds) => Room(kind switch
    {
        "group" => PeerRef.Group(_world.MakeGroup(_userId, title, [.. memberIds]).Id),
        "supergroup" => _world.MakeChannel(_userId, title, about, broadcast: false, topics, [.. memberIds]).Peer,
        "channel" => _world.MakeChannel(_userId, title, about, broadcast: true, topics, [.. memberIds]).Peer,
        _ => throw TelegramRefusal.BadRequest("CHANNEL_INVALID"),
    });

    /// <summary>A room, with what this person may do there.</summary>
    /// <exception cref="TelegramRefusal">This person does not see it.</exception>
    public PhoneRoom Room(PeerRef peer)
    {
        _world.RequirePeer(Person, peer);
        var place = _world.PlaceOf(_userId, peer);
        var channel = peer.Kind switch
        {
            PeerKind.Group => null,
            PeerKind.Channel => _world.FindChannel(peer.Id),
            _ => throw TelegramRefusal.BadRequest("CHANNEL_INVALID"),
        };
        var grantable = channel switch { null => AdminRights.None, { Broadcast: true } => InChannels, _ => InSupergroups };
        return new PhoneRoom(
            peer.ToString(), KindOf(peer), TitleOf(peer), channel?.About ?? "", channel?.Username, channel?.Forum == true, _world.MembersOf(peer).Count,
            RankOf(place), BotRights.Names(place.Rights & grantable), BotRights.Names(grantable),
            _world.May(_userId, peer, AdminRights.InviteUsers) && _world.NewestInvite(peer) is { } invite ? LinkOf(invite) : null);
    }

    /// <summary>Everybody in a room, administrators first. Of a channel only its administrators see that.</summary>
    /// <exception cref="TelegramRefusal">This person does not see it.</exception>
    public IReadOnlyList<PhoneMember> Members(PeerRef peer)
    {
        var room = Room(peer);
        var isHidden = room.Kind == "channel" && room.Rank is not ("creator" or "administrator");
        return
        [
            .. _world.MembersOf(peer).Select(id => (Place: _world.PlaceOf(id, peer), Person: _world.FindPerson(id)!))
                .Where(member => !isHidden || member.Place.Rank is MemberRank.Creator or MemberRank.Administrator || member.Person.Id == _userId)
                .OrderBy(member => member.Place.Rank switch { MemberRank.Creator => 0, MemberRank.Administrator => 1, _ => 2 })
                .ThenBy(member => member.Person.Id)
                .Select(member => new PhoneMember(
                    member.Person.Id, NameOf(member.Person.Id), member.Person.Username, member.Person.Bot is not null, RankOf(member.Place),
                    BotRights.Names(member.Place.Rights & (room.Kind == "channel" ? InChannels : InSupergroups)),
                    !member.Place.Limits.HasFlag(MemberLimits.SendMessages))),
        ];
    }

    /// <summary>Brings somebody, a bot for instance, into a room.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Invite(PeerRef peer, long userId)
    {
        switch (peer.Kind)
        {
            case PeerKind.Group:
                _world.InviteToGroup(_userId, peer.Id, userId, null);
                break;
            case PeerKind.Channel:
                _world.Invite(_userId, peer.Id, userId);
                break;
            default:
                throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
        }
    }

    /// <summary>Brings somebody into a room by public name.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it; <c>USERNAME_NOT_OCCUPIED</c> where nobody has the name.</exception>
    public void Invite(PeerRef peer, string username) =>
        Invite(peer, _world.FindUsername(username.Trim().TrimStart('@')) is { Kind: PeerKind.User } found ? found.Id : throw TelegramRefusal.BadRequest("USERNAME_NOT_OCCUPIED"));

    /// <summary>Removes somebody from a room, or leaves it.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Remove(PeerRef peer, long userId)
    {
        _ = Room(peer);
        switch (peer.Kind)
        {
            case PeerKind.Group when userId == _userId:
                _world.LeaveGroup(_userId, peer.Id, null);
                break;
            case PeerKind.Channel when userId == _userId:
                _world.Leave(_userId, peer.Id, null);
                break;
            default:
                Ban(peer, userId);
                break;
        }
    }

    /// <summary>Lets a member of a supergroup write, or not.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void Restrict(PeerRef peer, long userId, bool mayWrite) =>
        _world.Restrict(_userId, peer, userId, mayWrite ? MemberLimits.None : MemberLimits.SendMessages, 0, null);

    /// <summary>Makes a link by which people join.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public string MakeInviteLink(PeerRef peer) => LinkOf(_world.MakeInvite(_userId, peer));

    /// <summary>Joins by a link (<c>https://t.me/+…</c>) or a public name.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public PhoneRoom Join(string link)
    {
        var name = link.Trim().TrimEnd('/').Split('/')[^1];
        if (name.StartsWith('+') || link.Contains("/joinchat/", StringComparison.OrdinalIgnoreCase))
            return Room(_world.JoinByInvite(_userId, name.TrimStart('+'), null));
        return _world.FindUsername(name.TrimStart('@')) is { Kind: PeerKind.Channel } peer
            ? Room(_world.Join(_userId, peer.Id, null).Peer)
            : throw TelegramRefusal.BadRequest("USERNAME_NOT_OCCUPIED");
    }

    /// <summary>People, bots and public rooms by a piece of their name.</summary>
    public IReadOnlyList<PhoneFound> Find(string text) =>
        [.. _world.Search(text.Trim().TrimStart('@'), FoundMax).Where(peer => peer != PeerRef.User(_userId)).Select(peer => peer.Kind == PeerKind.User
            ? new PhoneFound(peer.ToString(), "private", NameOf(peer.Id), _world.FindPerson(peer.Id)!.Username, _world.FindPerson(peer.Id)!.Bot is not null, false)
            : new PhoneFound(peer.ToString(), KindOf(peer), TitleOf(peer), _world.FindChannel(peer.Id)!.Username, false, _world.IsMember(_userId, peer)))];

    /// <summary>The topics of a supergroup, those with the newest messages first.</summary>
    /// <exception cref="TelegramRefusal"><c>CHANNEL_FORUM_MISSING</c>: it has none.</exception>
    public IReadOnlyList<PhoneTopic> Topics(PeerRef peer)
    {
        var mayManage = _world.May(_userId, peer, AdminRights.ManageTopics);
        var mayDelete = _world.May(_userId, peer, AdminRights.DeleteMessages);
        var mayWrite = MayWrite(peer, _world.FindChannel(peer.Id));
        return
        [
            .. _world.Topics(_userId, Forum(peer)).Select(view =>
            {
                var topic = view.Topic;
                var mayChange = mayManage || topic.CreatorId == _userId;
                return new PhoneTopic(
                    topic.Id, topic.Title, topic.IconColor.ToString("x6", CultureInfo.InvariantCulture), topic.Closed, mayChange,
                    mayDelete && topic.Id != ForumTopicState.General, mayWrite && (!topic.Closed || mayChange), view.Unread, view.Top is null ? null : Show(view.Top));
            }),
        ];
    }

    /// <summary>Begins a topic.</summary>
    /// <param name="peer">The supergroup.</param>
    /// <param name="title">1 to 128 characters.</param>
    /// <param name="color">Of its icon: six hexadecimal digits.</param>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public PhoneTopic MakeTopic(PeerRef peer, string title, string? color = null)
    {
        var number = int.TryParse(color, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var parsed) ? parsed : (int?)null;
        var sent = _world.CreateTopic(_userId, Forum(peer), title.Trim(), number, null, null, null);
        return Topics(peer).First(topic => topic.Id == sent.Message.Id);
    }

    /// <summary>Renames, closes or reopens a topic; what is null stays.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void ChangeTopic(PeerRef peer, int topic, string? title, bool? closed)
    {
        var channel = Forum(peer);
        if (title is not null)
            _world.EditTopic(_userId, channel, topic, title.Trim(), null, null, null, null);
        if (closed is not null)
            _world.EditTopic(_userId, channel, topic, null, null, closed, null, null);
    }

    /// <summary>Deletes a topic with everything in it.</summary>
    /// <exception cref="TelegramRefusal">As Telegram would refuse it.</exception>
    public void DeleteTopic(PeerRef peer, int topic) => _world.DeleteTopic(_userId, Forum(peer), topic, null);

    private static long Forum(PeerRef peer) => peer.Kind == PeerKind.Channel ? peer.Id : throw TelegramRefusal.BadRequest("CHANNEL_FORUM_MISSING");

    private bool MayWrite(PeerRef peer, ChannelRoom? channel)
    {
        if (channel is null)
            return peer.Kind != PeerKind.Group || _world.FindGroup(peer.Id)?.MigratedTo is null;
        var place = _world.PlaceOf(_userId, peer);
        return channel.Broadcast ? place.Rights.HasFlag(AdminRights.PostMessages)
            : place.Rank is MemberRank.Creator or MemberRank.Administrator
                || (place.Rank is MemberRank.Member or MemberRank.Restricted && !(place.Limits | channel.DefaultLimits).HasFlag(MemberLimits.SendMessages));
    }

    private static string RankOf(Membership place) => place.Rank.ToString().ToLowerInvariant();

    private static string LinkOf(Invite invite) => $"https://t.me/+{invite.Hash}";
}
