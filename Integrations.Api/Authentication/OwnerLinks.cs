using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Api.Authentication;

/// <summary>The one-time link by which the first owner of an installation sets a password.</summary>
internal sealed class OwnerLinks(
    TenantDatabase database, Passwords passwords, Sessions sessions, IOptions<CallerAuthenticationOptions> options, TimeProvider time)
{
    /// <summary>A fresh link's token; earlier unused ones are void from now on.</summary>
    /// <exception cref="IntegrationException">CONFLICT once an owner has set a password.</exception>
    public async Task<(string Token, DateTimeOffset ExpiresAt)> IssueAsync(CancellationToken cancellationToken)
    {
        var token = SecretToken.New(SecretToken.OwnerLinkPrefix);
        var issued = await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.issue_owner_link($1, $2)", connection, transaction)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<byte[]> { TypedValue = SecretToken.Hash(token) },
                        new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.OwnerLinkLifetime, NpgsqlDbType = NpgsqlDbType.Interval },
                    },
                };
                return await command.ExecuteScalarAsync(cancellationToken) is true;
            },
            cancellationToken);
        return issued
            ? (token, time.GetUtcNow() + options.Value.OwnerLinkLifetime)
            : throw new IntegrationException(ErrorCodes.Conflict, "This installation has an owner. Sign in with address and password.");
    }

    /// <summary>Makes the tenant and its owner, and signs the owner in.</summary>
    /// <exception cref="IntegrationException">OWNER_LINK_INVALID for a token that is unknown, used, replaced or too old.</exception>
    public async Task<SignedIn> UseAsync(string token, string email, string password, string? displayName, string? userAgent, CancellationToken cancellationToken)
    {
        // The hash costs time that nobody with a made-up token should be able to take.
        if (!SecretToken.HasForm(token, SecretToken.OwnerLinkPrefix))
            throw new IntegrationException(ErrorCodes.OwnerLinkInvalid);

        var passwordHash = await passwords.HashAsync(password, cancellationToken);
        var now = time.GetUtcNow();
        var tenant = Guid.CreateVersion7(now);
        var made = await database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.use_owner_link($1, $2, $3, $4, $5, $6)", connection, transaction)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<byte[]> { TypedValue = SecretToken.Hash(token) },
                        new NpgsqlParameter<Guid> { TypedValue = tenant },
                        new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(now) },
                        new NpgsqlParameter<string> { TypedValue = email },
                        new NpgsqlParameter { Value = (object?)displayName ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                        new NpgsqlParameter<string> { TypedValue = passwordHash },
                    },
                };
                return await command.ExecuteScalarAsync(cancellationToken) is Guid;
            },
            cancellationToken);
        if (!made)
            throw new IntegrationException(ErrorCodes.OwnerLinkInvalid);

        var owner = await OwnerAsync(new TenantId(tenant), cancellationToken);
        return new(await sessions.BeginAsync(owner.Principal, userAgent, cancellationToken), owner);
    }

    private Task<Credential> OwnerAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await using var command = transaction.Command("select tenant_id, id, user_id, role, email, display_name from users where role = 'owner'");
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken)
                    ? new Credential(PersonRow.Principal(reader), reader.GetGuid(1), SessionHash: null, ExpiresAt: null)
                    : throw new InvalidOperationException($"Tenant {tenant} was made without an owner.");
            },
            cancellationToken);
}
