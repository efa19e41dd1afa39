using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Core.Tenancy;

namespace Integrations.Api.Projects;

internal sealed record ProjectRequest
{
    [Required]
    [Description("Unique in the tenant; at most 200 characters.")]
    public string? Name { get; init; }

    [Description("Only false: a new project has no working group that its messages could be mirrored into. Switch it on when the group is set.")]
    public bool? Mirroring { get; init; }
}

/// <summary>What to change; what is left out stays.</summary>
internal sealed record ChangeProjectRequest
{
    [Description("Unique in the tenant; at most 200 characters.")]
    public string? Name { get; init; }

    [Description("Mirror messages into the project's working group. It can be switched on when nothing is missing; switching it off forgets what waits to be posted.")]
    public bool? Mirroring { get; init; }
}

/// <summary>A workspace in a tenant.</summary>
/// <param name="Missing">What mirroring lacks: managing_bot, bot_inactive, working_group, topics_off, bot_not_in_group, right:can_manage_topics. Empty where mirroring is off.</param>
/// <param name="ManagingBots">The names of the bots that fill its working group.</param>
/// <param name="Members">How many people work in it.</param>
/// <param name="Accounts">Its personal accounts, by state.</param>
/// <param name="Bots">Its bots, by state.</param>
internal sealed record ProjectResponse(
    Guid Id, string Name, bool Mirroring, IReadOnlyList<string> Missing, IReadOnlyList<string> ManagingBots, int Members, ProjectAccounts Accounts, ProjectBots Bots, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static ProjectResponse From(ProjectOverview overview) => new(
        overview.Project.Id,
        overview.Project.Name,
        overview.Project.Mirroring,
        overview.Missing,
        overview.ManagingBots,
        overview.Members,
        ProjectAccounts.From(overview.Accounts),
        ProjectBots.From(overview.Bots),
        overview.Project.CreatedAt,
        overview.Project.UpdatedAt);
}

/// <summary>How many personal accounts are in each state.</summary>
internal sealed record ProjectAccounts(int Pending, int Active, int Error, int Paused, int Disconnected)
{
    public static ProjectAccounts From(IReadOnlyDictionary<string, int> counts)
    {
        return new(Of("pending"), Of("active"), Of("error"), Of("paused"), Of("disconnected"));

        int Of(string status) => counts.GetValueOrDefault(status);
    }
}

/// <summary>How many bots are in each state.</summary>
internal sealed record ProjectBots(int Pending, int Active, int Error, int Inactive)
{
    public static ProjectBots From(IReadOnlyDictionary<string, int> counts) => new(
        counts.GetValueOrDefault("pending"), counts.GetValueOrDefault("active"), counts.GetValueOrDefault("error"), counts.GetValueOrDefault("inactive"));
}
