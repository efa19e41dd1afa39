using Integrations.Api.Authentication;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Api.Events;

/// <summary>Whether one who opened a stream may still listen to it.</summary>
internal sealed class StreamRights(TenantDatabase database, Sessions sessions, KeyHolders keys, TimeProvider time)
{
    public async Task<bool> HoldAsync(Credential credential, CancellationToken cancellationToken)
    {
        if (credential.SessionHash is { } hash)
            return await sessions.FindAsync(hash, cancellationToken) is { OwesSecondFactor: false } now && now.Principal == credential.Principal;

        if (credential.Key is { } key)
            return await keys.FindAsync(key.Hash, cancellationToken) is { } holder && holder.Principal == credential.Principal;

        return (credential.ExpiresAt is not { } end || time.GetUtcNow() < end + TokenClaims.Skew) && await IsActiveAsync(credential, cancellationToken);
    }

    private Task<bool> IsActiveAsync(Credential credential, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            credential.Principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command("select is_active from users where id = $1");
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = credential.UserRow });
                return await command.ExecuteScalarAsync(cancellationToken) is true;
            },
            cancellationToken);
}
