namespace Integrations.Sandbox.Telegram.World;

/// <summary>Who may do what in a supergroup or channel: promoting, restricting, removing.</summary>
internal sealed partial class TelegramWorld
{
    /// <summary>Somebody's place in a room. What was for a time only is over when the time is.</summary>
    public Membership PlaceOf(long userId, PeerRef peer)
    {
        lock (_gate)
        {
            var place = _state.PlaceOf(userId, peer);
            var isOver = place.UntilDate > 0 && place.UntilDate <= UnixNow;
            return !isOver ? place : place.Rank is MemberRank.Restricted ? Membership.Member : Membership.Left;
        }
    }

    /// <summary>Whether somebody administers a room with this right; whoever made it has all of them.</summary>
    public bool May(long userId, PeerRef peer, AdminRights right) => PlaceOf(userId, peer).Rights.HasFlag(right);

    /// <summary>Makes a member an administrator, changes what one may do, or, with no right at all, makes one a member again.</summary>
    /// <remarks>A bot need not be a member before: so it is added to channels.</remarks>
    public void Promote(long actorId, PeerRef peer, long userId, AdminRights rights, string? title, Origin? origin)
    {
        lock (_gate)
        {
            var (room, place) = RequireInferior(actorId, peer, userId, AdminRights.AddAdmins);
            if (place.Rank is MemberRank.Left or MemberRank.Kicked && _state.People[userId].Bot is null)
                throw TelegramRefusal.BadRequest("USER_NOT_PARTICIPANT");
            if ((rights & ~PlaceOf(actorId, peer).Rights & ~AdminRights.Anonymous) != AdminRights.None)
                throw TelegramRefusal.Forbidden("RIGHT_FORBIDDEN");
            Set(actorId, room, userId, rights is AdminRights.None ? Membership.Member : Membership.Administrator(rights, title), origin);
        }
    }

    /// <summary>Takes rights from a member, or, with no limit at all, gives them back.</summary>
    public void Restrict(long actorId, PeerRef peer, long userId, MemberLimits limits, int untilDate, Origin? origin)
    {
        lock (_gate)
        {
            var (room, place) = RequireInferior(actorId, peer, userId, AdminRights.BanUsers);
            if (room.Broadcast || place.Rank is MemberRank.Left or MemberRank.Kicked)
                throw TelegramRefusal.BadRequest("USER_NOT_PARTICIPANT");
            Set(actorId, room, userId, limits is MemberLimits.None ? Membership.Member : Membership.Restricted(limits, untilDate), origin);
        }
    }

    /// <summary>Removes somebody for good, or until a time (unix seconds; 0 is for good).</summary>
    public void Ban(long actorId, PeerRef peer, long userId, int untilDate, Origin? origin)
    {
        lock (_gate)
        {
            var (room, _) = RequireInferior(actorId, peer, userId, AdminRights.BanUsers);
            Set(actorId, room, userId, Membership.Kicked(untilDate), origin);
        }
    }

    /// <summary>Lets somebody who was removed come back; it is no member by that.</summary>
    public void Unban(long actorId, PeerRef peer, long userId, Origin? origin)
    {
        lock (_gate)
        {
            var (room, place) = RequireInferior(actorId, peer, userId, AdminRights.BanUsers);
            if (place.Rank is MemberRank.Kicked)
                Set(actorId, room, userId, Membership.Left, origin);
        }
    }

    /// <summary>What members without a place of their own may not do.</summary>
    public void SetDefaultLimits(long actorId, PeerRef peer, MemberLimits limits)
    {
        lock (_gate)
        {
            var room = RequireRight(actorId, peer, AdminRights.BanUsers);
            if (room.DefaultLimits != limits)
                Commit(new DefaultLimitsSet(room.Id, limits));
        }
    }

    private void Set(long actorId, ChannelRoom room, long userId, Membership membership, Origin? origin)
    {
        if (PlaceOf(userId, room.Peer) != membership)
            Commit(new MembershipSet(room.Id, userId, actorId, membership, UnixNow), origin);
    }

    private (ChannelRoom Room, Membership Place) RequireInferior(long actorId, PeerRef peer, long userId, AdminRights right)
    {
        var room = RequireRight(actorId, peer, right);
        _ = PersonOf(userId);
        var place = PlaceOf(userId, peer);
        if (place.Rank is MemberRank.Creator || userId == actorId)
            throw TelegramRefusal.BadRequest(place.Rank is MemberRank.Creator ? "USER_CREATOR" : "USER_ID_INVALID");
        if (place.Rank is MemberRank.Administrator && right is AdminRights.BanUsers && PlaceOf(actorId, peer).Rank is not MemberRank.Creator)
            throw TelegramRefusal.BadRequest("USER_ADMIN_INVALID");
        return (room, place);
    }

    private ChannelRoom RequireRight(long userId, PeerRef peer, AdminRights right)
    {
        RequirePeer(PersonOf(userId), peer);
        if (peer.Kind is not PeerKind.Channel)
            throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
        return May(userId, peer, right) ? _state.Channels[peer.Id] : throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
    }

    /// <summary>Refuses what a member is not allowed to send here, in the words of the protocol.</summary>
    private void RequireMaySend(long userId, ChannelRoom room, Draft draft)
    {
        var place = PlaceOf(userId, room.Peer);
        if (place.Rank is MemberRank.Administrator or MemberRank.Creator)
            return;
        var limits = room.DefaultLimits | place.Limits;
        var kind = draft.FileId is { } fileId ? KindOf(_state.Files[fileId]) : MemberLimits.SendMessages;
        if (limits.HasFlag(kind) || limits.HasFlag(MemberLimits.SendMessages))
        {
            throw TelegramRefusal.Forbidden(kind switch
            {
                MemberLimits.SendMessages => "CHAT_SEND_PLAIN_FORBIDDEN",
                MemberLimits.SendPhotos => "CHAT_SEND_PHOTOS_FORBIDDEN",
                MemberLimits.SendVideos => "CHAT_SEND_VIDEOS_FORBIDDEN",
                MemberLimits.SendAudios => "CHAT_SEND_AUDIOS_FORBIDDEN",
                MemberLimits.SendVoiceNotes => "CHAT_SEND_VOICES_FORBIDDEN",
                MemberLimits.SendVideoNotes => "CHAT_SEND_ROUNDVIDEOS_FORBIDDEN",
                MemberLimits.SendOther => "CHAT_SEND_STICKERS_FORBIDDEN",
                _ => "CHAT_SEND_DOCS_FORBIDDEN",
            });
        }
    }

    private static MemberLimits KindOf(WorldFile file) => file.Kind switch
    {
        FileKind.Photo => MemberLimits.SendPhotos,
        FileKind.Video => MemberLimits.SendVideos,
        FileKind.Audio => MemberLimits.SendAudios,
        FileKind.Voice => MemberLimits.SendVoiceNotes,
        FileKind.VideoNote => MemberLimits.SendVideoNotes,
        FileKind.Sticker or FileKind.Animation => MemberLimits.SendOther,
        _ => MemberLimits.SendDocuments,
    };
}
