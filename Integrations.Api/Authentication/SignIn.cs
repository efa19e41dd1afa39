using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Api.Authentication;

/// <summary>What a person gets who has proved who he is.</summary>
internal sealed record SignedIn(string SessionToken, Credential Credential);

/// <summary>Signs a person in by address and password.</summary>
internal sealed class SignIn(TenantDatabase database, Passwords passwords, Sessions sessions, SignInThrottle throttle)
{
    /// <param name="address">Where the request comes from.</param>
    /// <exception cref="IntegrationException">SIGN_IN_FAILED, alike for a wrong address and a wrong password; RATE_LIMITED.</exception>
    public async Task<SignedIn> ExecuteAsync(string email, string password, string address, CancellationToken cancellationToken)
    {
        if (throttle.Enter(address, email) is { } wait)
            throw new IntegrationException(ErrorCodes.RateLimited, "Too many failed tries to sign in. Wait before the next one.", wait);

        var (person, hash) = await FindAsync(email, cancellationToken);
        if (!await passwords.VerifyAsync(hash, password, cancellationToken) || person is null)
            throw new IntegrationException(ErrorCodes.SignInFailed);

        throttle.Succeeded(address, email);
        return new(await sessions.BeginAsync(person.Principal, cancellationToken), person);
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
