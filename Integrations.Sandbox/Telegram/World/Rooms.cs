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
}

/// <summary>A supergroup or a broadcast channel, with its own message numbers and <c>pts</c>.</summary>
internal sealed class ChannelRoom
{
    public required long Id { get; init; }

    public required string Title { get; init; }

    public string About { get; init; } = "";

    public string? Username { get; init; }

    /// <summary>True for a channel, where only its creator posts; false for a supergroup.</summary>
    public required bool Broadcast { get; init; }

    public required long CreatorId { get; init; }

    public required int Date { get; init; }

    /// <summary>Seconds that a member waits between two messages; 0 is none. The creator never waits.</summary>
    public int SlowModeSeconds { get; init; }

    public Dictionary<long, ChannelMember> Members { get; init; } = [];

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
}
