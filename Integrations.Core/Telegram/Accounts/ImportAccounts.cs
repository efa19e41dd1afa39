using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Privacy;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>A session that another program began.</summary>
/// <param name="Session">A string session of Telethon. A secret.</param>
public sealed record ImportRow(string Session, string? DisplayName, Guid? ProjectId)
{
    /// <summary>Never the session.</summary>
    public override string ToString() => $"session for {DisplayName}";
}

/// <summary>What becomes of one row.</summary>
/// <param name="AccountId">The new account; null in a trial, and where the row was refused.</param>
/// <param name="Code">Why it was refused, of the catalogue; null for a good row.</param>
public sealed record ImportVerdict(Guid? AccountId, string? Code);

/// <summary>Makes accounts of sessions that another program began: no login is needed, and each row stands for itself.</summary>
/// <remarks>
/// A key on two connections at once is killed by Telegram. Here an index keeps that from happening; that the other program is stopped
/// only a person can see to. A repeated request is harmless: what is here already is refused.
/// </remarks>
public sealed class ImportAccounts(TenantDatabase database, ISecretProtector secrets, Consents consents, TimeProvider time)
{
    public const int MaxRows = 1000;

    private const int AtOnce = 4;

    /// <summary>How long Telegram is asked whose session it is before the row is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    /// <param name="trial">Says what would become of the rows and writes nothing.</param>
    /// <param name="consent">The version of the text that the request agrees to; null where that was done before.</param>
    /// <exception cref="IntegrationException">CONSENT_REQUIRED, but for a trial.</exception>
    /// <returns>One verdict for each row. Whose the sessions are is found out afterwards, by the owners of the accounts.</returns>
    public async Task<IReadOnlyList<ImportVerdict>> ExecuteAsync(Principal principal, IReadOnlyList<ImportRow> rows, bool trial, string? consent, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(rows);
        if (!trial)
            await database.InTenantAsync(principal.Tenant, transaction => consents.RequireAsync(transaction, principal, consent, cancellationToken), cancellationToken);
        var installation = trial ? null : await Installation.ReadAsync(database, cancellationToken);
        var verdicts = new ImportVerdict[rows.Count];
        var found = new List<Found>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < rows.Count; i++)
        {
            if (!ImportedSession.TryRead(rows[i].Session, out var session))
            {
                verdicts[i] = new ImportVerdict(null, ErrorCodes.TelegramSessionInvalid);
                continue;
            }

            var fingerprint = await secrets.FingerprintAsync(SessionSnapshot.FingerprintPurpose, session.Key, cancellationToken);
            if (!seen.Add(Convert.ToHexString(fingerprint)))
                verdicts[i] = new ImportVerdict(null, ErrorCodes.TelegramSessionRepeated);
            else if (!ImportedSession.KnowsDc(session.DcId))
                verdicts[i] = new ImportVerdict(null, ErrorCodes.TelegramSessionDc);
            else
                found.Add(new Found(i, session, fingerprint));
        }

        var here = await KnownAsync(found, cancellationToken);
        var projects = await RefusedProjectsAsync(principal, rows, cancellationToken);
        await Parallel.ForEachAsync(
            found,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (row, token) =>
            {
                var refusal = here.Contains(Convert.ToHexString(row.Fingerprint))
                    ? ErrorCodes.TelegramAlreadyConnected
                    : rows[row.Index].ProjectId is { } project ? projects.GetValueOrDefault(project) : null;
                verdicts[row.Index] = refusal is not null || installation is null
                    ? new ImportVerdict(null, refusal)
                    : await BeginAsync(principal, rows[row.Index], row, installation, token);
            });
        return verdicts;
    }

    private async Task<ImportVerdict> BeginAsync(Principal principal, ImportRow row, Found found, Installation installation, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var sealedSession = await secrets.ProtectAsync(
            new SecretAddress(principal.Tenant, "telegram_accounts", "session_payload", id), found.Session.Payload, cancellationToken);
        try
        {
            await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    var account = TelegramAccount.Open(
                        transaction.Tenant, id, principal.UserId, row.ProjectId, installation.World, installation.ShardCount, row.DisplayName);
                    account.Import(sealedSession, found.Fingerprint, found.Session.DcId, now);
                    transaction.Db.Add(account);
                    transaction.Db.Add(TelegramLogin.Begin(transaction.Tenant, id, LoginMethod.Import, phone: null, now + Patience));
                    await transaction.Db.SaveChangesAsync(cancellationToken);
                    await transaction.PublishAsync(
                        new EventDraft(EventTypes.LoginUpdated, account.UserId, id, new { Id = id, State = Words.Of(LoginState.Pending), Method = Words.Of(LoginMethod.Import) }),
                        cancellationToken);
                    await IntegrationLog.WriteAsync(
                        transaction,
                        new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", "personal.import", LogStatus.Success) { AccountId = id },
                        cancellationToken);
                    await AccountTimeline.WriteAsync(transaction, id, new TimelineEntry(TimelineKind.Imported) { UserId = principal.UserId }, cancellationToken);
                    transaction.AfterCommit(Ring.Shard(account.Shard));
                },
                cancellationToken);
            return new ImportVerdict(id, null);
        }
        catch (Exception e) when ((e as PostgresException ?? e.InnerException as PostgresException) is
        { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "idx_telegram_accounts_fingerprint" })
        {
            // Somebody else brought the same session in this moment: the index decides.
            return new ImportVerdict(null, ErrorCodes.TelegramAlreadyConnected);
        }
    }

    private async Task<HashSet<string>> KnownAsync(List<Found> found, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        return await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.known_sessions($1)", connection, transaction);
                command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. found.Select(row => row.Fingerprint)] });
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                    known.Add(Convert.ToHexString(reader.GetFieldValue<byte[]>(0)));
                return known;
            },
            cancellationToken);
    }

    private Task<Dictionary<Guid, string>> RefusedProjectsAsync(Principal principal, IReadOnlyList<ImportRow> rows, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var refused = new Dictionary<Guid, string>();
                foreach (var project in rows.Select(row => row.ProjectId).OfType<Guid>().Distinct())
                {
                    try
                    {
                        await StartLogin.RequireReadyProjectAsync(transaction, project, cancellationToken);
                    }
                    catch (IntegrationException refusal)
                    {
                        refused[project] = refusal.Code;
                    }
                }

                return refused;
            },
            cancellationToken);

    private sealed record Found(int Index, SessionSnapshot Session, byte[] Fingerprint);
}
