namespace Integrations.Sandbox.Telegram.World;

/// <summary>Joining and leaving rooms.</summary>
internal sealed partial class TelegramWorld
{
    public ChannelRoom Join(long userId, long channelId, Origin? origin)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(userId), PeerRef.Channel(channelId));
            var channel = _state.Channels[channelId];
            if (channel.Members.ContainsKey(userId))
                throw TelegramRefusal.BadRequest("USER_ALREADY_PARTICIPANT");
            if (PlaceOf(userId, channel.Peer).Rank is MemberRank.Kicked)
                throw TelegramRefusal.BadRequest("USER_BANNED_IN_CHANNEL");
            Commit(new ChannelJoined(channelId, userId, UnixNow), origin);
            return channel;
        }
    }

    public ChannelRoom Leave(long userId, long channelId, Origin? origin)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(userId), PeerRef.Channel(channelId));
            var channel = _state.Channels[channelId];
            if (!channel.Members.ContainsKey(userId))
                throw TelegramRefusal.BadRequest("USER_NOT_PARTICIPANT");
            if (channel.CreatorId == userId)
                throw TelegramRefusal.BadRequest("USER_CREATOR");
            Commit(new ChannelLeft(channelId, userId), origin);
            return channel;
        }
    }

    /// <summary>People of a room, for whom something in it is news.</summary>
    public IReadOnlyList<long> MembersOf(PeerRef peer)
    {
        lock (_gate)
        {
            return peer.Kind switch
            {
                PeerKind.Group => [.. _state.Groups[peer.Id].Members],
                PeerKind.Channel => [.. _state.Channels[peer.Id].Members.Keys],
                _ => [peer.Id],
            };
        }
    }

    /// <summary>When a person joined a supergroup or channel, in unix seconds; null when it is not a member.</summary>
    public int? MembershipIn(long userId, long channelId)
    {
        lock (_gate)
            return _state.Channels.GetValueOrDefault(channelId)?.Members.GetValueOrDefault(userId)?.JoinedDate;
    }
}
