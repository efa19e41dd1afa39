using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.People;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Privacy;

/// <summary>How far an erasure is.</summary>
public enum ErasureState
{
    /// <summary>Sessions at Telegram are being ended.</summary>
    Sessions,

    /// <summary>Rows are being taken out.</summary>
    Rows,

    /// <summary>The tenant's own key is being destroyed.</summary>
    Key,

    /// <summary>There is a receipt.</summary>
    Done,
}

/// <summary>An erasure, which names nobody.</summary>
/// <param name="Erased">How many rows went, by table, as a JSON object.</param>
/// <param name="Sessions">Sessions at Telegram that there were.</param>
/// <param name="Receipt">A JSON document, signed as it stands; null until it is done.</param>
public sealed record Erasure(
    Guid Id, SubjectKind Subject, ErasureState State, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, string? Erased, int Sessions, string? Receipt, byte[]? Signature);

/// <summary>
/// Begins to erase a user, a person outside or the whole tenant. From here on the subject cannot come in any more; the rest is a worker's, and goes on
/// whatever is restarted meanwhile.
/// </summary>
public sealed class RequestErasure(TenantDatabase database, ISecretProtector secrets, IOptions<PrivacyOptions> options, TimeProvider time)
{
    /// <summary>What is typed to erase a user or a person.</summary>
    public const string Confirmation = "erase";

    /// <summary>What is typed to erase the tenant: something that nobody types by habit.</summary>
    public const string TenantConfirmation = "erase everything";

    /// <param name="tokenHash">By which its outcome is read without signing in.</param>
    /// <exception cref="IntegrationException">NOT_FOUND; LAST_OWNER; VALIDATION_FAILED for another confirmation; CONFLICT while the same subject is being erased.</exception>
    public async Task<Erasure> ExecuteAsync(Principal principal, Subject subject, string confirmation, byte[] tokenHash, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(subject);
        try
        {
            return await database.InTenantAsync(
                principal.Tenant, transaction => BeginAsync(transaction, principal, subject, confirmation, tokenHash, cancellationToken), cancellationToken);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "idx_erasures_open" })
        {
            throw new IntegrationException(ErrorCodes.Conflict, "This is being erased already.", inner: e);
        }
    }

    private async Task<Erasure> BeginAsync(
        TenantTransaction transaction, Principal principal, Subject subject, string confirmation, byte[] tokenHash, CancellationToken ct)
    {
        RequireConfirmed(subject, confirmation);
        await TenantPeople.TakeTurnAsync(transaction, ct);
        var traces = await Traces.FindAsync(transaction, subject, ct);
        if (subject.Kind is SubjectKind.User)
            await ShutOutAsync(transaction, subject.UserId!.Value, ct);
        else if (subject.Kind is SubjectKind.Tenant)
            await CloseAsync(transaction, ct);

        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await using var command = transaction.Command(
            """
            insert into erasures (id, tenant_id, subject, digest, traces, requested_by, give_up_at, token_hash, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(subject.Kind) });
        command.Parameters.Add(new NpgsqlParameter<byte[]>
        {
            TypedValue = await secrets.FingerprintAsync(SubjectDigest.Purpose, SubjectDigest.Of(transaction.Tenant, subject, traces), ct),
        });
        command.Parameters.Add(new NpgsqlParameter { Value = traces.ToJson(), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now + options.Value.GiveUpAfter });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = tokenHash });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await command.ExecuteNonQueryAsync(ct);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", "privacy.erase", LogStatus.Pending)
            {
                Details = new { ErasureId = id, Subject = Words.Of(subject.Kind) },
            },
            ct);
        return new(id, subject.Kind, ErasureState.Sessions, now, null, "{}", 0, null, null);
    }

    private static void RequireConfirmed(Subject subject, string confirmation)
    {
        var wanted = subject.Kind is SubjectKind.Tenant ? TenantConfirmation : Confirmation;
        if (confirmation == wanted)
            return;
        throw new IntegrationException(
            ErrorCodes.ValidationFailed,
            fieldErrors: new Dictionary<string, string[]>(StringComparer.Ordinal) { ["confirm"] = [$"Must be: {wanted}"] });
    }

    private async Task ShutOutAsync(TenantTransaction transaction, int userId, CancellationToken ct)
    {
        var user = await transaction.Db.Users.SingleOrDefaultAsync(user => user.UserId == userId, ct) ?? throw new IntegrationException(ErrorCodes.NotFound);
        if (user.Role is Role.Owner && !await transaction.Db.Users.AnyAsync(
            other => other.UserId != userId && other.Role == Role.Owner && other.IsActive && (user.PasswordHash == null || other.PasswordHash != null), ct))
        {
            throw new IntegrationException(ErrorCodes.LastOwner, "The tenant would be left without an owner. Make somebody else an owner first, or erase the whole tenant.");
        }

        user.Change(role: null, isActive: false, displayName: null);
        await transaction.Db.SaveChangesAsync(ct);
        await TenantPeople.ShutOutAsync(transaction, userId, time.GetUtcNow(), ct);
    }

    /// <summary>Nobody is of this tenant any more, and nobody can become so.</summary>
    private static async Task CloseAsync(TenantTransaction transaction, CancellationToken ct)
    {
        foreach (var sql in (string[])
            [
                "update tenants set closed_at = clock_timestamp() where closed_at is null",
                "update users set is_active = false where is_active",
                "delete from console_sessions",
                "delete from sign_in_challenges",
                "update api_keys set revoked_at = clock_timestamp() where revoked_at is null",
                "update invitations set revoked_at = clock_timestamp() where revoked_at is null and accepted_at is null",
            ])
        {
#pragma warning disable CA2100 // Constant texts.
            await using var command = transaction.Command(sql);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}

/// <summary>What became of erasures.</summary>
public sealed class ReadErasures(TenantDatabase database)
{
    private const int Limit = 200;

    private const string Columns = "id, subject, state, created_at, finished_at, erased::text, sessions, receipt, signature";

    /// <summary>Those of the tenant, the newest first.</summary>
    public Task<List<Erasure>> ListAsync(TenantId tenant, CancellationToken cancellationToken) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            await using var command = transaction.Command($"select {Columns} from erasures order by created_at desc limit {Limit}");
            return await ReadAsync(command, cancellationToken);
        },
        cancellationToken);

    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<Erasure> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            await using var command = transaction.Command($"select {Columns} from erasures where id = $1");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            return (await ReadAsync(command, cancellationToken)).SingleOrDefault() ?? throw new IntegrationException(ErrorCodes.NotFound);
        },
        cancellationToken);

    /// <summary>By the token alone, which outlives everybody who could sign in.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<Erasure> FindAsync(byte[] tokenHash, CancellationToken cancellationToken) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand(
                "select id, subject, state, created_at, finished_at, null, 0, receipt, signature from doors.find_erasure($1)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = tokenHash });
            return (await ReadAsync(command, cancellationToken)).SingleOrDefault() ?? throw new IntegrationException(ErrorCodes.NotFound);
        },
        cancellationToken);

    private static async Task<List<Erasure>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        List<Erasure> erasures = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            erasures.Add(new(
                reader.GetGuid(0),
                Words.Read<SubjectKind>(reader.GetString(1)),
                Words.Read<ErasureState>(reader.GetString(2)),
                reader.GetFieldValue<DateTimeOffset>(3),
                await reader.IsDBNullAsync(4, ct) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                await reader.IsDBNullAsync(5, ct) ? null : reader.GetString(5),
                reader.GetInt32(6),
                await reader.IsDBNullAsync(7, ct) ? null : reader.GetString(7),
                await reader.IsDBNullAsync(8, ct) ? null : reader.GetFieldValue<byte[]>(8)));
        }

        return erasures;
    }
}
