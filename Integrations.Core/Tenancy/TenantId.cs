namespace Integrations.Core.Tenancy;

/// <summary>One customer: the wall that row-level security stands on.</summary>
public readonly record struct TenantId(Guid Value)
{
    /// <summary>Stands for the installation itself where a secret belongs to no customer. No tenant row bears it.</summary>
    public static TenantId Installation => new(Guid.Empty);

    public override string ToString() => Value.ToString("D");
}
