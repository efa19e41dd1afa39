namespace Integrations.Sandbox.Telegram.World;

/// <summary>Making rooms, and finding them.</summary>
internal sealed partial class TelegramWorld
{
    private const int RoomTitleMax = 128;
    private const int RoomAboutMax = 255;

    /// <summary>Makes a basic group of its maker and some others.</summary>
    public BasicGroup MakeGroup(long creatorId, string title, IReadOnlyCollection<long> memberIds)
    {
        lock (_gate)
        {
            RequireRoom(title, "");
            var group = new BasicGroup
            {
                Id = _state.Groups.Keys.Append(Seed.Office).Max() + 1,
                Title = title.Trim(),
                CreatorId = PersonOf(creatorId).Id,
                Date = UnixNow,
                Members = [.. memberIds.Prepend(creatorId).Distinct().Select(id => PersonOf(id).Id)],
            };
            Commit(new Together([new GroupMade(group), Made(creatorId, PeerRef.Group(group.Id), ServiceAction.GroupCreated)]));
            return group;
        }
    }

    /// <summary>Makes a supergroup, with topics or without, or a channel.</summary>
    /// <param name="creatorId">Who makes it, and is its first member.</param>
    /// <param name="title">1 to 128 characters.</param>
    /// <param name="about">At most 255 characters.</param>
    /// <param name="broadcast">True for a channel.</param>
    /// <param name="forum">True sorts the messages of a supergroup into topics.</param>
    /// <param name="memberIds">Who is in it from the beginning.</param>
    public ChannelRoom MakeChannel(long creatorId, string title, string about, bool broadcast, bool forum, IReadOnlyCollection<long> memberIds)
    {
        lock (_gate)
        {
            RequireRoom(title, about);
            if (broadcast && forum)
                throw TelegramRefusal.BadRequest("CHANNEL_INVALID");
            var channel = new ChannelRoom
            {
                Id = _state.Channels.Keys.Append(Seed.News).Max() + 1,
                Title = title.Trim(),
                About = about.Trim(),
                Broadcast = broadcast,
                Forum = forum,
                CreatorId = PersonOf(creatorId).Id,
                Date = UnixNow,
                Members = memberIds.Prepend(creatorId).Distinct().ToDictionary(id => PersonOf(id).Id, _ => new ChannelMember { JoinedDate = UnixNow }),
            };
            Commit(new Together([new ChannelMade(channel), Made(creatorId, channel.Peer, ServiceAction.ChannelCreated)]));
            return channel;
        }
    }

    /// <summary>People, bots and public rooms whose name has a text in it; bots after people, rooms last.</summary>
    public IReadOnlyList<PeerRef> Search(string text, int limit)
    {
        lock (_gate)
        {
            var people = _state.People.Values
                .Where(person => person.Bot is null or { HasToken: true } || person.Id == Seed.BotFather)
                .Where(person => Has($"{person.FirstName} {person.LastName}") || Has(person.Username))
                .OrderBy(person => person.Bot is not null)
                .ThenBy(person => person.Id)
                .Select(person => PeerRef.User(person.Id));
            var rooms = _state.Channels.Values
                .Where(channel => channel.Username is not null && (Has(channel.Title) || Has(channel.Username)))
                .Select(channel => channel.Peer);
            return [.. people.Concat(rooms).Take(limit)];
        }

        bool Has(string? name) => name?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;
    }

    private MessageSent Made(long creatorId, PeerRef peer, ServiceAction action) =>
        new() { Uid = _state.LastUid + 1, FromId = creatorId, Peer = peer, Action = action, Date = UnixNow };

    private static void RequireRoom(string title, string about)
    {
        if (string.IsNullOrWhiteSpace(title) || title.Trim().Length > RoomTitleMax)
            throw TelegramRefusal.BadRequest("CHAT_TITLE_EMPTY");
        if (about.Trim().Length > RoomAboutMax)
            throw TelegramRefusal.BadRequest("CHAT_ABOUT_TOO_LONG");
    }
}
