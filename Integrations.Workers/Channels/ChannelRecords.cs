using System.Text.Json;
using Integrations.Core.Events;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using Integrations.Workers.WorkingGroups;
using NpgsqlTypes;

namespace Integrations.Workers.Channels;

/// <summary>How a change of a message ended.</summary>
/// <param name="NotBefore">When it is tried again; null where it is over.</param>
internal sealed record ChangeOutcome(string? Code = null, string? Detail = null, DateTimeOffset? NotBefore = null)
{
    public static readonly ChangeOutcome Done = new();
}

/// <summary>Writes down what came of the work. Every write carries the epoch of the shard.</summary>
internal sealed class ChannelRecords(TenantDatabase database, ChannelOptions options, Random random, TimeProvider time)
{
    public Task ChangedAsync(ShardClaim claim, DueChange change, ChangeOutcome outcome, CancellationToken ct) => database.InTenantAsync(
        change.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            await using (var command = transaction.Command(
                """
                update message_changes
                   set attempts = attempts + 1, state = case when $2 is not null then 'pending' when $3 is null then 'done' else 'failed' end,
                       not_before = coalesce($2, not_before), error_code = $3, error_detail = $4, finished_at = case when $2 is null then clock_timestamp() end
                 where id = $1 and state = 'pending'
                """)
                .With(change.Id).With(outcome.NotBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz)
                .With(outcome.Code, NpgsqlDbType.Varchar).With(outcome.Detail, NpgsqlDbType.Text))
            {
                if (await command.ExecuteNonQueryAsync(ct) == 0 || outcome.NotBefore is not null)
                    return;
            }

            if (outcome.Code is null)
                await ApplyAsync(transaction, change, ct);
            else if (change.Kind is MessageChangeKind.Edit)
                await GroupUpdates.EditFailedAsync(transaction, change.MessageId, ct);
            await transaction.PublishAsync(
                Event(change, EventTypes.MessageChange, new
                {
                    change.Id,
                    change.MessageId,
                    change.DialogId,
                    change.AccountId,
                    change.BotId,
                    Kind = Words.Of(change.Kind),
                    State = outcome.Code is null ? "done" : "failed",
                    ErrorCode = outcome.Code,
                    ErrorDetail = outcome.Detail,
                }),
                ct);
        },
        ct);

    /// <param name="sight">Null where the account sees nothing of that name, or a list was asked for.</param>
    /// <param name="seen">To be remembered.</param>
    public Task AnsweredAsync(OwnedAccount account, DueLook look, ChannelSight? sight, IReadOnlyList<SeenChannel> seen, CancellationToken ct) => database.InTenantAsync(
        look.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(account.Claim, ct);
            await PeerStatements.SaveAsync(transaction, account, seen.Select(channel => channel.Peer), ct);
            if (look.Kind == "list")
                await StoreFoundAsync(transaction, account, seen, ct);
            await using var command = transaction.Command("update telegram_channel_looks set state = 'done', result = $2, target_sealed = null where id = $1")
                .With(look.Id).With(sight is null ? null : JsonSerializer.Serialize(sight, ChannelWire.Default.ChannelSight), NpgsqlDbType.Jsonb);
            await command.ExecuteNonQueryAsync(ct);
        },
        ct);

    public Task RefusedAsync(OwnedAccount account, DueLook look, string code, string detail, CancellationToken ct) => database.InTenantAsync(
        look.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(account.Claim, ct);
            await using var command = transaction.Command(
                "update telegram_channel_looks set state = 'failed', error_code = $2, error_detail = $3, target_sealed = null where id = $1").With(look.Id).With(code).With(detail);
            await command.ExecuteNonQueryAsync(ct);
        },
        ct);

    /// <param name="sight">Null where it cannot be seen any more.</param>
    public Task CheckedAsync(ShardClaim claim, DueCheck check, ChannelSight? sight, CancellationToken ct) => database.InTenantAsync(
        check.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            await ChannelSights.StoreAsync(
                transaction, check.Id, sight, time.GetUtcNow(), options.NextCheck(time.GetUtcNow(), random.NextDouble()), ct);
        },
        ct);

    /// <summary>Nothing was found out; it is tried again.</summary>
    public Task PutOffAsync(ShardClaim claim, DueCheck check, DateTimeOffset until, CancellationToken ct) => database.InTenantAsync(
        check.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            await using var command = transaction.Command("update telegram_channels set check_at = $2 where id = $1").With(check.Id).With(until.ToUniversalTime());
            await command.ExecuteNonQueryAsync(ct);
        },
        ct);

    private static async Task ApplyAsync(TenantTransaction transaction, DueChange change, CancellationToken ct)
    {
        await using (var command = transaction.Command(change.Kind switch
        {
            MessageChangeKind.Edit => "update messages set text = $2, edited_at = clock_timestamp() where id = $1",
            MessageChangeKind.Delete => "update messages set deleted_at = coalesce(deleted_at, clock_timestamp()), pinned_at = null where id = $1 and $2::text is null",
            MessageChangeKind.Pin => "update messages set pinned_at = clock_timestamp() where id = $1 and $2::text is null",
            MessageChangeKind.Unpin => "update messages set pinned_at = null where id = $1 and $2::text is null",
            _ => throw new InvalidOperationException($"Unknown change {change.Kind}."),
        }).With(change.MessageId).With(change.Text, NpgsqlDbType.Text))
        {
            await command.ExecuteNonQueryAsync(ct);
        }

        await transaction.PublishAsync(
            Event(change, change.Kind is MessageChangeKind.Delete ? EventTypes.MessageDeleted : EventTypes.MessageUpdated, new
            {
                Id = change.MessageId,
                change.DialogId,
                change.AccountId,
                change.BotId,
                Direction = change.AccountId is null ? "telegram_bot_out" : "personal_telegram_out",
                Status = Words.Of(change.MessageStatus),
                change.Text,
            }),
            ct);
    }

    private static EventDraft Event(DueChange change, string type, object data) =>
        change.BotId is { } bot ? EventDraft.OfBot(type, bot, data) : new EventDraft(type, change.AccountUser, change.AccountId, data);

    private async Task StoreFoundAsync(TenantTransaction transaction, OwnedAccount account, IReadOnlyList<SeenChannel> seen, CancellationToken ct)
    {
        await using (var gone = transaction.Command("delete from telegram_found_channels where account_id = $1 and not (channel_id = any ($2))")
            .With(account.Id).With(seen.Select(channel => channel.Sight.ChannelId).ToArray()))
        {
            await gone.ExecuteNonQueryAsync(ct);
        }

        await FoundStatements.SaveAsync(transaction, account.Id, null, [.. seen.Select(channel => channel.Sight)], time.GetUtcNow(), ct);
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[System.Text.Json.Serialization.JsonSerializable(typeof(ChannelSight))]
internal sealed partial class ChannelWire : System.Text.Json.Serialization.JsonSerializerContext;
