using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.People;

/// <summary>Everybody of the tenant, by name.</summary>
public sealed class ListUsers(TenantDatabase database)
{
    private const int Limit = 10_000;

    /// <summary>What these people are called; who has told no name, or is gone, is left out.</summary>
    public Task<Dictionary<int, string>> NamesAsync(Principal principal, IReadOnlyCollection<int> numbers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(numbers);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    "select user_id, coalesce(display_name, email) from users where user_id = any ($1) and coalesce(display_name, email) is not null");
                command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. numbers] });
                var names = new Dictionary<int, string>();
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                    names.Add(reader.GetInt32(0), reader.GetString(1));
                return names;
            },
            cancellationToken);
    }

    /// <summary>The numbers of those whose sign-in takes a code as well.</summary>
    public Task<HashSet<int>> WithSecondFactorAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command("select user_id from second_factors where confirmed_at is not null");
                var numbers = new HashSet<int>();
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                    numbers.Add(reader.GetInt32(0));
                return numbers;
            },
            cancellationToken);
    }

    public Task<List<User>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            transaction => transaction.Db.Users.AsNoTracking().OrderBy(user => user.DisplayName ?? user.Email).ThenBy(user => user.UserId).Take(Limit).ToListAsync(cancellationToken),
            cancellationToken);
    }
}

/// <summary>What to change; null leaves a thing as it is.</summary>
/// <param name="DisplayName">An empty one removes the name.</param>
public sealed record UserChange(Role? Role, bool? IsActive, string? DisplayName);

/// <summary>Changes a person's role or name, or switches him on or off. Who is switched off is signed out, and his keys are void.</summary>
public sealed class ChangeUser(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; ROLE_TOO_HIGH; LAST_OWNER; OWN_ROLE; ROLE_OF_TOKEN.</exception>
    public Task<User> ExecuteAsync(Principal principal, int userId, UserChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(change);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // Two owners who unmake each other take turns here, so that the second sees what the first has done.
                await TenantPeople.TakeTurnAsync(transaction, cancellationToken);
                var user = await transaction.Db.Users.SingleOrDefaultAsync(user => user.UserId == userId, cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                await RequireAllowedAsync(transaction, principal, user, change, cancellationToken);

                var leaves = user.IsActive && change.IsActive is false;
                user.Change(change.Role, change.IsActive, change.DisplayName);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                var now = time.GetUtcNow();
                if (leaves)
                    await TenantPeople.ShutOutAsync(transaction, userId, now, cancellationToken);
                await PeopleEvents.UserAsync(
                    transaction, principal.UserId, userId, "user.change",
                    new { UserId = userId, Role = change.Role is { } role ? Words.Of(role) : null, change.IsActive, Renamed = change.DisplayName is not null },
                    now, cancellationToken);
                return user;
            },
            cancellationToken);
    }

    private static async Task RequireAllowedAsync(
        TenantTransaction transaction, Principal principal, User user, UserChange change, CancellationToken cancellationToken)
    {
        var role = change.Role ?? user.Role;
        var changesRole = role != user.Role;
        var leaves = user.IsActive && change.IsActive is false;
        if (principal.Role < Role.Owner && (user.Role is Role.Owner || role is Role.Owner))
            throw new IntegrationException(ErrorCodes.RoleTooHigh);
        if (user is { Role: Role.Owner, IsActive: true } && (leaves || role is not Role.Owner) && !await HasOtherOwnerAsync(transaction, user, cancellationToken))
            throw new IntegrationException(ErrorCodes.LastOwner);
        if (user.UserId == principal.UserId && (changesRole || leaves))
            throw new IntegrationException(ErrorCodes.OwnRole);
        if (changesRole && user.PasswordHash is null)
            throw new IntegrationException(ErrorCodes.RoleOfToken);
    }

    /// <summary>An owner who signs in here is needed by the installation itself; one of the user service does not stand in for him.</summary>
    private static Task<bool> HasOtherOwnerAsync(TenantTransaction transaction, User user, CancellationToken cancellationToken) =>
        transaction.Db.Users.AnyAsync(
            other => other.UserId != user.UserId && other.Role == Role.Owner && other.IsActive && (user.PasswordHash == null || other.PasswordHash != null),
            cancellationToken);
}

/// <summary>What all changes of a tenant's people share.</summary>
internal static class TenantPeople
{
    /// <summary>One change of a tenant's people at a time, until the transaction ends.</summary>
    public static async Task TakeTurnAsync(TenantTransaction transaction, CancellationToken cancellationToken)
    {
        await using var turn = transaction.Command("select pg_advisory_xact_lock(7305, hashtext($1))");
        turn.Parameters.Add(new NpgsqlParameter<string> { TypedValue = transaction.Tenant.ToString() });
        await turn.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Ends every way in that a person has here: sessions and keys. Keys do not come back with him.</summary>
    public static async Task ShutOutAsync(TenantTransaction transaction, int userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using (var sessions = transaction.Command("delete from console_sessions where user_id = $1"))
        {
            sessions.Parameters.Add(new NpgsqlParameter<int> { TypedValue = userId });
            await sessions.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var keys = transaction.Command("update api_keys set revoked_at = $2 where user_id = $1 and revoked_at is null");
        keys.Parameters.Add(new NpgsqlParameter<int> { TypedValue = userId });
        keys.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await keys.ExecuteNonQueryAsync(cancellationToken);
    }
}
