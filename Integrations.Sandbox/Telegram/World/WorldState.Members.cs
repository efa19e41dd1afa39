namespace Integrations.Sandbox.Telegram.World;

/// <summary>Who is what in a room.</summary>
internal sealed partial class WorldState
{
    public Membership PlaceOf(long userId, PeerRef peer)
    {
        switch (peer.Kind)
        {
            case PeerKind.Group when Groups.TryGetValue(peer.Id, out var group):
                if (!group.Members.Contains(userId))
                    return group.Removed.Contains(userId) ? Membership.Kicked(0) : Membership.Left;
                return group.CreatorId == userId ? Membership.Creator : Membership.Member;
            case PeerKind.Channel when Channels.TryGetValue(peer.Id, out var channel):
                if (channel.Places.TryGetValue(userId, out var place))
                    return place;
                if (!channel.Members.ContainsKey(userId))
                    return Membership.Left;
                return channel.CreatorId == userId ? Membership.Creator : Membership.Member;
            default:
                return Membership.Left;
        }
    }

    private void Join(ChannelJoined e, Origin? origin, List<WorldNotice> notices)
    {
        var channel = Channels[e.ChannelId];
        var before = PlaceOf(e.UserId, channel.Peer);
        channel.Places.Remove(e.UserId);
        Admit(channel, e.UserId, e.Date);
        notices.Add(new MembershipChanged(e.UserId, channel.Peer, e.InviterId ?? e.UserId, before, PlaceOf(e.UserId, channel.Peer), origin));
    }

    private void Leave(ChannelLeft e, Origin? origin, List<WorldNotice> notices)
    {
        var channel = Channels[e.ChannelId];
        var before = PlaceOf(e.UserId, channel.Peer);
        channel.Places.Remove(e.UserId);
        channel.Members.Remove(e.UserId);
        notices.Add(new MembershipChanged(e.UserId, channel.Peer, e.UserId, before, Membership.Left, origin));
    }

    private void Join(GroupJoined e, Origin? origin, List<WorldNotice> notices)
    {
        var peer = PeerRef.Group(e.GroupId);
        var before = PlaceOf(e.UserId, peer);
        Groups[e.GroupId].Removed.Remove(e.UserId);
        Groups[e.GroupId].Members.Add(e.UserId);
        notices.Add(new MembershipChanged(e.UserId, peer, e.InviterId ?? e.UserId, before, PlaceOf(e.UserId, peer), origin));
    }

    private void Leave(GroupLeft e, Origin? origin, List<WorldNotice> notices)
    {
        var peer = PeerRef.Group(e.GroupId);
        var before = PlaceOf(e.UserId, peer);
        Groups[e.GroupId].Members.Remove(e.UserId);
        if (e.RemovedBy is not null)
            Groups[e.GroupId].Removed.Add(e.UserId);
        notices.Add(new MembershipChanged(e.UserId, peer, e.RemovedBy ?? e.UserId, before, PlaceOf(e.UserId, peer), origin));
    }

    /// <summary>A bot is told of it as of its place in the private chat.</summary>
    private void Block(ContactBlocked e, List<WorldNotice> notices)
    {
        _ = e.Blocked ? People[e.UserId].Blocked.Add(e.OtherId) : People[e.UserId].Blocked.Remove(e.OtherId);
        var (before, after) = e.Blocked ? (Membership.Member, Membership.Kicked(0)) : (Membership.Kicked(0), Membership.Member);
        notices.Add(new MembershipChanged(e.OtherId, PeerRef.User(e.UserId), e.UserId, before, after, null));
    }

    private void SetMembership(MembershipSet e, Origin? origin, List<WorldNotice> notices)
    {
        var channel = Channels[e.ChannelId];
        var before = PlaceOf(e.UserId, channel.Peer);
        if (e.Membership.Rank is MemberRank.Left or MemberRank.Kicked)
            channel.Members.Remove(e.UserId);
        else if (!channel.Members.ContainsKey(e.UserId))
            Admit(channel, e.UserId, e.Date);
        if (e.Membership.Rank is MemberRank.Left or MemberRank.Member)
            channel.Places.Remove(e.UserId);
        else
            channel.Places[e.UserId] = e.Membership;
        notices.Add(new MembershipChanged(e.UserId, channel.Peer, e.ActorId, before, e.Membership, origin));
    }

    private static void Admit(ChannelRoom channel, long userId, int date) =>
        channel.Members[userId] = new ChannelMember { JoinedDate = date, ReadInboxMaxId = channel.Box.LastMessageId };
}
