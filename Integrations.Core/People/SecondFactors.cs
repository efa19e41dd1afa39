using System.Security.Cryptography;
using Integrations.Core.Errors;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.People;

/// <summary>How a person's second factor stands.</summary>
/// <param name="Since">When it was confirmed; null where there is none.</param>
public sealed record SecondFactorState(DateTimeOffset? Since, int RecoveryCodesLeft);

/// <summary>The second proof of people who sign in here: an authenticator's code, or one of ten recovery codes, each used once.</summary>
/// <remarks>
/// The secret is opened outside of any transaction, because opening may need a connection of its own; the transaction that follows takes the
/// step only if it is later than the last one, so that of two who send one code one gets in.
/// </remarks>
public sealed class SecondFactors(TenantDatabase database, ISecretProtector secrets, TimeProvider time)
{
    public Task<SecondFactorState> StateAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = Of(
                    transaction,
                    """
                    select f.confirmed_at, (select count(*)::integer from recovery_codes r where r.user_id = f.user_id and r.used_at is null)
                      from second_factors f where f.user_id = $1 and f.confirmed_at is not null
                    """,
                    principal.UserId);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken) ? new SecondFactorState(reader.GetFieldValue<DateTimeOffset>(0), reader.GetInt32(1)) : new(null, 0);
            },
            cancellationToken);
    }

    /// <summary>Makes a secret that waits for <see cref="ConfirmAsync"/>; an earlier one that nobody confirmed is void.</summary>
    /// <returns>The secret in clear; it cannot be read again.</returns>
    /// <exception cref="IntegrationException">CONFLICT where a second factor is on.</exception>
    public async Task<byte[]> BeginAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var secret = RandomNumberGenerator.GetBytes(Totp.SecretBytes);
        var sealedSecret = await secrets.ProtectAsync(AddressOf(principal.Tenant, id), secret, cancellationToken);
        await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = Of(
                    transaction,
                    """
                    insert into second_factors (id, tenant_id, user_id, secret_sealed) values ($4, $2, $1, $3)
                    on conflict (tenant_id, user_id) do update set id = excluded.id, secret_sealed = excluded.secret_sealed where second_factors.confirmed_at is null
                    """,
                    principal.UserId);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = sealedSecret });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
                    throw new IntegrationException(ErrorCodes.Conflict, "A second factor is on already. Switch it off first to change the authenticator.");
            },
            cancellationToken);
        return secret;
    }

    /// <summary>Switches the second factor on by its first code, and ends the person's other sessions, which began without it.</summary>
    /// <returns>The recovery codes; they cannot be read again.</returns>
    /// <exception cref="IntegrationException">CODE_WRONG; CONFLICT when nothing waits to be confirmed.</exception>
    public async Task<string[]> ConfirmAsync(Principal principal, string code, byte[]? thisSession, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var (id, step) = await StepAsync(principal.Tenant, principal.UserId, code, confirmed: false, cancellationToken);
        return await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using (var confirm = Of(
                    transaction, "update second_factors set confirmed_at = clock_timestamp(), last_step = $2 where user_id = $1 and id = $3 and confirmed_at is null", principal.UserId))
                {
                    confirm.Parameters.Add(new NpgsqlParameter<long> { TypedValue = step });
                    confirm.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                    if (await confirm.ExecuteNonQueryAsync(cancellationToken) == 0)
                        throw new IntegrationException(ErrorCodes.Conflict);
                }

                await using (var others = Of(transaction, "delete from console_sessions where user_id = $1 and token_hash <> $2", principal.UserId))
                {
                    others.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = thisSession ?? [] });
                    await others.ExecuteNonQueryAsync(cancellationToken);
                }

                await ToldAsync(transaction, principal.UserId, principal.UserId, "user.second_factor_on", cancellationToken);
                return await ReplaceCodesAsync(transaction, principal.UserId, cancellationToken);
            },
            cancellationToken);
    }

    /// <exception cref="IntegrationException">CODE_WRONG; CONFLICT where there is none.</exception>
    public Task DisableAsync(Principal principal, string code, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return AcceptAsync(
            principal.Tenant, principal.UserId, code,
            async transaction =>
            {
                await RemoveAsync(transaction, principal.UserId, cancellationToken);
                await ToldAsync(transaction, principal.UserId, principal.UserId, "user.second_factor_off", cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Ten new recovery codes; the ones before are void.</summary>
    /// <exception cref="IntegrationException">CODE_WRONG; CONFLICT where there is none.</exception>
    public Task<string[]> RenewCodesAsync(Principal principal, string code, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return AcceptAsync(
            principal.Tenant, principal.UserId, code,
            async transaction =>
            {
                await ToldAsync(transaction, principal.UserId, principal.UserId, "user.recovery_codes", cancellationToken);
                return await ReplaceCodesAsync(transaction, principal.UserId, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Takes the second factor from somebody who lost it, and ends his sessions. Who asks has been asked for his role.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND for one who has none, or is not there; OWN_ROLE for oneself.</exception>
    public Task ResetAsync(Principal principal, int userId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (userId == principal.UserId)
                    throw new IntegrationException(ErrorCodes.OwnRole, "Switch your own second factor off with password and code. If it is lost, ask another owner.");
                if (!await RemoveAsync(transaction, userId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);
                await using (var sessions = Of(transaction, "delete from console_sessions where user_id = $1", userId))
                    await sessions.ExecuteNonQueryAsync(cancellationToken);
                await ToldAsync(transaction, principal.UserId, userId, "user.second_factor_reset", cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Whether a person owes a code at sign-in.</summary>
    public static async Task<bool> IsOnAsync(TenantTransaction transaction, int userId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        await using var command = Of(transaction, "select exists (select from second_factors where user_id = $1 and confirmed_at is not null)", userId);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Uses a code up, an authenticator's or a recovery code, and does <paramref name="then"/> in the same transaction.</summary>
    /// <exception cref="IntegrationException">CODE_WRONG, also for one that was used; CONFLICT where there is no second factor.</exception>
    public async Task<T> AcceptAsync<T>(
        TenantId tenant, int userId, string code, Func<TenantTransaction, Task<T>> then, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(code);
        ArgumentNullException.ThrowIfNull(then);
        var recovery = RecoveryCode.Hash(code);
        var (id, step) = recovery is null ? await StepAsync(tenant, userId, code, confirmed: true, cancellationToken) : default;
        return await database.InTenantAsync(
            tenant,
            async transaction =>
            {
                var used = recovery is null
                    ? await UseStepAsync(transaction, userId, id, step, cancellationToken)
                    : await UseRecoveryCodeAsync(transaction, userId, recovery, cancellationToken);
                if (!used)
                    throw new IntegrationException(ErrorCodes.CodeWrong);
                return await then(transaction);
            },
            cancellationToken);
    }

    /// <summary>The step that the code belongs to, and of which second factor.</summary>
    private async Task<(Guid Id, long Step)> StepAsync(TenantId tenant, int userId, string code, bool confirmed, CancellationToken cancellationToken)
    {
        var stored = await database.InTenantAsync<(Guid Id, byte[] Sealed)?>(
            tenant,
            async transaction =>
            {
                await using var command = Of(transaction, "select id, secret_sealed from second_factors where user_id = $1 and (confirmed_at is not null) = $2", userId);
                command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = confirmed });
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken) ? (reader.GetGuid(0), reader.GetFieldValue<byte[]>(1)) : null;
            },
            cancellationToken);
        if (stored is not var (id, sealedSecret))
            throw new IntegrationException(ErrorCodes.Conflict, confirmed ? "No second factor is on." : "No second factor waits to be confirmed.");

        var secret = await secrets.UnprotectAsync(AddressOf(tenant, id), sealedSecret, cancellationToken);
        try
        {
            return (id, Totp.StepOf(secret, code.Trim().Replace(" ", "", StringComparison.Ordinal), time.GetUtcNow()) ?? throw new IntegrationException(ErrorCodes.CodeWrong));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static async Task<bool> UseStepAsync(TenantTransaction transaction, int userId, Guid id, long step, CancellationToken cancellationToken)
    {
        await using var use = Of(
            transaction, "update second_factors set last_step = $3 where user_id = $1 and id = $2 and last_step < $3 and confirmed_at is not null", userId);
        use.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        use.Parameters.Add(new NpgsqlParameter<long> { TypedValue = step });
        return await use.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    private async Task<bool> UseRecoveryCodeAsync(TenantTransaction transaction, int userId, byte[] hash, CancellationToken cancellationToken)
    {
        await using var use = Of(
            transaction, "update recovery_codes set used_at = clock_timestamp() where user_id = $1 and code_hash = $2 and used_at is null", userId);
        use.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        if (await use.ExecuteNonQueryAsync(cancellationToken) == 0)
            return false;
        await ToldAsync(transaction, userId, userId, "user.recovery_code_used", cancellationToken);
        return true;
    }

    private static async Task<string[]> ReplaceCodesAsync(TenantTransaction transaction, int userId, CancellationToken cancellationToken)
    {
        var codes = Enumerable.Range(0, RecoveryCode.Count).Select(_ => RecoveryCode.New()).ToArray();
        await using var replace = Of(
            transaction,
            """
            with gone as (delete from recovery_codes where user_id = $1)
            insert into recovery_codes (tenant_id, user_id, code_hash) select $2, $1, unnest($3)
            """,
            userId);
        replace.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        replace.Parameters.Add(new NpgsqlParameter { Value = codes.Select(code => RecoveryCode.Hash(code)!).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        await replace.ExecuteNonQueryAsync(cancellationToken);
        return codes;
    }

    private static async Task<bool> RemoveAsync(TenantTransaction transaction, int userId, CancellationToken cancellationToken)
    {
        await using var command = Of(transaction, "delete from second_factors where user_id = $1 and confirmed_at is not null", userId);
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    private Task ToldAsync(TenantTransaction transaction, int actor, int userId, string action, CancellationToken cancellationToken) =>
        PeopleEvents.UserAsync(transaction, actor, userId, action, new { UserId = userId }, time.GetUtcNow(), cancellationToken);

    private static NpgsqlCommand Of(TenantTransaction transaction, string sql, int userId)
    {
        var command = transaction.Command(sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = userId });
        return command;
    }

    private static SecretAddress AddressOf(TenantId tenant, Guid id) => new(tenant, "second_factors", "secret_sealed", id);
}
