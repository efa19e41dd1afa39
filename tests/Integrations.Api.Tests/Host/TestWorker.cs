using System.Text;
using Integrations.Core.Messaging;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Integrations.Api.Tests.Host;

/// <summary>
/// Plays the workers by the rows that they would write. A QR login shows a link and waits for <see cref="ScanAsync"/>; a phone login asks for
/// <see cref="RightCode"/>, and then, for numbers that end in 2, for <see cref="RightPassword"/>. Numbers that end in 0 are unknown to
/// Telegram, those in 6 are no numbers to it, those in 8 are banned, those in 9 must wait. The owners of numbers in 32 have no recovery address.
/// </summary>
internal sealed class TestWorker(ApiHost host) : IAsyncDisposable
{
    public const string RightCode = "24680";
    public const string ExpiredCode = "11111";
    public const string OneCodeTooMany = "22222";
    public const string RightPassword = "the right password";
    public const string RecoveryCode = "135791";

    private readonly CancellationTokenSource _stop = new();
    private Task _working = Task.CompletedTask;

    /// <summary>Held for each pass, so that what is switched off is off from the next request on and not only after a pass that goes on.</summary>
    private readonly SemaphoreSlim _pass = new(1);

    private bool _works = true;
    private bool _sends = true;

    /// <summary>Until it is disposed of, everything that is asked for stays undone.</summary>
    public Task<IDisposable> RestAsync() => SwitchAsync(on => _works = on);

    /// <summary>Until it is disposed of, accepted messages stay pending.</summary>
    public Task<IDisposable> HoldMessagesAsync() => SwitchAsync(on => _sends = on);

    public async Task StartAsync()
    {
        await host.ExecuteAsync("insert into workers (id, host, world, heartbeat_at) values ($1, 'test', 'sandbox', 'infinity')", Guid.CreateVersion7());
        _working = WorkAsync(_stop.Token);
    }

    /// <summary>The QR code was scanned and confirmed by a person without a two-step password.</summary>
    public Task ScanAsync(Guid login, long telegramUser) => CompleteAsync(login, telegramUser, "+99966" + (telegramUser % 100000));

    /// <summary>The QR code was scanned by a person with a two-step password.</summary>
    public async Task AskPasswordAsync(Guid login)
    {
        await host.ExecuteAsync("update telegram_logins set state = 'password_required', password_hint = 'a hint', qr_url_sealed = null where id = $1", login);
        await TellAsync(login);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        _pass.Dispose();
        _stop.Dispose();
    }

    public async Task CompleteAsync(Guid login, long telegramUser, string phone)
    {
        await host.ExecuteAsync(
            """
            with done as (update telegram_logins set state = 'completed', completed_at = clock_timestamp(), qr_url_sealed = null where id = $1)
            update telegram_accounts set status = 'active', session_payload = '\x01', telegram_user_id = $2, phone = $3, last_connected_at = clock_timestamp() where id = $1
            """,
            login,
            telegramUser,
            phone);
        await TellAsync(login);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await _pass.WaitAsync(cancellationToken);
                try
                {
                    await PassAsync(cancellationToken);
                }
                finally
                {
                    _pass.Release();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        if (!_works)
            return;
        await BeginLoginsAsync(cancellationToken);
        await JudgeInputsAsync(cancellationToken);
        await FollowGoalsAsync(cancellationToken);
        if (_sends)
            await DeliverAsync(cancellationToken);
    }

    private async Task<IDisposable> SwitchAsync(Action<bool> set)
    {
        await _pass.WaitAsync();
        try
        {
            set(false);
        }
        finally
        {
            _pass.Release();
        }

        return new Switched(() => set(true));
    }

    private async Task BeginLoginsAsync(CancellationToken cancellationToken)
    {
        await foreach (var (id, tenant, phone) in RowsAsync(
            "select id, tenant_id, phone from telegram_logins where state = 'pending' and last_input_id is null",
            row => (row.GetGuid(0), row.GetGuid(1), row.IsDBNull(2) ? null : row.GetString(2)),
            cancellationToken))
        {
            switch (phone)
            {
                case null:
                    await ShowAsync(id, tenant, "tg://login?token=first", cancellationToken);
                    break;
                case [.., '0']:
                    await FailAsync(id, "TG_PHONE_UNKNOWN", retry: null);
                    break;
                case [.., '6']:
                    await FailAsync(id, "TG_PHONE_INVALID", retry: null);
                    break;
                case [.., '8']:
                    await FailAsync(id, "TG_PHONE_BANNED", retry: null);
                    break;
                case [.., '9']:
                    await FailAsync(id, "TG_API_429", "37 seconds");
                    break;
                default:
                    await host.ExecuteAsync("update telegram_logins set state = 'code_required' where id = $1", id);
                    break;
            }

            await TellAsync(id);
        }
    }

    /// <summary>Shows a link, as the first one and as each that it rotates to.</summary>
    public async Task ShowAsync(Guid login, Guid tenant, string url, CancellationToken cancellationToken)
    {
        var secrets = host.Services.GetRequiredService<ISecretProtector>();
        var sealedUrl = await secrets.ProtectAsync(
            new SecretAddress(new TenantId(tenant), "telegram_logins", "qr_url_sealed", login), Encoding.UTF8.GetBytes(url), cancellationToken);
        await host.ExecuteAsync(
            "update telegram_logins set state = 'ready', qr_url_sealed = $2, qr_expires_at = clock_timestamp() + interval '30 seconds' where id = $1", login, sealedUrl);
    }

    private async Task FailAsync(Guid login, string code, string? retry)
    {
        await host.ExecuteAsync(
            """
            with failed as (update telegram_logins set state = 'error', error_code = $2, error_detail = 'Telegram refused.', retry_at = clock_timestamp() + $3::interval where id = $1)
            update telegram_accounts set status = 'error', last_error_code = $2 where id = $1
            """,
            login,
            code,
            (object?)retry ?? DBNull.Value);
    }

    private async Task JudgeInputsAsync(CancellationToken cancellationToken)
    {
        await foreach (var (input, login, tenant, kind, sealedText, phone) in RowsAsync(
            "select i.id, i.login_id, i.tenant_id, i.kind, i.sealed, l.phone from telegram_login_inputs i join telegram_logins l on l.id = i.login_id order by i.created_at",
            row => (row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetFieldValue<byte[]>(4), row.IsDBNull(5) ? null : row.GetString(5)),
            cancellationToken))
        {
            var text = sealedText is null ? null : await OpenAsync(tenant, login, sealedText, cancellationToken);
            var (verdict, state) = Judge(kind, text, phone);
            // In one statement, as the workers do in one transaction: whoever sees the verdict sees the state that it led to.
            await host.ExecuteAsync(
                """
                with taken as (delete from telegram_login_inputs where id = $2), judged as (
                    update telegram_logins
                       set last_input_id = $2, last_input_error = $3, retry_at = case when $3 = 'TG_API_429' then clock_timestamp() + interval '37 seconds' end,
                           recovery_pattern = case when $4 then 'd***@example.org' else recovery_pattern end,
                           state = coalesce($5, state), completed_at = case when $5 = 'completed' then clock_timestamp() end
                     where id = $1)
                update telegram_accounts
                   set status = 'active', session_payload = '\x01', telegram_user_id = $6, phone = $7, last_connected_at = clock_timestamp()
                 where id = $1 and $5 = 'completed'
                """,
                login,
                input,
                new NpgsqlParameter<string?> { TypedValue = verdict },
                kind == "recovery_request",
                new NpgsqlParameter<string?> { TypedValue = state },
                Math.Abs((long)login.GetHashCode()) + 1,
                phone ?? "+9996612345");
            await TellAsync(login);
        }
    }

    private static (string? Verdict, string? State) Judge(string kind, string? text, string? phone) => (kind, text) switch
    {
        ("code", RightCode) => (null, phone is [.., '2'] ? "password_required" : "completed"),
        ("code", ExpiredCode) => ("TG_CODE_EXPIRED", null),
        ("code", OneCodeTooMany) => ("TG_API_429", null),
        ("code", _) => ("TG_CODE_INVALID", null),
        ("password", RightPassword) => (null, "completed"),
        ("password", _) => ("TG_PASSWORD_INVALID", null),
        ("recovery_request", _) when phone is [.., '3', '2'] => ("TG_RECOVERY_UNAVAILABLE", null),
        ("recovery_request", _) => (null, null),
        ("recovery_code", RecoveryCode) => (null, "completed"),
        ("recovery_code", _) => ("TG_RECOVERY_CODE_INVALID", null),
        ("resend_code", _) => (null, null),
        ("cancel", _) => (null, "error"),
        _ => throw new InvalidOperationException($"Input of kind {kind}."),
    };

    private async Task<string> OpenAsync(Guid tenant, Guid login, byte[] sealedText, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await host.Services.GetRequiredService<ISecretProtector>().UnprotectAsync(
            new SecretAddress(new TenantId(tenant), "telegram_login_inputs", "sealed", login), sealedText, cancellationToken));

    private async Task FollowGoalsAsync(CancellationToken cancellationToken)
    {
        await foreach (var (id, goal) in RowsAsync(
            """
            update telegram_accounts
               set status = case goal when 'paused' then 'paused' when 'connected' then 'active' else 'disconnected' end,
                   restart_done = restart_requested,
                   session_payload = case when goal in ('disconnected', 'deleted') then null else session_payload end,
                   is_active = goal not in ('disconnected', 'deleted'),
                   deleted_at = case when goal = 'deleted' then clock_timestamp() end
             where deleted_at is null
               and ((goal = 'paused' and status <> 'paused') or (goal in ('disconnected', 'deleted') and (status <> 'disconnected' or session_payload is not null))
                    or (goal = 'connected' and restart_requested > restart_done))
            returning id, goal
            """,
            row => (row.GetGuid(0), row.GetString(1)),
            cancellationToken))
        {
            await TellAsync(id, goal == "deleted" ? "account.deleted" : "account.updated");
        }
    }

    private async Task DeliverAsync(CancellationToken cancellationToken)
    {
        await foreach (var (id, account) in RowsAsync(
            """
            update messages set status = 'delivered', telegram_message_id = (random() * 1000000000)::int + 1, telegram_date = clock_timestamp(), finished_at = clock_timestamp(), attempts = 1
             where status = 'pending' and account_id is not null returning id, account_id
            """,
            row => (row.GetGuid(0), row.GetGuid(1)),
            cancellationToken))
        {
            await TellAsync(account, "message.updated");
        }
    }

    /// <summary>An event, and the ring that makes it visible.</summary>
    public async Task TellAsync(Guid account, string type = "account.updated", string? data = null)
    {
        await host.ExecuteAsync(
            """
            insert into outbox (tenant_id, user_id, account_id, type, data)
            select tenant_id, user_id, id, $2, coalesce($3::jsonb, jsonb_build_object('id', id, 'status', status)) from telegram_accounts where id = $1
            """,
            account,
            type,
            (object?)data ?? DBNull.Value);
        await host.Services.GetRequiredService<Doorbell>().RingAsync(Ring.Outbox);
    }

    private async IAsyncEnumerable<T> RowsAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using (var command = host.Admin.CreateCommand(sql))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(reader));
        }

        foreach (var row in rows)
            yield return row;
    }

    private sealed class Switched(Action back) : IDisposable
    {
        public void Dispose() => back();
    }
}
