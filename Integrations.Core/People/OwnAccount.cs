using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.People;

/// <summary>What a person changes of himself: his name and his password.</summary>
public sealed class ChangeOwnAccount(TenantDatabase database, TimeProvider time)
{
    /// <param name="displayName">Null removes the name.</param>
    public Task<User> RenameAsync(Principal principal, string? displayName, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var user = await transaction.Db.Users.SingleAsync(user => user.UserId == principal.UserId, cancellationToken);
                user.Change(role: null, isActive: null, displayName ?? "");
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await PeopleEvents.UserAsync(transaction, principal.UserId, principal.UserId, "user.rename", null, time.GetUtcNow(), cancellationToken);
                return user;
            },
            cancellationToken);
    }

    /// <summary>The stored hash of the caller's password; null for one who signs in elsewhere.</summary>
    public Task<string?> PasswordHashAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            transaction => transaction.Db.Users.AsNoTracking().Where(user => user.UserId == principal.UserId).Select(user => user.PasswordHash).SingleAsync(cancellationToken),
            cancellationToken);
    }

    /// <summary>Replaces the password that was checked against <paramref name="oldHash"/>, and ends all other sessions.</summary>
    /// <exception cref="IntegrationException">CONFLICT when the password was changed meanwhile.</exception>
    public Task ReplacePasswordAsync(Principal principal, string oldHash, string newHash, byte[]? thisSession, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using (var replace = transaction.Command("update users set password_hash = $3 where user_id = $1 and password_hash = $2"))
                {
                    replace.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                    replace.Parameters.Add(new NpgsqlParameter<string> { TypedValue = oldHash });
                    replace.Parameters.Add(new NpgsqlParameter<string> { TypedValue = newHash });
                    if (await replace.ExecuteNonQueryAsync(cancellationToken) == 0)
                        throw new IntegrationException(ErrorCodes.Conflict);
                }

                await using (var others = transaction.Command("delete from console_sessions where user_id = $1 and token_hash <> $2"))
                {
                    others.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                    others.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = thisSession ?? [] });
                    await others.ExecuteNonQueryAsync(cancellationToken);
                }

                // What the old password has begun, the new one does not finish.
                await using (var begun = transaction.Command("delete from sign_in_challenges where user_id = $1"))
                {
                    begun.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                    await begun.ExecuteNonQueryAsync(cancellationToken);
                }

                await PeopleEvents.UserAsync(transaction, principal.UserId, principal.UserId, "user.password", null, time.GetUtcNow(), cancellationToken);
            },
            cancellationToken);
    }
}
