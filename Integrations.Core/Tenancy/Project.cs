using Integrations.Core.Errors;

namespace Integrations.Core.Tenancy;

/// <summary>A workspace in a tenant.</summary>
public sealed class Project
{
    private Project()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public string Name { get; private set; } = "";

    /// <summary>Whether its accounts' messages are mirrored into the working group of its managing bot.</summary>
    public bool Mirroring { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public static Project Open(TenantId tenant, Guid id, string name, bool mirroring) =>
        new() { Id = id, TenantId = tenant.Value, Name = name, Mirroring = mirroring };

    /// <summary>What mirroring still lacks, in words for programs. Bots cannot be connected yet, so a mirroring project lacks both.</summary>
    public IReadOnlyList<string> Missing => Mirroring ? ["managing_bot", "working_group"] : [];

    /// <summary>Null leaves a thing as it is.</summary>
    public void Change(string? name, bool? mirroring)
    {
        Name = name ?? Name;
        Mirroring = mirroring ?? Mirroring;
    }

    /// <exception cref="IntegrationException">PROJECT_NOT_READY: accounts of a mirroring project need what is missing.</exception>
    public void RequireReady()
    {
        if (Missing.Count > 0)
        {
            throw new IntegrationException(
                ErrorCodes.ProjectNotReady,
                $"The project '{Name}' mirrors messages but has no managing bot and no working group (group_chat_id). Connect them, or switch mirroring off.");
        }
    }
}
