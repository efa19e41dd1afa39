using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Microsoft.Extensions.Options;
using NpgsqlTypes;

namespace Integrations.Workers.Sending;

/// <summary>Where Telegram asked for patience: kept over restarts, so that nobody knocks again too soon.</summary>
internal sealed class FloodWaits(TenantDatabase database, IOptions<AccountOptions> options, TimeProvider time)
{
    public const string SendMessage = "messages.sendMessage";
    public const string SendMedia = "messages.sendMedia";
    public const string ResolveUsername = "contacts.resolveUsername";
    public const string ResolvePhone = "contacts.resolvePhone";

    /// <param name="account">Who has to wait.</param>
    /// <param name="method">With which call.</param>
    /// <param name="dialog">In one chat only; null for the whole account.</param>
    /// <param name="until">A later moment that is stored already stays.</param>
    /// <param name="ct">Ends the write.</param>
    public Task SaveAsync(OwnedAccount account, string method, Guid? dialog, DateTimeOffset until, CancellationToken ct) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(account.Claim, ct);
                await using (var command = transaction.Command(
                    """
                    insert into telegram_flood_waits as f (account_id, method, chat, tenant_id, until) values ($1, $2, $3, $4, $5)
                    on conflict (account_id, method, chat) do update set until = greatest(f.until, excluded.until)
                    """)
                    .With(account.Id).With(method).With(dialog?.ToString() ?? "").With(account.Tenant.Value).With(until.ToUniversalTime()))
                {
                    await command.ExecuteNonQueryAsync(ct);
                }

                if (dialog is null && until - time.GetUtcNow() >= options.Value.TroubleToldAfter)
                    await TellAsync(transaction, account, until, ct);
            },
            ct);

    /// <summary>A wait that is made longer while it lasts is still one wait.</summary>
    private static async Task TellAsync(TenantTransaction transaction, OwnedAccount account, DateTimeOffset until, CancellationToken ct)
    {
        await using (var command = transaction.Command(
            """
            update account_events set until = greatest(until, $2)
             where seq = (select seq from account_events where account_id = $1 and kind in ('flood_wait', 'flood_over') order by seq desc limit 1)
               and kind = 'flood_wait' and until > clock_timestamp()
            """).With(account.Id).With(until.ToUniversalTime()))
        {
            if (await command.ExecuteNonQueryAsync(ct) > 0)
                return;
        }

        await AccountTimeline.WriteAsync(
            transaction, account.Id, new TimelineEntry(TimelineKind.FloodWait) { Code = ErrorCodes.TelegramFlood, Until = until }, ct);
    }

    /// <summary>Until when the account must not make this call; null when it may.</summary>
    public Task<DateTimeOffset?> UntilAsync(OwnedAccount account, string method, CancellationToken ct) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    "select until from telegram_flood_waits where account_id = $1 and method = $2 and chat = '' and until > $3")
                    .With(account.Id).With(method).With(time.GetUtcNow(), NpgsqlDbType.TimestampTz);
                await using var reader = await command.ExecuteReaderAsync(ct);
                return await reader.ReadAsync(ct) ? reader.GetFieldValue<DateTimeOffset>(0) : (DateTimeOffset?)null;
            },
            ct);
}
