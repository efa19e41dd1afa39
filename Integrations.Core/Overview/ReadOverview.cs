using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Overview;

/// <summary>What needs attention and how a period went, in a few statements whatever the number of accounts.</summary>
/// <remarks>
/// Administrators see the connections and the counts of all accounts of their tenant. Single messages and dialogs are named only to those
/// who talk in their account: its user and the members of its project.
/// </remarks>
public sealed class ReadOverview(TenantDatabase database, IOptions<SecretsOptions> secrets, TimeProvider time)
{
    /// <summary>Each kind of problem is told at most this often: who has more of one kind has one problem.</summary>
    private const int MostOfOneKind = 50;

    /// <summary>Among how many of the caller's last used dialogs those are looked for that wait.</summary>
    private const int DialogsLookedAt = 500;

    private const string Problems =
        $"""
        with reach as (select a.* from telegram_accounts a where a.tenant_id = $1 and a.deleted_at is null and ($3 or a.user_id = $2)),
        talk as (select a.id from telegram_accounts a where a.tenant_id = $1 and a.deleted_at is null and {ReachableAccounts.TalkSql}),
        bots as (
            select i.id from integrations i where i.tenant_id = $1 and i.integration_type = 'telegram_bot' and i.deleted_at is null and {ReachableBots.TalkSql}
        ),
        bot_errors as (
            select i.id, coalesce(i.last_error_code, 'INTERNAL') as code, i.updated_at
              from integrations i
             where i.status = 'error' and i.id in (select b.id from bots b)
             order by i.updated_at desc limit $5
        ),
        errors as (
            select case when a.last_error_code in ('TG_LOGIN_EXPIRED', 'TG_QR_EXPIRED') then 'login_expired' else 'account_error' end as kind,
                   a.id, coalesce(a.last_error_code, 'INTERNAL') as code, a.updated_at
              from reach a
             -- A login that came to nothing is forgotten after a day; an account that once worked is not.
             where a.status = 'error' and a.goal = 'connected' and (a.telegram_user_id is not null or a.updated_at > $4)
             order by a.updated_at desc limit $5
        ), waits as (
            select a.id, f.updated_at, f.until
              from telegram_flood_waits f join reach a on a.id = f.account_id
             where f.chat = '' and f.method = 'messages.sendMessage' and f.until > $6
             order by f.until desc limit $5
        ), failures as (
            select m.account_id, m.bot_id, m.dialog_id, m.id, coalesce(m.error_code, 'INTERNAL') as code, m.finished_at
              from messages m
             where m.tenant_id = $1 and m.status = 'failed' and m.direction in ('personal_telegram_out', 'telegram_bot_out') and m.finished_at > $4 and m.deleted_at is null
               and (m.account_id in (select t.id from talk t) or m.bot_id in (select b.id from bots b))
             order by m.finished_at desc limit $5
        ), recent as (
            select d.id, d.personal_account_id, d.bot_id
              from dialogs d
             where d.tenant_id = $1 and (d.personal_account_id in (select t.id from talk t) or d.bot_id in (select b.id from bots b))
               and d.closed_at is null and d.last_message_at is not null and d.peer_kind is distinct from 'channel'
             order by d.last_message_at desc limit $8
        ), waiting as (
            select d.personal_account_id, d.bot_id, d.id, oldest.came_at
              from recent d
              cross join lateral (
                select coalesce(m.telegram_date, m.created_at) as came_at
                  from messages m
                 where m.dialog_id = d.id and m.direction in ('personal_telegram_in', 'telegram_bot_in')
                   and m.seq > coalesce((select max(o.seq) from messages o
                                          where o.dialog_id = d.id and o.direction in ('personal_telegram_out', 'telegram_bot_out') and o.status <> 'failed'), 0)
                 order by m.seq limit 1) oldest
             where oldest.came_at < $7
             order by oldest.came_at limit $5
        ), problems (kind, severity, account_id, bot_id, dialog_id, message_id, code, since, until, action) as (
            select kind, case kind when 'login_expired' then 'warning' else 'error' end, id, null::uuid, null::uuid, null::uuid, code, updated_at, null::timestamptz,
                   case when kind = 'login_expired' or code = 'TG_SESSION_EXPIRED' then 'log_in' else 'reconnect' end
              from errors
            union all select 'bot_error', 'error', null, id, null, null, code, updated_at, null, 'restart' from bot_errors
            union all select 'flood_wait', 'warning', id, null, null, null, 'TG_API_429', updated_at, until, 'wait' from waits
            union all select 'message_failed', 'error', account_id, bot_id, dialog_id, id, code, finished_at, null, 'retry' from failures
            union all select 'dialog_waiting', 'warning', personal_account_id, bot_id, id, null, 'NO_ANSWER', came_at, null, 'answer' from waiting
        )
        select p.kind, p.severity, p.account_id, coalesce(r.display_name, '@' || r.username, r.phone),
               p.dialog_id, coalesce(d.title, '@' || d.username, d.phone), p.message_id, p.code, p.since, p.until, p.action,
               p.bot_id, coalesce(b.display_name, '@' || b.username)
          from problems p
          left join telegram_accounts r on r.tenant_id = $1 and r.id = p.account_id
          left join telegram_bots b on b.tenant_id = $1 and b.id = p.bot_id
          left join dialogs d on d.tenant_id = $1 and d.id = p.dialog_id
        """;

    private const string Channels =
        $"""
        select 'channel_lost', 'error', c.account_id, coalesce(a.display_name, '@' || a.username, a.phone, b.display_name, '@' || b.username),
               null::uuid, c.title, null::uuid, c.error_code, c.updated_at, null::timestamptz, 'open_channels'
          from telegram_channels c
          left join telegram_accounts a on a.tenant_id = $1 and a.id = c.account_id
          left join telegram_bots b on b.tenant_id = $1 and b.id = c.bot_id
          left join integrations i on i.tenant_id = $1 and i.id = c.bot_id
         where c.tenant_id = $1 and c.deleted_at is null and c.error_code is not null
           and ($3 or (a.id is not null and {ReachableAccounts.TalkSql}) or (i.id is not null and {ReachableBots.TalkSql}))
         order by c.updated_at desc limit $4
        """;

    // A first login that came to nothing is no account; nobody would find it in the list.
    private const string States =
        """
        select a.status, a.world, count(*)
          from telegram_accounts a
         where a.tenant_id = $1 and a.deleted_at is null and ($3 or a.user_id = $2)
           and (a.telegram_user_id is not null or a.status in ('pending', 'active'))
         group by 1, 2
        """;

    private const string BotStates =
        $"""
        select i.status, b.world, count(*)
          from integrations i join telegram_bots b on b.id = i.id
         where i.tenant_id = $1 and i.deleted_at is null and {ReachableBots.TalkSql}
         group by 1, 2
        """;

    /// <param name="patience">How long somebody may wait for an answer before it is a problem.</param>
    /// <param name="period">What the numbers are of.</param>
    public Task<OverviewPage> ExecuteAsync(Principal principal, TimeSpan patience, OverviewPeriod period, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(period);
        var now = time.GetUtcNow();
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var attention = await ReadAsync(
                    Command(transaction, Problems, principal, now.AddDays(-1), MostOfOneKind, now, now - patience, DialogsLookedAt), Item, cancellationToken);
                attention.AddRange(await ReadAsync(Command(transaction, Channels, principal, MostOfOneKind), Item, cancellationToken));
                if (principal.ManagesAccounts)
                    attention.Add(OfKeys());
                var states = await ReadAsync(Command(transaction, States, principal), State, cancellationToken);
                var botStates = await ReadAsync(Command(transaction, BotStates, principal), State, cancellationToken);
                var (traffic, p50, p95) = await Traffic.ReadAsync(transaction, principal, period, now, cancellationToken);
                var accounts = Counted<AccountStatus>(states);
                var bots = Counted<IntegrationStatus>(botStates);
                return new OverviewPage(
                    [.. attention.OrderBy(item => item.Severity switch { "error" => 0, "warning" => 1, _ => 2 }).ThenByDescending(item => item.Since)],
                    new OverviewNumbers(accounts, bots, [.. states.Concat(botStates).Select(state => state.World).Distinct().Order(StringComparer.Ordinal)], period, traffic, p50, p95),
                    now);
            },
            cancellationToken);
    }

    private static (string Status, string World, long Count) State(NpgsqlDataReader row) => (row.GetString(0), row.GetString(1), row.GetInt64(2));

    private static Dictionary<string, long> Counted<TStatus>(List<(string Status, string World, long Count)> states) where TStatus : struct, Enum =>
        Enum.GetValues<TStatus>().ToDictionary(Words.Of, status => states.Where(state => state.Status == Words.Of(status)).Sum(state => state.Count));

    /// <summary>The keys lie in files beside the service: whoever loses them loses every secret, and whoever reads them reads them all.</summary>
    private AttentionItem OfKeys() => KeyFileModes.ProblemOfDirectory(secrets.Value.Directory) is null
        ? new("key_file", "info", null, null, null, null, null, "LOCAL_KEY_FILE", null, null, "keep_keys")
        : new("key_file", "error", null, null, null, null, null, "KEY_FILE_OPEN", null, null, "close_keys");

    private static AttentionItem Item(NpgsqlDataReader row)
    {
        Guid? Id(int i) => row.IsDBNull(i) ? null : row.GetGuid(i);
        string? Text(int i) => row.IsDBNull(i) ? null : row.GetString(i);
        DateTimeOffset? At(int i) => row.IsDBNull(i) ? null : row.GetFieldValue<DateTimeOffset>(i);
        return new(row.GetString(0), row.GetString(1), Id(2), Text(3), Id(4), Text(5), Id(6), row.GetString(7), At(8), At(9), row.GetString(10), Id(11), Text(12));
    }

    private static NpgsqlCommand Command(TenantTransaction transaction, string sql, Principal principal, params object[] more)
    {
        var command = transaction.Command(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = principal.ManagesAccounts });
        foreach (var value in more)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private static async Task<List<T>> ReadAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(reader));
            return rows;
        }
    }
}
