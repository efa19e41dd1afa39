using Integrations.Core.Audit;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Tenancy;

/// <summary>A transaction of one tenant, open while the work given to <see cref="TenantDatabase"/> runs and not after.</summary>
/// <remarks>Not for use by several tasks at once: it is one connection.</remarks>
public sealed class TenantTransaction : IAsyncDisposable
{
    private readonly List<Ring> _rings = [];
    private readonly List<object> _changes = [];
    private IntegrationsDbContext? _db;

    internal TenantTransaction(TenantId tenant, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        Tenant = tenant;
        Connection = connection;
        Transaction = transaction;
    }

    public TenantId Tenant { get; }

    public NpgsqlConnection Connection { get; }

    public NpgsqlTransaction Transaction { get; }

    /// <summary>The domain's rows on this very connection and transaction; made at first use. Tracked changes are saved before the commit.</summary>
    public IntegrationsDbContext Db => _db ??= IsOpen
        ? IntegrationsDbContext.Within(this)
        : throw new InvalidOperationException("The tenant transaction has ended.");

    internal bool IsOpen { get; private set; } = true;

    internal IReadOnlyList<Ring> Rings => _rings;

    internal IReadOnlyList<object> Changes => _changes;

    /// <summary>A command on this transaction, for the paths where EF is in the way.</summary>
    public NpgsqlCommand Command(string sql) => new(sql, Connection, Transaction);

    /// <summary>
    /// Makes the rest of this transaction valid only for the holder of the claim, and holds off the next claim until it ends. First
    /// statement of every write that follows from owning a shard.
    /// </summary>
    /// <exception cref="StaleEpochException">The shard has passed to another epoch; nothing of this transaction may stand.</exception>
    public async Task RequireEpochAsync(ShardClaim claim, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(claim);
        await using var command = Command("select doors.require_epoch($1, $2)");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = claim.Shard });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = claim.Epoch });
        try
        {
            await command.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
        {
            throw new StaleEpochException(claim, e);
        }
    }

    /// <summary>Rung once the commit has succeeded; the same ring asked for twice is rung once.</summary>
    public void AfterCommit(Ring ring)
    {
        if (!_rings.Contains(ring))
            _rings.Add(ring);
    }

    /// <summary>What the audit entry of this transaction is to tell, if there will be one.</summary>
    internal void Note(AuditedChange change)
    {
        if (AuditScope.Current is not null)
            _changes.Add(change);
    }

    /// <summary>What is about to be saved, before and after, for the same entry.</summary>
    internal void Note(ChangeTracker tracker)
    {
        if (AuditScope.Current is not null)
            _changes.AddRange(AuditedRows.Of(tracker));
    }

    /// <summary>Writes an event to the outbox; it becomes visible to readers only when, and if, this transaction commits.</summary>
    public async Task PublishAsync(EventDraft draft, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(draft);
        await using var command = Command("insert into outbox (tenant_id, user_id, account_id, type, data, bot_id) values ($1, $2, $3, $4, $5, $6)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)draft.UserId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)draft.AccountId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = draft.Type });
        command.Parameters.Add(new NpgsqlParameter { Value = draft.DataAsJson(), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)draft.BotId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        await command.ExecuteNonQueryAsync(ct);
        AfterCommit(Ring.Outbox);
    }

    /// <summary>Writes several events in one statement, in their order.</summary>
    public async Task PublishAsync(IReadOnlyList<EventDraft> drafts, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        if (drafts.Count == 0)
            return;

        await using var command = Command(
            """
            insert into outbox (tenant_id, user_id, account_id, type, data, bot_id)
            select $1, o.user_id, o.account_id, o.type, o.data, o.bot_id
              from unnest($2, $3, $4, $5, $6) with ordinality o (user_id, account_id, type, data, bot_id, place)
             order by o.place
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Tenant.Value });
        Add(draft => draft.UserId, NpgsqlDbType.Integer);
        Add(draft => draft.AccountId, NpgsqlDbType.Uuid);
        Add(draft => draft.Type, NpgsqlDbType.Text);
        Add(draft => draft.DataAsJson(), NpgsqlDbType.Jsonb);
        Add(draft => draft.BotId, NpgsqlDbType.Uuid);
        await command.ExecuteNonQueryAsync(ct);
        AfterCommit(Ring.Outbox);

        void Add<T>(Func<EventDraft, T> value, NpgsqlDbType type) =>
            command.Parameters.Add(new NpgsqlParameter { Value = drafts.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    /// <summary>Only the context: connection and transaction belong to <see cref="TenantDatabase"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        if (_db is not null)
            await _db.DisposeAsync();
    }

    internal async Task SaveAsync(CancellationToken ct)
    {
        if (_db is not null)
            await _db.SaveChangesAsync(ct);
    }

    internal void Close() => IsOpen = false;
}
