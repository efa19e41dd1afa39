using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Api.Authentication;

/// <summary>What a person gets who has proved who he is.</summary>
internal sealed record SignedIn(string SessionToken, Credential Credential);

/// <summary>What comes of a right password: a session, or the challenge of him who owes a code as well.</summary>
internal sealed record FirstStep(SignedIn? SignedIn, Challenge? Challenge);

/// <summary>Signs a person in by address and password.</summary>
internal sealed class SignIn(TenantDatabase database, Passwords passwords, Sessions sessions, SignInChallenges challenges, SignInThrottle throttle)
{
    /// <param name="address">Where the request comes from.</param>
    /// <exception cref="IntegrationException">SIGN_IN_FAILED, alike and after the same work for a wrong address and a wrong password; RATE_LIMITED, whether or not there is such an account.</exception>
    public async Task<FirstStep> ExecuteAsync(string email, string password, string address, string? userAgent, CancellationToken cancellationToken)
    {
        if (await throttle.EnterAsync(address, email, cancellationToken) is { } wait)
            throw new IntegrationException(ErrorCodes.RateLimited, "Too many failed tries to sign in. Wait before the next one.", wait);

        var (person, hash) = await FindAsync(email, cancellationToken);
        if (!await passwords.VerifyAsync(hash, password, cancellationToken) || person is null)
            throw new IntegrationException(ErrorCodes.SignInFailed);

        await throttle.SucceededAsync(address, email, cancellationToken);
        return await challenges.IssueAsync(person.Principal, cancellationToken) is { } challenge
            ? new(null, challenge)
            : new(new(await sessions.BeginAsync(person.Principal, userAgent, cancellationToken), person), null);
    }

    private Task<(Credential? Person, string? Hash)> FindAsync(string email, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync<(Credential?, string?)>(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    "select tenant_id, id, user_id, role, email, display_name, password_hash from doors.find_sign_in($1)", connection, transaction)
                {
                    Parameters = { new NpgsqlParameter<string> { TypedValue = email } },
                };
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken)
                    ? (new Credential(PersonRow.Principal(reader), reader.GetGuid(1), SessionHash: null, ExpiresAt: null), reader.GetString(6))
                    : (null, null);
            },
            cancellationToken);
}
