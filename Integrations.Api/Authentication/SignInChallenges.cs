using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Api.Authentication;

/// <summary>What stands between a right password and a session while the code is owed.</summary>
internal sealed record Challenge(string Token, DateTimeOffset ExpiresAt);

/// <summary>The second step of a sign-in: a challenge is given for the password, and used up by the code.</summary>
internal sealed class SignInChallenges(TenantDatabase database, SecondFactors factors, Sessions sessions, SignInThrottle throttle, TimeProvider time)
{
    /// <summary>Long enough to fetch the phone from the next room.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Codes that may be tried on one challenge; the throttle counts them over all.</summary>
    internal const int MaxTries = 5;

    /// <summary>Null for a person without a second factor.</summary>
    public Task<Challenge?> IssueAsync(Principal principal, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (!await SecondFactors.IsOnAsync(transaction, principal.UserId, cancellationToken))
                    return null;

                var token = SecretToken.New(SecretToken.ChallengePrefix);
                // Who signs in sweeps out what has lapsed in his tenant; there is no other cleaner.
                await using var command = transaction.Command(
                    """
                    with swept as (delete from sign_in_challenges where expires_at < clock_timestamp())
                    insert into sign_in_challenges (token_hash, tenant_id, user_id, expires_at) values ($1, $2, $3, clock_timestamp() + $4)
                    """);
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SecretToken.Hash(token) });
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Lifetime, NpgsqlDbType = NpgsqlDbType.Interval });
                await command.ExecuteNonQueryAsync(cancellationToken);
                return new Challenge(token, time.GetUtcNow() + Lifetime);
            },
            cancellationToken);

    /// <summary>Uses the challenge up and begins the session.</summary>
    /// <exception cref="IntegrationException">CHALLENGE_INVALID for one that is unknown, used, lapsed or was tried too often; CODE_WRONG; RATE_LIMITED.</exception>
    public async Task<SignedIn> AnswerAsync(string token, string code, string address, string? userAgent, CancellationToken cancellationToken)
    {
        if (!SecretToken.HasForm(token, SecretToken.ChallengePrefix))
            throw new IntegrationException(ErrorCodes.ChallengeInvalid);

        var hash = SecretToken.Hash(token);
        var person = await TryAsync(hash, cancellationToken) ?? throw new IntegrationException(ErrorCodes.ChallengeInvalid);
        var name = $"code of {person.UserRow}";
        if (await throttle.EnterAsync(address, name, cancellationToken) is { } wait)
            throw new IntegrationException(ErrorCodes.RateLimited, "Too many wrong codes. Wait before the next one.", wait);

        await factors.AcceptAsync(person.Principal.Tenant, person.Principal.UserId, code, transaction => UseAsync(transaction, hash, cancellationToken), cancellationToken);
        await throttle.SucceededAsync(address, name, cancellationToken);
        return new(await sessions.BeginAsync(person.Principal, userAgent, cancellationToken), person);
    }

    /// <summary>Counts a try and tells whose challenge it is.</summary>
    private async Task<Credential?> TryAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var tenant = await database.ThroughDoorsAsync<TenantId?>(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.challenge_tenant($1)", connection, transaction)
                {
                    Parameters = { new NpgsqlParameter<byte[]> { TypedValue = hash } },
                };
                return await command.ExecuteScalarAsync(cancellationToken) is Guid found ? new TenantId(found) : null;
            },
            cancellationToken);
        if (tenant is null)
            return null;

        return await database.InTenantAsync(
            tenant.Value,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    update sign_in_challenges c set tries = c.tries + 1
                      from users u
                     where c.token_hash = $1 and c.tries < $2 and c.expires_at > clock_timestamp()
                       and u.tenant_id = c.tenant_id and u.user_id = c.user_id and u.is_active
                    returning u.tenant_id, u.id, u.user_id, u.role, u.email, u.display_name
                    """);
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MaxTries });
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken)
                    ? new Credential(PersonRow.Principal(reader), reader.GetGuid(1), SessionHash: null, ExpiresAt: null)
                    : null;
            },
            cancellationToken);
    }

    private static async Task<bool> UseAsync(TenantTransaction transaction, byte[] hash, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("delete from sign_in_challenges where token_hash = $1");
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1 ? true : throw new IntegrationException(ErrorCodes.ChallengeInvalid);
    }
}
