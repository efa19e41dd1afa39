using System.Text;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>Where a secret lives. It is bound into the ciphertext, so that a copy put anywhere else does not open.</summary>
/// <param name="Row">The row's id; for a login's inputs the login's id.</param>
public readonly record struct SecretAddress(TenantId Tenant, string Table, string Column, Guid Row)
{
    /// <summary><c>tenant|table|column|row</c>. Table and column are identifiers, so the bar is unambiguous.</summary>
    internal byte[] AssociatedData()
    {
        if (string.IsNullOrEmpty(Table) || string.IsNullOrEmpty(Column) || Table.Contains('|') || Column.Contains('|'))
            throw new InvalidOperationException("A secret's address needs a table and a column by their plain names.");

        return Encoding.UTF8.GetBytes($"{Tenant.Value:D}|{Table}|{Column}|{Row:D}");
    }

    public override string ToString() => $"{Table}.{Column} of {Row:D} in {Tenant}";
}
