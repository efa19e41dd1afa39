using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>One line of an account's timeline.</summary>
/// <param name="Seq">The order of writing.</param>
/// <param name="UserId">Who wanted it; null: it happened.</param>
public sealed record TimelineLine(
    long Seq, TimelineKind Kind, string? Code, DateTimeOffset? Until, DateTimeOffset? Since, string? Detail, int? UserId, DateTimeOffset At);

/// <summary>What an account went through, the newest first.</summary>
public sealed class ReadTimeline(TenantDatabase database)
{
    /// <param name="before">Only what came before this line; null begins with the newest.</param>
    /// <exception cref="IntegrationException">NOT_FOUND, for a missing account and for one out of reach alike.</exception>
    public Task<List<TimelineLine>> ExecuteAsync(Principal principal, AccountReach reach, Guid id, long? before, int limit, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await ReachableAccounts.FindAsync(transaction, principal, reach, id, cancellationToken);
                await using var command = transaction.Command(
                    "select seq, kind, code, until, since, detail, user_id, at from account_events where account_id = $1 and seq < $2 order by seq desc limit $3");
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before ?? long.MaxValue });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
                List<TimelineLine> lines = [];
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    lines.Add(new TimelineLine(
                        reader.GetInt64(0),
                        Words.Read<TimelineKind>(reader.GetString(1)),
                        reader.IsDBNull(2) ? null : reader.GetString(2),
                        reader.IsDBNull(3) ? null : reader.GetFieldValue<DateTimeOffset>(3),
                        reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                        reader.IsDBNull(5) ? null : reader.GetString(5),
                        reader.IsDBNull(6) ? null : reader.GetInt32(6),
                        reader.GetFieldValue<DateTimeOffset>(7)));
                }

                return lines;
            },
            cancellationToken);
}
