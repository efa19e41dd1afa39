using System.Data;
using Integrations.Core.Audit;
using Integrations.Core.Messaging;
using Npgsql;

namespace Integrations.Core.Tenancy;

/// <summary>The only way to tenant tables: one transaction that belongs to one tenant.</summary>
/// <remarks>
/// The tenant is set for the transaction alone (<c>set_config(…, is_local)</c>), so a pooled connection never carries it to the next
/// user. Without it every policy is false: a command that forgot its tenant sees an empty table, not another customer's.
/// </remarks>
public sealed class TenantDatabase(NpgsqlDataSource dataSource, Doorbell doorbell)
{
    /// <summary>
    /// Runs <paramref name="work"/> and commits; rolls back when it throws. Changes tracked by <see cref="TenantTransaction.Db"/> are
    /// saved before the commit, and the rings asked for are rung after it. What was changed for somebody (<see cref="AuditScope"/>) is written down with it.
    /// </summary>
    public Task<T> InTenantAsync<T>(TenantId tenant, Func<TenantTransaction, Task<T>> work, CancellationToken ct) =>
        RunAsync(tenant, IsolationLevel.Unspecified, work, ct);

    /// <inheritdoc cref="InTenantAsync{T}"/>
    public Task InTenantAsync(TenantId tenant, Func<TenantTransaction, Task> work, CancellationToken ct) =>
        InTenantAsync(
            tenant,
            async transaction =>
            {
                await work(transaction);
                return true;
            },
            ct);

    /// <summary>The same, over what there was at one moment, however long the work takes: many statements read as one.</summary>
    public Task<T> InSnapshotAsync<T>(TenantId tenant, Func<TenantTransaction, Task<T>> work, CancellationToken ct) =>
        RunAsync(tenant, IsolationLevel.RepeatableRead, work, ct);

    /// <summary>
    /// One transaction without a tenant, for the <c>doors.*</c> functions and the installation's own tables. Tenant tables look empty in it.
    /// </summary>
    public async Task<T> ThroughDoorsAsync<T>(Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> work, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(work);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var result = await work(connection, transaction);
        await transaction.CommitAsync(ct);
        return result;
    }

    private async Task<T> RunAsync<T>(TenantId tenant, IsolationLevel isolation, Func<TenantTransaction, Task<T>> work, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (tenant == default)
            throw new ArgumentException("A tenant transaction needs a tenant.", nameof(tenant));

        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(isolation, ct);
        await using (var set = new NpgsqlCommand("select set_config('app.tenant_id', $1, true)", connection, transaction))
        {
            set.Parameters.Add(new NpgsqlParameter<string> { TypedValue = tenant.ToString() });
            await set.ExecuteNonQueryAsync(ct);
        }

        await using var scope = new TenantTransaction(tenant, connection, transaction);
        var result = await work(scope);
        await scope.SaveAsync(ct);
        if (AuditScope.Current is { } audit)
            await AuditEntry.WriteAsync(scope, audit, ct);
        scope.Close();
        await transaction.CommitAsync(ct);
        foreach (var ring in scope.Rings)
            await doorbell.RingAsync(ring, ct);

        return result;
    }
}
