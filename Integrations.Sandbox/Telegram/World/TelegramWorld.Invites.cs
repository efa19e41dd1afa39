namespace Integrations.Sandbox.Telegram.World;

/// <summary>Links by which people join groups and channels.</summary>
internal sealed partial class TelegramWorld
{
    private const int InviteHashBytes = 12;

    /// <summary>Makes a link; only who may invite does.</summary>
    public Invite MakeInvite(long userId, PeerRef peer)
    {
        lock (_gate)
        {
            RequirePeer(PersonOf(userId), peer);
            if (!May(userId, peer, AdminRights.InviteUsers))
                throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
            var hash = Convert.ToBase64String(RandomBytes(InviteHashBytes)).Replace('+', '-').Replace('/', '_');
            Commit(new InviteMade(hash, peer, userId, UnixNow));
            return _state.Invites[hash];
        }
    }

    /// <summary>The link of a room that was made last; null before the first.</summary>
    public Invite? NewestInvite(PeerRef peer)
    {
        lock (_gate)
            return _state.Invites.Values.Where(invite => invite.Peer == peer).MaxBy(invite => invite.Date);
    }

    public Invite RequireInvite(string hash)
    {
        lock (_gate)
            return _state.Invites.GetValueOrDefault(hash) ?? throw TelegramRefusal.BadRequest(hash.Length == 0 ? "INVITE_HASH_EMPTY" : "INVITE_HASH_INVALID");
    }

    public bool IsMember(long userId, PeerRef peer)
    {
        lock (_gate)
            return MembersOf(peer).Contains(userId);
    }

    public SentMessage LeaveGroup(long userId, long groupId, Origin? origin)
    {
        lock (_gate)
        {
            var leaver = PersonOf(userId);
            RequirePeer(leaver, PeerRef.Group(groupId));
            // The message goes first: who leaves gets it too.
            Commit(
                new Together(
                [
                    new MessageSent { Uid = _state.LastUid + 1, FromId = userId, Peer = PeerRef.Group(groupId), Action = ServiceAction.Left, Date = UnixNow },
                    new GroupLeft(groupId, userId),
                ]),
                origin);
            return new SentMessage(leaver.Box.Messages[^1], leaver.Box.Pts);
        }
    }

    public PeerRef JoinByInvite(long userId, string hash, Origin? origin)
    {
        lock (_gate)
        {
            var invite = RequireInvite(hash);
            if (IsMember(userId, invite.Peer))
                throw TelegramRefusal.BadRequest("USER_ALREADY_PARTICIPANT");
            if (PlaceOf(userId, invite.Peer).Rank is MemberRank.Kicked)
                throw TelegramRefusal.BadRequest("USER_BANNED_IN_CHANNEL");
            if (invite.Peer.Kind == PeerKind.Channel)
            {
                Commit(new ChannelJoined(invite.Peer.Id, userId, UnixNow), origin);
                return invite.Peer;
            }

            Commit(
                new Together(
                [
                    new GroupJoined(invite.Peer.Id, userId),
                    new MessageSent { Uid = _state.LastUid + 1, FromId = userId, Peer = invite.Peer, Action = ServiceAction.Joined, Date = UnixNow },
                ]),
                origin);
            return invite.Peer;
        }
    }
}
