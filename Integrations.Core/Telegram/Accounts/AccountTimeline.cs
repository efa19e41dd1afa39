using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>What an account can go through.</summary>
public enum TimelineKind
{
    Connected,

    /// <summary>The connection has been away longer than a hiccup.</summary>
    Dropped,

    /// <summary>A trouble is over; <see cref="TimelineEntry.Since"/> tells when it began.</summary>
    Back,
    FloodWait,
    FloodOver,
    Error,
    Paused,
    Resumed,
    ReconnectAsked,
    LoginStarted,
    LoginFinished,
    LoginFailed,
    Disconnected,
    Imported,
    Flags,
    Renamed,
}

/// <summary>One thing that happened to an account, about to be written.</summary>
public sealed record TimelineEntry(TimelineKind Kind)
{
    /// <summary>Of the catalogue, where something failed.</summary>
    public string? Code { get; init; }

    /// <summary>When a wait ends.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>When the trouble began.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The new name, or which chats are stored.</summary>
    public string? Detail { get; init; }

    /// <summary>Who wanted it; null: it happened.</summary>
    public int? UserId { get; init; }
}

/// <summary>Writes the timeline, in the transaction of the state that an entry tells of. The database tells subscribers, and makes the notices of it.</summary>
public static class AccountTimeline
{
    public static async Task WriteAsync(TenantTransaction transaction, Guid account, TimelineEntry entry, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(entry);
        await using var command = transaction.Command(
            "insert into account_events (tenant_id, account_id, kind, code, until, since, detail, user_id) values ($1, $2, $3, $4, $5, $6, $7, $8)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = account });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(entry.Kind) });
        Add(entry.Code, NpgsqlDbType.Varchar);
        Add(entry.Until?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        Add(entry.Since?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        Add(entry.Detail, NpgsqlDbType.Varchar);
        Add(entry.UserId, NpgsqlDbType.Integer);
        await command.ExecuteNonQueryAsync(ct);
        transaction.AfterCommit(Ring.Outbox);

        void Add(object? value, NpgsqlDbType type) => command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
    }

    /// <summary>Writes a trouble unless it is the one that was told last; one that follows another goes on from its beginning.</summary>
    /// <param name="kind"><see cref="TimelineKind.Dropped"/> or <see cref="TimelineKind.Error"/>.</param>
    public static async Task TroubledAsync(TenantTransaction transaction, Guid account, TimelineKind kind, string code, DateTimeOffset since, CancellationToken ct)
    {
        var last = await LastAsync(transaction, account, ct);
        if (last is not null && (last.Kind, last.Code) == (kind, code))
            return;

        var beginning = last is { IsTrouble: true } ? last.Since : since;
        await WriteAsync(transaction, account, new TimelineEntry(kind) { Code = code, Since = beginning }, ct);
    }

    /// <summary>Writes that the connection stands: as the end of a trouble where there was one, else where it is news.</summary>
    public static async Task ConnectedAsync(TenantTransaction transaction, Guid account, bool news, CancellationToken ct)
    {
        if (await LastAsync(transaction, account, ct) is { IsTrouble: true } trouble)
            await WriteAsync(transaction, account, new TimelineEntry(TimelineKind.Back) { Code = trouble.Code, Since = trouble.Since }, ct);
        else if (news)
            await WriteAsync(transaction, account, new TimelineEntry(TimelineKind.Connected), ct);
    }

    /// <summary>What was told last of the connection.</summary>
    private static async Task<LastTold?> LastAsync(TenantTransaction transaction, Guid account, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            select kind, code, coalesce(since, at)
              from account_events
             where account_id = $1 and kind in ('connected', 'dropped', 'back', 'error', 'login_finished', 'paused', 'disconnected')
             order by seq desc limit 1
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = account });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new LastTold(Words.Read<TimelineKind>(reader.GetString(0)), await reader.IsDBNullAsync(1, ct) ? null : reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2))
            : null;
    }

    private sealed record LastTold(TimelineKind Kind, string? Code, DateTimeOffset Since)
    {
        public bool IsTrouble => Kind is TimelineKind.Dropped or TimelineKind.Error;
    }
}
