using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Overview;

/// <summary>An account or a bot, and what went on in it.</summary>
/// <param name="Type">personal_telegram or telegram_bot.</param>
/// <param name="Name">Its name, else its username, else its phone.</param>
/// <param name="UserId">Whose account it is; of a bot, who connected it.</param>
/// <param name="Status">The word for how the connection stands.</param>
/// <param name="MessagesReceived">In the period.</param>
/// <param name="MessagesSent">In the period, what failed included.</param>
public sealed record IntegrationActivity(
    Guid Id, string Type, string? Name, int UserId, Guid? ProjectId, string Status, string? LastErrorCode, long MessagesReceived, long MessagesSent, DateTimeOffset? LastActivity);

/// <summary>How the caller's accounts and bots stand and what they did in a period, the oldest first.</summary>
/// <remarks>Accounts: one's own, those of one's projects, and for owners and administrators all. Bots are everybody's to see.</remarks>
public sealed class ReadActivity(TenantDatabase database, TimeProvider time)
{
    /// <summary>Accounts and bots in one answer.</summary>
    private const int Limit = 2000;

    // The head is read once: what stands before it comes from the counted hours and the rest from the rows, so that nothing is counted twice.
    private const string Activity =
        $"""
        with connections as (
            select a.id, 'personal_telegram' as type, coalesce(a.display_name, '@' || a.username, a.phone) as name, a.user_id, a.project_id, a.status, a.last_error_code, a.created_at,
                   (select max(d.last_message_at) from dialogs d where d.tenant_id = $1 and d.personal_account_id = a.id) as last_activity
              from telegram_accounts a
             where a.tenant_id = $1 and a.deleted_at is null and (a.telegram_user_id is not null or a.status in ('pending', 'active')) and ($3 or {ReachableAccounts.TalkSql})
            union all
            select i.id, i.integration_type, coalesce(b.display_name, '@' || b.username), i.user_id, i.project_id, i.status, i.last_error_code, i.created_at, i.last_activity
              from integrations i join telegram_bots b on b.id = i.id
             where i.tenant_id = $1 and i.deleted_at is null
        ), shown as (
            select * from connections c where ($5::uuid is null or c.project_id = $5) and ($6::text is null or c.type = $6) order by c.created_at, c.id limit $7
        ), head as (select counted_until as until from traffic_head),
        counted as (
            select h.account_id, h.measure, h.count
              from message_hours h
             where h.tenant_id = $1 and h.hour >= $4 and h.hour < (select until from head) and h.measure in (0, 1)
            union all
            select t.account_id, t.measure, t.count from traffic_of($1, greatest((select until from head), $4), 'infinity') t where t.measure in (0, 1)
        ), summed as (
            select c.account_id, sum(c.count) filter (where c.measure = 0) as received, sum(c.count) filter (where c.measure = 1) as sent from counted c group by 1
        )
        select s.id, s.type, s.name, s.user_id, s.project_id, s.status, s.last_error_code, coalesce(n.received, 0)::bigint, coalesce(n.sent, 0)::bigint, s.last_activity
          from shown s left join summed n on n.account_id = s.id order by s.created_at, s.id
        """;

    /// <param name="type">personal_telegram or telegram_bot; null for both.</param>
    /// <param name="period">Back from now, in whole hours.</param>
    /// <exception cref="IntegrationException">NOT_FOUND for the project.</exception>
    public Task<List<IntegrationActivity>> ExecuteAsync(Principal principal, Guid? projectId, string? type, TimeSpan period, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var since = time.GetUtcNow() - period;
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (projectId is { } project && !await transaction.Db.Projects.AnyAsync(row => row.Id == project, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);

                await using var command = transaction.Command(Activity);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = principal.ManagesAccounts });
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = new DateTimeOffset(since.Year, since.Month, since.Day, since.Hour, 0, 0, TimeSpan.Zero) });
                command.Parameters.Add(new NpgsqlParameter { Value = (object?)projectId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
                command.Parameters.Add(new NpgsqlParameter { Value = (object?)type ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Limit });
                List<IntegrationActivity> rows = [];
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    rows.Add(new(
                        reader.GetGuid(0),
                        reader.GetString(1),
                        await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetString(2),
                        reader.GetInt32(3),
                        await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetGuid(4),
                        reader.GetString(5),
                        await reader.IsDBNullAsync(6, cancellationToken) ? null : reader.GetString(6),
                        reader.GetInt64(7),
                        reader.GetInt64(8),
                        await reader.IsDBNullAsync(9, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(9)));
                }

                return rows;
            },
            cancellationToken);
    }
}
