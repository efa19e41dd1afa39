namespace Integrations.Sandbox.Telegram.World;

/// <summary>Basic groups: who is in them, and how one becomes a supergroup (https://core.telegram.org/api/channel#migration).</summary>
internal sealed partial class TelegramWorld
{
    /// <summary>A member brings somebody else, a bot for instance, into a group.</summary>
    public void InviteToGroup(long inviterId, long groupId, long userId, Origin? origin)
    {
        lock (_gate)
        {
            var group = RequireLivingGroup(inviterId, groupId);
            _ = PersonOf(userId);
            if (group.Members.Contains(userId))
                throw TelegramRefusal.BadRequest("USER_ALREADY_PARTICIPANT");
            // Joined first: the message that says so is the first one that the new member gets.
            Commit(new Together([new GroupJoined(groupId, userId, inviterId), Said(inviterId, groupId, ServiceAction.Joined, userId)]), origin);
        }
    }

    /// <summary>Whoever made a group removes somebody from it.</summary>
    public SentMessage RemoveFromGroup(long actorId, long groupId, long userId, Origin? origin)
    {
        lock (_gate)
        {
            var group = RequireLivingGroup(actorId, groupId);
            if (group.CreatorId != actorId)
                throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
            if (!group.Members.Contains(userId) || userId == actorId)
                throw TelegramRefusal.BadRequest("USER_NOT_PARTICIPANT");
            Commit(new Together([Said(actorId, groupId, ServiceAction.Left, userId), new GroupLeft(groupId, userId, actorId)]), origin);
            var box = PersonOf(actorId).Box;
            return new SentMessage(box.Messages[^1], box.Pts);
        }
    }

    /// <summary>Makes a supergroup of a group. The group stays for reading; who writes there is sent to the supergroup.</summary>
    public ChannelRoom Migrate(long userId, long groupId)
    {
        lock (_gate)
        {
            var group = RequireLivingGroup(userId, groupId);
            if (group.CreatorId != userId)
                throw TelegramRefusal.BadRequest("CHAT_ADMIN_REQUIRED");
            var room = new ChannelRoom
            {
                Id = _state.Channels.Keys.Max() + 1,
                Title = group.Title,
                Broadcast = false,
                CreatorId = group.CreatorId,
                Date = UnixNow,
                Members = group.Members.ToDictionary(member => member, _ => new ChannelMember { JoinedDate = UnixNow }),
            };
            var (last, first) = (
                Said(userId, groupId, ServiceAction.MigratedTo, null) with { Facts = new ServiceFacts { RoomId = room.Id } },
                new MessageSent
                {
                    Uid = _state.LastUid + 2,
                    FromId = userId,
                    Peer = room.Peer,
                    Text = group.Title,
                    Action = ServiceAction.MigratedFrom,
                    Facts = new ServiceFacts { RoomId = groupId },
                    Date = UnixNow,
                });
            Commit(new Together([new GroupMigrated(groupId, room), last, first]));
            return room;
        }
    }

    /// <summary>Keeps somebody, a bot for instance, from writing to a person, or lets it again.</summary>
    public void Block(long userId, long otherId, bool blocked)
    {
        lock (_gate)
        {
            var person = PersonOf(userId);
            _ = PersonOf(otherId);
            if (userId == otherId)
                throw TelegramRefusal.BadRequest("CONTACT_ID_INVALID");
            if (person.Blocked.Contains(otherId) != blocked)
                Commit(new ContactBlocked(userId, otherId, blocked));
        }
    }

    /// <summary>Deletes a person's account: nobody signs in to it any more, and nobody writes to it.</summary>
    public void DeleteAccount(long userId)
    {
        lock (_gate)
        {
            if (PersonOf(userId).IsDeleted)
                return;
            Commit(new Together([.. KeysOf(userId).Select(key => new SignedOut(key, KeyFate.Revoked)), new AccountDeleted(userId)]));
        }
    }

    private BasicGroup RequireLivingGroup(long userId, long groupId)
    {
        RequirePeer(PersonOf(userId), PeerRef.Group(groupId));
        var group = _state.Groups[groupId];
        return group.MigratedTo is null ? group : throw TelegramRefusal.BadRequest("CHAT_ID_INVALID");
    }

    private MessageSent Said(long fromId, long groupId, ServiceAction action, long? userId) => new()
    {
        Uid = _state.LastUid + 1,
        FromId = fromId,
        Peer = PeerRef.Group(groupId),
        Action = action,
        Facts = new ServiceFacts { UserId = userId },
        Date = UnixNow,
    };
}
