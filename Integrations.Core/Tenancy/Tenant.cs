namespace Integrations.Core.Tenancy;

/// <summary>A customer's row. It is made by the door that uses an owner link, never through the context.</summary>
public sealed class Tenant
{
    private Tenant()
    {
    }

    public Guid Id { get; private set; }

    /// <summary>The enterprise number by which telephony knows the customer.</summary>
    public string? Number { get; private set; }

    public string Name { get; private set; } = "";
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }
}
