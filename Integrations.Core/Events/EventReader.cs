using System.Text.Json;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Events;

/// <summary>One event as a subscriber reads it.</summary>
/// <param name="Position">The cursor: rises with every event of the installation, never twice the same.</param>
public sealed record StoredEvent(long Position, string Type, int? UserId, Guid? AccountId, JsonElement Data, DateTimeOffset OccurredAt);

/// <summary>What there is after a cursor.</summary>
/// <param name="Next">Where to read on. It also passes over events that the reader may not see.</param>
/// <param name="Reset">The cursor is older than what is kept (or from another installation): the reader must fetch its state afresh and go on from <paramref name="Next"/>.</param>
public sealed record EventPage(IReadOnlyList<StoredEvent> Events, long Next, bool Reset);

/// <summary>Reads events by position, as one principal may see them.</summary>
public sealed class EventReader(TenantDatabase database)
{
    /// <summary>What administrators are told of all accounts and people of their tenant.</summary>
    private static readonly string[] OfAdministrators =
    [
        EventTypes.AccountUpdated, EventTypes.AccountDeleted, EventTypes.AccountTimeline, EventTypes.LoginUpdated,
        EventTypes.UserUpdated, EventTypes.InvitationUpdated, EventTypes.ApiKeyUpdated,
    ];

    /// <summary>What those are told who talk in an account: its user, and the members of its project for as long as they are members.</summary>
    private static readonly string[] OfTalk =
    [
        EventTypes.MessageCreated, EventTypes.MessageUpdated, EventTypes.MessageChange, EventTypes.MessageDeleted, EventTypes.DialogUpdated, EventTypes.DialogDeleted, EventTypes.DialogPresence, EventTypes.NoteCreated, EventTypes.NoteDeleted,
    ];

    /// <summary>The largest page.</summary>
    public const int MaxLimit = 1000;

    /// <param name="after">The last position that the reader has; <see cref="HeadAsync"/> to begin with what comes next.</param>
    public async Task<EventPage> ReadAsync(Principal principal, long after, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return await database.InTenantAsync(principal.Tenant, transaction => ReadAsync(transaction, principal, after, Math.Min(limit, MaxLimit), ct), ct);
    }

    /// <summary>The position of the newest visible event of the installation.</summary>
    public Task<long> HeadAsync(CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select position from event_head", connection, transaction);
                return (long)(await command.ExecuteScalarAsync(ct))!;
            },
            ct);

    private static async Task<EventPage> ReadAsync(TenantTransaction transaction, Principal principal, long after, int limit, CancellationToken ct)
    {
        // One statement, hence one snapshot: every event up to the head that it sees is in it, because the relay moves the head in the
        // transaction that places the events. The left join keeps the head when there is no event.
        await using var command = transaction.Command(
            $"""
            select h.position, h.tail, e.position, e.type, e.user_id, e.account_id, e.data::text, e.occurred_at
              from event_head h
              left join lateral (select * from events
                                  where tenant_id = $4 and position > $1 and position <= h.position
                                    and case when bot_id is null
                                             then user_id is null or user_id = $2 or ($3 and type = any ($6))
                                                  or (type = any ($7) and account_id in (select a.id from telegram_accounts a where {ReachableAccounts.TalkSql}))
                                             else bot_id in (select i.id from integrations i where {ReachableBots.TalkSql}) end
                                  order by position limit $5) e on true
             order by e.position
            """);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = principal.ManagesAccounts });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = OfAdministrators });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = OfTalk });

        var events = new List<StoredEvent>();
        long head = 0;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            head = reader.GetInt64(0);
            var tail = reader.GetInt64(1);
            // Beyond the head: a cursor from before a restore of the database, whose positions will be given out again.
            if (after < tail || after > head)
                return new EventPage([], head, Reset: true);

            if (await reader.IsDBNullAsync(2, ct))
                break;

            using var data = JsonDocument.Parse(reader.GetString(6));
            events.Add(new StoredEvent(
                reader.GetInt64(2),
                reader.GetString(3),
                await reader.IsDBNullAsync(4, ct) ? null : reader.GetInt32(4),
                await reader.IsDBNullAsync(5, ct) ? null : reader.GetGuid(5),
                data.RootElement.Clone(),
                reader.GetFieldValue<DateTimeOffset>(7)));
        }

        return new EventPage(events, events.Count == limit ? events[^1].Position : head, Reset: false);
    }
}
