using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.Logins;

/// <summary>What the owner of a login reads and writes about it.</summary>
/// <remarks>
/// Every write names the login's generation and answers false when another login stands on the row meanwhile, so that a late step of
/// an old one never shows through.
/// </remarks>
internal sealed class LoginRecords(TenantDatabase database, ISecretProtector secrets, AccountRecords accounts, TimeProvider time)
{
    /// <summary>How completing a login ended.</summary>
    public enum Completion
    {
        Done,

        /// <summary>The Telegram user is live under another account of this installation.</summary>
        AlreadyConnected,

        /// <summary>Another login stands on the row, or this one was closed.</summary>
        Superseded,
    }

    public static async Task<LoginFile?> ReadAsync(TenantTransaction transaction, Guid id, CancellationToken ct)
    {
        await using var command = transaction.Command(
            "select method, state, phone, expires_at, qr_url_sealed is not null, resume_sealed from telegram_logins where id = $1").With(id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new LoginFile(
                Words.Read<LoginMethod>(reader.GetString(0)),
                Words.Read<LoginState>(reader.GetString(1)),
                await reader.ReferenceAsync<string>(2, ct),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetBoolean(4),
                await reader.ReferenceAsync<byte[]>(5, ct))
            : null;
    }

    /// <summary>What is wanted now, and the oldest input that waits.</summary>
    public Task<(AccountGoal Goal, LoginFile? Login, LoginInput? Input)> LookAsync(OwnedAccount account, CancellationToken ct) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                AccountGoal goal;
                await using (var command = transaction.Command("select goal from telegram_accounts where id = $1").With(account.Id))
                    goal = await command.ExecuteScalarAsync(ct) is string word ? Words.Read<AccountGoal>(word) : AccountGoal.Deleted;

                // What was typed too long ago is not tried any more: nobody waits for its verdict.
                await using (var command = transaction.Command("delete from telegram_login_inputs where login_id = $1 and expires_at <= $2")
                    .With(account.Id).With(time.GetUtcNow()))
                {
                    await command.ExecuteNonQueryAsync(ct);
                }

                return (goal, await ReadAsync(transaction, account.Id, ct), await NextInputAsync(transaction, account.Id, ct));
            },
            ct);

    /// <summary>Opens what was typed. The caller forgets it after one use.</summary>
    public async Task<string> OpenAsync(OwnedAccount account, LoginInput input, CancellationToken ct)
    {
        var clear = await secrets.UnprotectAsync(new SecretAddress(account.Tenant, "telegram_login_inputs", "sealed", account.Id), input.Sealed ?? [], ct);
        try
        {
            return Encoding.UTF8.GetString(clear);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>The hash of the code that an earlier owner asked for.</summary>
    public async Task<string> CodeHashAsync(OwnedAccount account, LoginFile login, CancellationToken ct) =>
        Encoding.UTF8.GetString(await secrets.UnprotectAsync(Address(account, "resume_sealed"), login.ResumeSealed ?? [], ct));

    public async Task<bool> ShowQrAsync(OwnedAccount account, LoginFile login, LoginStep.Scan scan, CancellationToken ct)
    {
        var url = await secrets.ProtectAsync(Address(account, "qr_url_sealed"), Encoding.UTF8.GetBytes(scan.Url), ct);
        return await ChangeAsync(
            account, login, "state = 'ready', qr_url_sealed = $3, qr_expires_at = $4", command => command.With(url).With(scan.ExpiresAt.ToUniversalTime()), null, ct);
    }

    /// <summary>The code was scanned, and the owner is at work.</summary>
    public Task<bool> PendingAsync(OwnedAccount account, LoginFile login, CancellationToken ct) =>
        ChangeAsync(account, login, "state = 'pending'", static _ => { }, null, ct);

    /// <param name="account">Whose login.</param>
    /// <param name="login">Which one.</param>
    /// <param name="code">What Telegram sent out.</param>
    /// <param name="asked">The request for another code that this one follows.</param>
    /// <param name="ct">Ends the write.</param>
    public async Task<bool> CodeSentAsync(OwnedAccount account, LoginFile login, PhoneCode code, LoginInput? asked, CancellationToken ct)
    {
        var hash = await secrets.ProtectAsync(Address(account, "resume_sealed"), Encoding.UTF8.GetBytes(code.Hash), ct);
        return await ChangeAsync(
            account, login, "state = 'code_required', resume_sealed = $3, retry_at = null", command => command.With(hash), Accepted(asked), ct);
    }

    public Task<bool> PasswordWantedAsync(OwnedAccount account, LoginFile login, PasswordQuestion question, LoginInput? after, CancellationToken ct) =>
        ChangeAsync(
            account,
            login,
            "state = 'password_required', password_hint = $3, retry_at = null",
            command => command.With(question.Hint, NpgsqlDbType.Varchar),
            Accepted(after),
            ct);

    public Task<bool> RecoverySentAsync(OwnedAccount account, LoginFile login, string pattern, LoginInput asked, CancellationToken ct) =>
        ChangeAsync(account, login, "recovery_pattern = $3", command => command.With(pattern), Accepted(asked), ct);

    /// <summary>What was typed does not help; the login stays open.</summary>
    public Task<bool> RejectAsync(OwnedAccount account, LoginFile login, LoginInput input, string code, DateTimeOffset? retryAt, CancellationToken ct) =>
        ChangeAsync(account, login, "retry_at = $3", command => command.With(retryAt?.ToUniversalTime(), NpgsqlDbType.TimestampTz), new Verdict(input, code), ct);

    /// <summary>The account is somebody's: it becomes active, and the login is over, in one transaction.</summary>
    public async Task<Completion> CompleteAsync(
        OwnedAccount account, LoginFile login, TelegramSelf self, UpdatePosition position, LoginInput? input, CancellationToken ct)
    {
        try
        {
            return await database.InTenantAsync(account.Tenant, transaction => CompleteAsync(transaction, account, login, self, position, input, ct), ct);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "idx_telegram_accounts_live" })
        {
            // Two logins of one Telegram user at the same moment: the index decides.
            return Completion.AlreadyConnected;
        }
    }

    /// <summary>The login is over without an account.</summary>
    /// <param name="account">Whose login.</param>
    /// <param name="login">Which one.</param>
    /// <param name="end">How, and what the customer is told.</param>
    /// <param name="input">The input that ended it, with the verdict <see cref="LoginEnding.Code"/> (none where it was a wish to cancel).</param>
    /// <param name="ct">Ends the write.</param>
    public Task EndAsync(OwnedAccount account, LoginFile login, LoginEnding end, LoginInput? input, CancellationToken ct) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(account.Claim, ct);
                var verdict = input is null ? null : new Verdict(input, end.Cancelled ? null : end.Code);
                await using (var command = transaction.Command(
                    """
                    update telegram_logins
                       set state = $3, error_code = $4, error_detail = $5, retry_at = $6, qr_url_sealed = null, qr_expires_at = null, resume_sealed = null
                     where id = $1 and expires_at = $2 and state in ('ready', 'pending', 'code_required', 'password_required')
                    """)
                    .With(account.Id).With(login.Generation.ToUniversalTime()).With(Words.Of(end.State)).With(end.Code).With(end.Detail)
                    .With(end.RetryAt?.ToUniversalTime(), NpgsqlDbType.TimestampTz))
                {
                    if (await command.ExecuteNonQueryAsync(ct) == 0)
                        return;
                }

                await JudgeAsync(transaction, account, verdict, ct);
                // Where the key could not be given up it stays, and the account is to be disconnected: that is tried until it is done.
                await using (var command = transaction.Command(
                    """
                    update telegram_accounts
                       set status = $2, last_error = $3, last_error_code = $4,
                           session_payload = case when $5 then null else session_payload end,
                           goal = case when $5 or goal = 'deleted' then goal else 'disconnected' end
                     where id = $1
                    """)
                    .With(account.Id).With(end.Cancelled ? "disconnected" : "error")
                    .With(end.Cancelled ? null : end.Detail, NpgsqlDbType.Text)
                    .With(end.Cancelled ? null : end.AccountCode, NpgsqlDbType.Varchar)
                    .With(end.KeyGivenUp))
                {
                    await command.ExecuteNonQueryAsync(ct);
                }

                await PublishAsync(transaction, account, ct);
                await AccountRecords.PublishAccountAsync(transaction, account, ct);
                await IntegrationLog.WriteAsync(
                    transaction, accounts.Log(account, "personal.login", end.Cancelled ? LogStatus.Success : LogStatus.Error, end.Code, end.Detail), ct);
                await AccountTimeline.WriteAsync(transaction, account.Id, new TimelineEntry(TimelineKind.LoginFailed) { Code = end.Code }, ct);
            },
            ct);

    /// <summary>Closes whatever login is open on the account, in the caller's transaction.</summary>
    internal static async Task CloseAsync(TenantTransaction transaction, OwnedAccount account, string code, string detail, CancellationToken ct)
    {
        await using (var command = transaction.Command("delete from telegram_login_inputs where login_id = $1").With(account.Id))
            await command.ExecuteNonQueryAsync(ct);

        await using (var command = transaction.Command(
            """
            update telegram_logins
               set state = 'expired', error_code = $2, error_detail = $3, qr_url_sealed = null, qr_expires_at = null, resume_sealed = null
             where id = $1 and state in ('ready', 'pending', 'code_required', 'password_required')
            """).With(account.Id).With(code).With(detail))
        {
            if (await command.ExecuteNonQueryAsync(ct) == 0)
                return;
        }

        await PublishAsync(transaction, account, ct);
    }

    private async Task<Completion> CompleteAsync(
        TenantTransaction transaction, OwnedAccount account, LoginFile login, TelegramSelf self, UpdatePosition position, LoginInput? input, CancellationToken ct)
    {
        await transaction.RequireEpochAsync(account.Claim, ct);
        await using (var command = transaction.Command("select doors.live_telegram_user(world, $2, id) from telegram_accounts where id = $1")
            .With(account.Id).With(self.Id))
        {
            if (await command.ExecuteScalarAsync(ct) is true)
                return Completion.AlreadyConnected;
        }

        await using (var command = transaction.Command(
            """
            update telegram_logins
               set state = 'completed', completed_at = $3, error_code = null, error_detail = null, retry_at = null,
                   qr_url_sealed = null, qr_expires_at = null, resume_sealed = null
             where id = $1 and expires_at = $2 and state in ('ready', 'pending', 'code_required', 'password_required')
            """).With(account.Id).With(login.Generation.ToUniversalTime()).With(time.GetUtcNow()))
        {
            if (await command.ExecuteNonQueryAsync(ct) == 0)
                return Completion.Superseded;
        }

        await JudgeAsync(transaction, account, Accepted(input), ct);
        // Access hashes belong to one Telegram user; those of another one would only be refused.
        await using (var command = transaction.Command(
            """
            delete from telegram_peers p using telegram_accounts a
             where p.account_id = $1 and a.id = $1 and a.telegram_user_id is distinct from $2
            """).With(account.Id).With(self.Id))
        {
            await command.ExecuteNonQueryAsync(ct);
        }

        await using (var command = transaction.Command(
            """
            update telegram_accounts
               set status = 'active', is_active = true, telegram_user_id = $2, username = $3, phone = coalesce($4, phone),
                   display_name = coalesce(display_name, $5), last_connected_at = $6, last_error = null, last_error_code = null
             where id = $1
            """)
            .With(account.Id).With(self.Id)
            .With(self.Username, NpgsqlDbType.Varchar)
            .With(self.Phone is null ? null : "+" + self.Phone, NpgsqlDbType.Varchar)
            .With(self.DisplayName, NpgsqlDbType.Varchar)
            .With(time.GetUtcNow()))
        {
            await command.ExecuteNonQueryAsync(ct);
        }

        await AccountRecords.ForgetPositionsAsync(transaction, account, ct);
        await using (var command = transaction.Command(
            "insert into telegram_update_states (account_id, tenant_id, pts, qts, date, seq) values ($1, $2, $3, $4, $5, $6)")
            .With(account.Id).With(account.Tenant.Value).With(position.Pts).With(position.Qts).With(position.Date).With(position.Seq))
        {
            await command.ExecuteNonQueryAsync(ct);
        }

        await PublishAsync(transaction, account, ct);
        await AccountRecords.PublishAccountAsync(transaction, account, ct);
        await IntegrationLog.WriteAsync(transaction, accounts.Log(account, "personal.login", LogStatus.Success, null, null), ct);
        await AccountTimeline.WriteAsync(transaction, account.Id, new TimelineEntry(TimelineKind.LoginFinished), ct);
        return Completion.Done;
    }

    private Task<bool> ChangeAsync(
        OwnedAccount account, LoginFile login, string assignments, Action<NpgsqlCommand> parameters, Verdict? verdict, CancellationToken ct) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(account.Claim, ct);
                await using (var command = transaction.Command(
                    $"""
                    update telegram_logins set {assignments}
                     where id = $1 and expires_at = $2 and state in ('ready', 'pending', 'code_required', 'password_required')
                    """).With(account.Id).With(login.Generation.ToUniversalTime()))
                {
                    parameters(command);
                    if (await command.ExecuteNonQueryAsync(ct) == 0)
                        return false;
                }

                await JudgeAsync(transaction, account, verdict, ct);
                await PublishAsync(transaction, account, ct);
                return true;
            },
            ct);

    /// <summary>The input is gone in the very transaction that says what came of it.</summary>
    private static async Task JudgeAsync(TenantTransaction transaction, OwnedAccount account, Verdict? verdict, CancellationToken ct)
    {
        if (verdict is null)
            return;

        await using (var command = transaction.Command("delete from telegram_login_inputs where id = $1").With(verdict.Input.Id))
            await command.ExecuteNonQueryAsync(ct);

        await using (var command = transaction.Command("update telegram_logins set last_input_id = $2, last_input_error = $3 where id = $1")
            .With(account.Id).With(verdict.Input.Id).With(verdict.Error, NpgsqlDbType.Varchar))
        {
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private static async Task<LoginInput?> NextInputAsync(TenantTransaction transaction, Guid login, CancellationToken ct)
    {
        await using var command = transaction.Command(
            "select id, kind, sealed, expires_at from telegram_login_inputs where login_id = $1 order by created_at, id limit 1").With(login);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new LoginInput(reader.GetGuid(0), reader.GetString(1), await reader.ReferenceAsync<byte[]>(2, ct), reader.GetFieldValue<DateTimeOffset>(3))
            : null;
    }

    private static async Task PublishAsync(TenantTransaction transaction, OwnedAccount account, CancellationToken ct)
    {
        object data;
        await using (var command = transaction.Command(
            "select state, error_code, retry_at, qr_expires_at, last_input_id, last_input_error from telegram_logins where id = $1").With(account.Id))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
                return;

            data = new
            {
                account.Id,
                State = reader.GetString(0),
                ErrorCode = await reader.ReferenceAsync<string>(1, ct),
                RetryAt = await reader.NullableAsync<DateTimeOffset>(2, ct),
                QrExpiresAt = await reader.NullableAsync<DateTimeOffset>(3, ct),
                LastInputId = await reader.NullableAsync<Guid>(4, ct),
                LastInputError = await reader.ReferenceAsync<string>(5, ct),
            };
        }

        await transaction.PublishAsync(new EventDraft(EventTypes.LoginUpdated, account.UserId, account.Id, data), ct);
    }

    private static Verdict? Accepted(LoginInput? input) => input is null ? null : new Verdict(input, null);

    private static SecretAddress Address(OwnedAccount account, string column) => new(account.Tenant, "telegram_logins", column, account.Id);

    private sealed record Verdict(LoginInput Input, string? Error);
}

/// <summary>How a login ends without an account.</summary>
/// <param name="State"><see cref="LoginState.Error"/> or <see cref="LoginState.Expired"/>.</param>
/// <param name="Code">Told of the login.</param>
/// <param name="AccountCode">Told of the account.</param>
/// <param name="Detail">One plain sentence.</param>
/// <param name="RetryAt">When Telegram will listen again.</param>
/// <param name="KeyGivenUp">Telegram knows the key no more, or never knew it as anybody's.</param>
/// <param name="Cancelled">The person wanted it so; the account is not in error.</param>
internal sealed record LoginEnding(
    LoginState State, string Code, string AccountCode, string Detail, DateTimeOffset? RetryAt = null, bool KeyGivenUp = true, bool Cancelled = false);
