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
    public bool Mirroring { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public static Project Open(TenantId tenant, Guid id, string name) => new() { Id = id, TenantId = tenant.Value, Name = name };

    public void Rename(string name) => Name = name;
}
