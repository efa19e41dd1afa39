using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Logins;

/// <summary>What a user can tell an open login.</summary>
public enum LoginInput
{
    Code,
    Password,
    RecoveryRequest,
    RecoveryCode,
    ResendCode,
    Cancel,
}

/// <summary>Hands a code, a password or a wish to the login's owner and waits for its verdict.</summary>
/// <remarks>What was typed travels as a sealed row that the owner deletes in the transaction of its verdict; the doorbell carries nothing of it.</remarks>
public sealed class AnswerLogin(
    TenantDatabase database, ISecretProtector secrets, LoginReader reader, OutcomeWatch watch, IOptions<LoginOptions> options, TimeProvider time)
{
    /// <param name="text">The code or password; null for inputs that are only a wish.</param>
    /// <returns>The login after the verdict; <c>pending</c> when none came in time.</returns>
    /// <exception cref="IntegrationException">
    /// NOT_FOUND; TG_LOGIN_STATE when the login does not wait for this; TG_LOGIN_EXPIRED, TG_QR_EXPIRED; and the verdict: TG_PASSWORD_INVALID,
    /// TG_CODE_INVALID, TG_CODE_EXPIRED, TG_API_429, … after which the login stays open.
    /// </exception>
    public async Task<LoginView> ExecuteAsync(Principal principal, AccountReach reach, Guid id, LoginInput input, string? text, CancellationToken cancellationToken)
    {
        RequireAwaited(await reader.ReadAsync(principal, reach, id, cancellationToken), input);
        var sealedText = text is null ? null : await SealAsync(principal.Tenant, id, text, cancellationToken);
        var inputId = Guid.CreateVersion7(time.GetUtcNow());
        await database.InTenantAsync(
            principal.Tenant, transaction => PutAsync(transaction, principal, reach, id, inputId, input, sealedText, cancellationToken), cancellationToken);

        var (login, waits) = await watch.UntilAsync(
            token => ReadAsync(principal, reach, id, inputId, token), seen => IsJudged(seen.Login, inputId, seen.Waits), options.Value.Patience, cancellationToken);
        if (login.LastInputId == inputId && login.LastInputError is { } error)
            throw LoginView.Of(error, detail: null, login.RetryAt, time.GetUtcNow());

        var view = await reader.ViewAsync(principal, login, cancellationToken);
        // The old step would read as a refusal of what may yet be accepted.
        return waits && view.IsOpen ? view with { State = LoginState.Pending } : view;
    }

    /// <summary>
    /// Judged, and the owner has come to rest after it: an accepted code leads on to a password or to the end. One that lies there no more and
    /// is not the last one judged was overtaken by another's verdict; nothing more will be said of it.
    /// </summary>
    private bool IsJudged(TelegramLogin login, Guid inputId, bool waits) =>
        !login.IsOpen
        || (login.LastInputId == inputId && login.LastInputError is not null)
        || (!waits && reader.StateOf(login) is not LoginState.Pending);

    /// <summary>The login, and whether the input still lies there. The input is looked for first: once it is gone, its verdict can be read.</summary>
    private async Task<(TelegramLogin Login, bool Waits)> ReadAsync(Principal principal, AccountReach reach, Guid id, Guid inputId, CancellationToken cancellationToken)
    {
        var waits = await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command("select exists (select from telegram_login_inputs where id = $1)");
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = inputId });
                return await command.ExecuteScalarAsync(cancellationToken) is true;
            },
            cancellationToken);
        return (await reader.ReadAsync(principal, reach, id, cancellationToken), waits);
    }

    private async Task PutAsync(
        TenantTransaction transaction, Principal principal, AccountReach reach, Guid id, Guid inputId, LoginInput input, byte[]? sealedText, CancellationToken cancellationToken)
    {
        var account = await ReachableAccounts.LockAsync(transaction, principal, reach, id, cancellationToken);
        // Again, now that the account's row is held; the owner's own writes can still come between, and it judges by the state it knows.
        RequireAwaited(await transaction.Db.TelegramLogins.AsNoTracking().SingleAsync(login => login.Id == id, cancellationToken), input);
        await using var command = transaction.Command(
            """
            insert into telegram_login_inputs (id, tenant_id, login_id, kind, sealed, expires_at)
            values ($1, $2, $3, $4, $5, clock_timestamp() + $6)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = inputId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(input) });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)sealedText ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.InputLifetime, NpgsqlDbType = NpgsqlDbType.Interval });
        await command.ExecuteNonQueryAsync(cancellationToken);
        transaction.AfterCommit(Ring.Shard(account.Shard));
    }

    private void RequireAwaited(TelegramLogin login, LoginInput input)
    {
        var state = reader.StateOf(login);
        if (state is LoginState.Expired)
            throw new IntegrationException(login.Method is LoginMethod.Qr ? ErrorCodes.TelegramQrExpired : ErrorCodes.TelegramLoginExpired);

        var awaited = input switch
        {
            LoginInput.Code or LoginInput.ResendCode => state is LoginState.CodeRequired,
            LoginInput.Password or LoginInput.RecoveryRequest or LoginInput.RecoveryCode => state is LoginState.PasswordRequired,
            LoginInput.Cancel => login.IsOpen,
            _ => throw new ArgumentOutOfRangeException(nameof(input), input, "Not an input."),
        };
        if (!awaited)
            throw new IntegrationException(ErrorCodes.TelegramLoginState, $"The login is {Words.Of(state)}; it does not wait for this.");
    }

    private async Task<byte[]> SealAsync(TenantId tenant, Guid loginId, string text, CancellationToken cancellationToken)
    {
        var clear = Encoding.UTF8.GetBytes(text);
        try
        {
            return await secrets.ProtectAsync(new SecretAddress(tenant, "telegram_login_inputs", "sealed", loginId), clear, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }
}
