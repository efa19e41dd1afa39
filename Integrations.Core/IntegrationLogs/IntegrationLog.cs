using System.Diagnostics;
using System.Text.Json;
using Integrations.Core.Audit;
using Integrations.Core.Events;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.IntegrationLogs;

/// <summary>How a logged action stands.</summary>
public enum LogStatus
{
    Success,
    Error,
    Pending,
}

/// <summary>One line of the customer's own log.</summary>
/// <param name="Id">A UUIDv7 from the caller.</param>
/// <param name="UserId">Whose account it concerns; null only where an enterprise number stands instead.</param>
/// <param name="IntegrationType"><c>telegram</c> for now.</param>
/// <param name="Action">For example <c>personal.login</c> or <c>personal.disconnect</c>.</param>
public sealed record LogEntry(Guid Id, int? UserId, string IntegrationType, string Action, LogStatus Status)
{
    public Guid? AccountId { get; init; }

    public string? EnterpriseNumber { get; init; }

    /// <summary>Becomes a JSON object in snake_case. Never a secret, a code, a password or a message's text.</summary>
    public object? Details { get; init; }

    public object? RequestData { get; init; }

    public object? ResponseData { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }
}

/// <summary>A row of <c>integration_logs</c>, as it is read.</summary>
public sealed class IntegrationLog
{
    private IntegrationLog()
    {
    }

    public Guid Id { get; private set; }

    /// <summary>The order of writing; ids do not order.</summary>
    public long Seq { get; private set; }

    public Guid TenantId { get; private set; }
    public int? UserId { get; private set; }
    public Guid? AccountId { get; private set; }
    public string? EnterpriseNumber { get; private set; }
    public string IntegrationType { get; private set; } = "";
    public string Action { get; private set; } = "";
    public string EventType { get; private set; } = "";
    public LogStatus Status { get; private set; }
    public JsonElement Details { get; private set; }
    public JsonElement? RequestData { get; private set; }
    public JsonElement? ResponseData { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? ErrorMessage { get; private set; }

    /// <summary>Leads to the request, or to the work of a worker, in logs and traces.</summary>
    public string? TraceId { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>The trace that is running; null outside one.</summary>
    internal static string? RunningTrace => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.TraceId.ToHexString() : null;

    /// <summary>Writes one line in the transaction of what it tells about, so that neither is there without the other.</summary>
    /// <remarks>
    /// Its trace is the one that is running. A worker that does what was asked for runs none of its own; its line goes on the trace of the
    /// request: of the account's last line that was pending.
    /// </remarks>
    public static async Task WriteAsync(TenantTransaction transaction, LogEntry entry, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(entry);
        await using var command = transaction.Command(
            """
            insert into integration_logs (id, tenant_id, user_id, account_id, enterprise_number, integration_type, action, status,
                                          details, request_data, response_data, error_code, error_message, trace_id)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                    coalesce($14, (select l.trace_id from integration_logs l
                                    where l.tenant_id = $2 and l.account_id = $4 and l.status = 'pending' and l.trace_id is not null
                                      and l.created_at > now() - interval '1 hour'
                                    order by l.seq desc limit 1)))
            """);
        Add(entry.Id, NpgsqlDbType.Uuid);
        Add(transaction.Tenant.Value, NpgsqlDbType.Uuid);
        Add(entry.UserId, NpgsqlDbType.Integer);
        Add(entry.AccountId, NpgsqlDbType.Uuid);
        Add(entry.EnterpriseNumber, NpgsqlDbType.Varchar);
        Add(entry.IntegrationType, NpgsqlDbType.Varchar);
        Add(entry.Action, NpgsqlDbType.Varchar);
        Add(Words.Of(entry.Status), NpgsqlDbType.Varchar);
        Add(Json(entry.Details) ?? "{}", NpgsqlDbType.Jsonb);
        Add(Json(entry.RequestData), NpgsqlDbType.Jsonb);
        Add(Json(entry.ResponseData), NpgsqlDbType.Jsonb);
        Add(entry.ErrorCode, NpgsqlDbType.Varchar);
        Add(entry.ErrorMessage, NpgsqlDbType.Text);
        Add(RunningTrace, NpgsqlDbType.Varchar);
        await command.ExecuteNonQueryAsync(ct);
        transaction.Note(new AuditedChange(entry.Action, entry.AccountId, entry.Details));

        void Add(object? value, NpgsqlDbType type) =>
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });

        static string? Json(object? value) => value is null ? null : JsonSerializer.Serialize(value, EventJson.Options);
    }
}
