using System.Text.Json.Serialization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>A basic group. It owns no messages: each member's box has a copy.</summary>
internal sealed class BasicGroup
{
    public required long Id { get; init; }

    public required string Title { get; init; }

    public required long CreatorId { get; init; }

    public required int Date { get; init; }

    public List<long> Members { get; init; } = [];

    /// <summary>Those whom its creator removed.</summary>
    public HashSet<long> Removed { get; init; } = [];

    /// <summary>The supergroup that it became; nobody writes in it since.</summary>
    public long? MigratedTo { get; set; }
}

/// <summary>A supergroup or a broadcast channel, with its own message numbers and <c>pts</c>.</summary>
internal sealed class ChannelRoom
{
    public required long Id { get; init; }

    public required string Title { get; init; }

    public string About { get; init; } = "";

    public string? Username { get; init; }

    /// <summary>True for a channel, where only administrators post; false for a supergroup.</summary>
    public required bool Broadcast { get; init; }

    public required long CreatorId { get; init; }

    public required int Date { get; init; }

    /// <summary>Seconds that a member waits between two messages; 0 is none. The creator never waits.</summary>
    public int SlowModeSeconds { get; init; }

    /// <summary>A supergroup whose messages are sorted into topics.</summary>
    public bool Forum { get; set; }

    /// <summary>The topics of a forum by the number of the message that began each; the general one is not among them.</summary>
    public Dictionary<int, ForumTopicState> Topics { get; init; } = [];

    public Dictionary<long, ChannelMember> Members { get; init; } = [];

    /// <summary>Administrators, the restricted and the removed; everybody else is a member or is not, and one of them made the room.</summary>
    public Dictionary<long, Membership> Places { get; init; } = [];

    /// <summary>What members without a place of their own may not do.</summary>
    public MemberLimits DefaultLimits { get; set; }

    public MessageBox Box { get; init; } = new();

    [JsonIgnore]
    public PeerRef Peer => PeerRef.Channel(Id);
}

/// <summary>One person in a supergroup or channel.</summary>
internal sealed class ChannelMember
{
    public required int JoinedDate { get; init; }

    public int ReadInboxMaxId { get; set; }

    /// <summary>Unix seconds of the last message, for slow mode; 0 is never.</summary>
    public int LastSentDate { get; set; }

    /// <summary>How far each topic was read.</summary>
    public Dictionary<int, int> TopicsRead { get; init; } = [];
}

/// <summary>One topic of a forum.</summary>
internal sealed record ForumTopicState
{
    /// <summary>The general topic, which every forum has, and which no message began.</summary>
    public const int General = 1;

    public required int Id { get; init; }

    public required string Title { get; init; }

    public required int IconColor { get; init; }

    public long? IconEmojiId { get; init; }

    public required long CreatorId { get; init; }

    public required int Date { get; init; }

    public bool Closed { get; init; }

    public bool Hidden { get; init; }

    public bool Pinned { get; init; }

    public bool Deleted { get; init; }
}

/// <summary>A link by which people join.</summary>
internal sealed record Invite(string Hash, PeerRef Peer, long CreatorId, int Date);

/// <summary>A message that waits for its time; its numbers are its own.</summary>
internal sealed record ScheduledMessage(int Id, long UserId, MessageSent Message, int DueDate);
