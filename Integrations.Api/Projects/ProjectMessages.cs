using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Core.Tenancy;

namespace Integrations.Api.Projects;

internal sealed record ProjectRequest
{
    [Required]
    [Description("Unique in the tenant; at most 200 characters.")]
    public string? Name { get; init; }

    [Description("Mirror messages into the working group of the project's managing bot. Accounts of such a project need that bot. Default: false.")]
    public bool? Mirroring { get; init; }
}

/// <summary>What to change; what is left out stays.</summary>
internal sealed record ChangeProjectRequest
{
    [Description("Unique in the tenant; at most 200 characters.")]
    public string? Name { get; init; }

    [Description("Mirror messages into the working group of the project's managing bot.")]
    public bool? Mirroring { get; init; }
}

/// <summary>A workspace in a tenant.</summary>
/// <param name="Missing">What mirroring still lacks: managing_bot, working_group. Empty where mirroring is off.</param>
/// <param name="Members">How many people work in it.</param>
/// <param name="Accounts">Its personal accounts, by state.</param>
internal sealed record ProjectResponse(
    Guid Id, string Name, bool Mirroring, IReadOnlyList<string> Missing, int Members, ProjectAccounts Accounts, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static ProjectResponse From(ProjectOverview overview) => new(
        overview.Project.Id,
        overview.Project.Name,
        overview.Project.Mirroring,
        overview.Project.Missing,
        overview.Members,
        ProjectAccounts.From(overview.Accounts),
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
