using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Channels;

/// <summary>Asks the owner of an account's shard, who alone speaks with Telegram for it, and waits for the answer.</summary>
public sealed class ChannelLooks(TenantDatabase database, ISecretProtector secrets, OutcomeWatch watch, ChannelOptions options, TimeProvider time)
{
    /// <summary>Questions of one account that may wait at once.</summary>
    private const int MostWaiting = 5;

    /// <summary>Where the target of a look is sealed.</summary>
    public static SecretAddress TargetAddress(TenantId tenant, Guid id) => new(tenant, "telegram_channel_looks", "target_sealed", id);

    /// <summary>Has the dialogs of the account read anew; those that are channels and groups stand in telegram_found_channels then.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND; ACCOUNT_NOT_ACTIVE; TG_UNAVAILABLE when no answer came in time; and what Telegram refused.</exception>
    public Task ListAsync(Principal principal, Guid accountId, CancellationToken cancellationToken) => AskAsync(principal, accountId, "list", null, cancellationToken);

    /// <returns>What the account sees behind a name, a link or an id.</returns>
    /// <exception cref="IntegrationException">As <see cref="ListAsync"/>; CHANNEL_NOT_FOUND.</exception>
    public async Task<ChannelSight> FindAsync(Principal principal, Guid accountId, ChannelTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        var result = await AskAsync(principal, accountId, "find", target.AsText(), cancellationToken);
        return System.Text.Json.JsonSerializer.Deserialize(result ?? "null", ChannelJson.Default.ChannelSight) ?? throw new IntegrationException(ErrorCodes.ChannelNotFound);
    }

    private async Task<string?> AskAsync(Principal principal, Guid accountId, string kind, string? target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var sealedTarget = target is null ? null : await secrets.ProtectAsync(TargetAddress(principal.Tenant, id), Encoding.UTF8.GetBytes(target), cancellationToken);
        await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var account = await ReachableAccounts.FindAsync(transaction, principal, AccountReach.Talk, accountId, cancellationToken);
                if (account is not { Status: AccountStatus.Active, Goal: AccountGoal.Connected })
                    throw new IntegrationException(ErrorCodes.AccountNotActive);

                await using var command = transaction.Command(
                    """
                    insert into telegram_channel_looks (id, tenant_id, user_id, account_id, kind, target_sealed, expires_at)
                    select $1, $2, $3, $4, $5, $6, clock_timestamp() + $7
                     where (select count(*) from telegram_channel_looks where account_id = $4 and state = 'pending' and expires_at > clock_timestamp()) < $8
                    """);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = accountId });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind });
                command.Parameters.Add(new NpgsqlParameter { Value = (object?)sealedTarget ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.AnswerPatience, NpgsqlDbType = NpgsqlDbType.Interval });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostWaiting });
                if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
                    throw new IntegrationException(ErrorCodes.ServiceUnavailable, "Questions about channels of this account wait already. Repeat the request in a moment.", TimeSpan.FromSeconds(5));
                transaction.AfterCommit(Ring.Channels(account.Shard));
            },
            cancellationToken);

        var answer = await watch.UntilAsync(token => ReadAsync(principal.Tenant, id, token), look => look.State != "pending", options.AnswerPatience, cancellationToken);
        return answer.State switch
        {
            "done" => answer.Result,
            "failed" => throw new IntegrationException(answer.ErrorCode ?? ErrorCodes.TelegramUnavailable, answer.ErrorDetail),
            _ => throw new IntegrationException(ErrorCodes.TelegramUnavailable, "Telegram did not answer in time for this account. Repeat the request.", TimeSpan.FromSeconds(5)),
        };
    }

    private Task<Look> ReadAsync(TenantId tenant, Guid id, CancellationToken cancellationToken) => database.InTenantAsync(
        tenant,
        async transaction =>
        {
            await using var command = transaction.Command("select state, result::text, error_code, error_detail from telegram_channel_looks where id = $1");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken)
                ? new Look(reader.GetString(0), reader[1] as string, reader[2] as string, reader[3] as string)
                : new Look("pending", null, null, null);
        },
        cancellationToken);

    private sealed record Look(string State, string? Result, string? ErrorCode, string? ErrorDetail);
}
