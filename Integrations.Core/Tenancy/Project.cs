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

    /// <summary>Null leaves a thing as it is.</summary>
    public void Change(string? name, bool? mirroring)
    {
        Name = name ?? Name;
        Mirroring = mirroring ?? Mirroring;
    }
}
