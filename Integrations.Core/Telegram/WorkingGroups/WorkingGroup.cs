using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>In which language a group's topics are commented.</summary>
public enum GroupLanguage
{
    En,
    Ru,
    Uk,
}

/// <summary>The supergroup with topics in which a project's operators read what comes and answer it. A project has at most one.</summary>
public sealed class WorkingGroup
{
    private WorkingGroup()
    {
    }

    public Guid ProjectId { get; private set; }
    public Guid TenantId { get; private set; }

    /// <summary>Whose owner fills the topics.</summary>
    public int Shard { get; private set; }
    public World World { get; private set; }

    /// <summary>As the Bot API writes it; null until somebody has chosen one.</summary>
    public long? ChatId { get; private set; }
    public string? Title { get; private set; }
    public string? Username { get; private set; }
    public bool IsForum { get; private set; }
    public GroupLanguage Language { get; private set; }
    public DateTimeOffset? CheckedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public static WorkingGroup Open(TenantId tenant, Guid projectId, int shard, World world) =>
        new() { TenantId = tenant.Value, ProjectId = projectId, Shard = shard, World = world };

    /// <summary>Where the group is opened in Telegram; null while there is none.</summary>
    public string? Link => ChatId is { } chat ? GroupLinks.Of(chat) : null;

    public void Comment(GroupLanguage language) => Language = language;

    /// <summary>No group is chosen any more.</summary>
    public void Leave() => (ChatId, Title, Username, IsForum, CheckedAt) = (null, null, null, false, null);

    /// <summary>What Telegram tells of the group.</summary>
    public void Know(GroupFacts group, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(group);
        (ChatId, Title, Username, IsForum, CheckedAt) = (group.ChatId, group.Title, group.Username, group.IsForum, now);
    }
}

/// <summary>One of the bots that share the posting into a group, and that bring what is written there.</summary>
public sealed class WorkingGroupBot
{
    private WorkingGroupBot()
    {
    }

    public Guid BotId { get; private set; }
    public Guid TenantId { get; private set; }
    public Guid ProjectId { get; private set; }

    public static WorkingGroupBot Of(TenantId tenant, Guid projectId, Guid botId) => new() { TenantId = tenant.Value, ProjectId = projectId, BotId = botId };
}

/// <summary>A group as Telegram tells of it.</summary>
public sealed record GroupFacts(long ChatId, string? Title, string? Username, bool IsForum);

/// <summary>Addresses at which Telegram opens a group or a topic for those who are in it.</summary>
public static class GroupLinks
{
    public static string? Of(long chatId, int? topic = null) =>
        // Basic groups have no address.
        Bots.BotChat.PeerOf(chatId) is { Kind: Dialogs.PeerKind.Channel, Id: var id }
            ? FormattableString.Invariant($"https://t.me/c/{id}") + (topic is { } thread ? FormattableString.Invariant($"/{thread}") : "")
            : null;
}
