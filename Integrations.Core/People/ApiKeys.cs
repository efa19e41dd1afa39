using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.People;

/// <summary>What a key may be used for; its user's role is the other bound.</summary>
public enum KeyScope
{
    /// <summary>Read what the user may read, and follow events.</summary>
    Read,

    /// <summary>Send messages.</summary>
    Send,

    /// <summary>Connect, change and disconnect accounts.</summary>
    Connect,

    /// <summary>Manage projects, where the user is an administrator.</summary>
    Manage,
}

/// <summary>A key by which a program acts as its user. Only its hash is kept.</summary>
public sealed class ApiKey
{
    private ApiKey()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public int UserId { get; private set; }
    public string Name { get; private set; } = "";

    /// <summary>Its first characters, by which people tell keys apart.</summary>
    public string Prefix { get; private set; } = "";

    public byte[] KeyHash { get; private set; } = [];

    /// <summary>Words of <see cref="KeyScope"/>.</summary>
    public string[] Scopes { get; private set; } = [];

    public DateTimeOffset? ExpiresAt { get; private set; }
    public DateTimeOffset? LastUsedAt { get; private set; }
    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>The key that takes this one's place; null while nothing does.</summary>
    public Guid? ReplacedBy { get; private set; }

    public int CreatedBy { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public static ApiKey Issue(
        TenantId tenant, Guid id, int userId, string name, string prefix, byte[] keyHash, IEnumerable<KeyScope> scopes, DateTimeOffset? expiresAt) => new()
        {
            Id = id,
            TenantId = tenant.Value,
            UserId = userId,
            CreatedBy = userId,
            Name = name,
            Prefix = prefix,
            KeyHash = keyHash,
            Scopes = [.. scopes.Distinct().Order().Select(Words.Of)],
            ExpiresAt = expiresAt,
        };

    public void Revoke(DateTimeOffset now) => RevokedAt ??= now;

    /// <summary>Ends this key after <paramref name="overlap"/>, or sooner where it would have ended sooner, in favour of another that may do the same as long as this one could.</summary>
    public ApiKey Rotate(Guid id, string prefix, byte[] keyHash, TimeSpan overlap, DateTimeOffset now)
    {
        if (ReplacedBy is not null || RevokedAt is not null)
            throw new InvalidOperationException($"Key {Id} has been replaced or revoked; only one in use is rotated.");

        var successor = new ApiKey
        {
            Id = id,
            TenantId = TenantId,
            UserId = UserId,
            CreatedBy = UserId,
            Name = Name,
            Prefix = prefix,
            KeyHash = keyHash,
            Scopes = Scopes,
            ExpiresAt = ExpiresAt is { } end ? now + (end - CreatedAt) : null,
        };
        ReplacedBy = id;
        ExpiresAt = ExpiresAt < now + overlap ? ExpiresAt : now + overlap;
        return successor;
    }
}

/// <summary>The keys that were not revoked and did not give way to another, the newest first: for administrators all of their tenant, for others their own.</summary>
public sealed class ListApiKeys(TenantDatabase database, TimeProvider time)
{
    private const int Limit = 10_000;

    public Task<List<ApiKey>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            transaction => ReachableKeys.Of(transaction, principal, time.GetUtcNow()).AsNoTracking().OrderByDescending(key => key.CreatedAt).Take(Limit).ToListAsync(cancellationToken),
            cancellationToken);
    }
}

/// <summary>Issues a key for the caller himself.</summary>
public sealed class CreateApiKey(TenantDatabase database, TimeProvider time)
{
    /// <summary>Keys that one user may have: a bound against a runaway program.</summary>
    public const int MaxPerUser = 50;

    /// <exception cref="IntegrationException">CONFLICT when the user has as many keys as he may.</exception>
    public Task<ApiKey> ExecuteAsync(
        Principal principal, string name, string prefix, byte[] keyHash, IReadOnlyCollection<KeyScope> scopes, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await TenantPeople.TakeTurnAsync(transaction, cancellationToken);
                var now = time.GetUtcNow();
                if (await ReachableKeys.InUse(transaction, now).CountAsync(key => key.UserId == principal.UserId, cancellationToken) >= MaxPerUser)
                    throw new IntegrationException(ErrorCodes.Conflict, $"You have {MaxPerUser} keys. Revoke one of them first.");

                var key = ApiKey.Issue(transaction.Tenant, Guid.CreateVersion7(now), principal.UserId, name, prefix, keyHash, scopes, expiresAt);
                transaction.Db.Add(key);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ReachableKeys.ToldAsync(transaction, principal, key, "api_key.create", now, cancellationToken);
                return key;
            },
            cancellationToken);
    }
}

/// <summary>Makes a key void, also for the streams that it has open.</summary>
public sealed class RevokeApiKey(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var now = time.GetUtcNow();
                var key = await ReachableKeys.Of(transaction, principal, now).SingleOrDefaultAsync(key => key.Id == id, cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                key.Revoke(now);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ReachableKeys.ToldAsync(transaction, principal, key, "api_key.revoke", now, cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>Gives a key's owner another in its place; both work until the overlap ends, so that no program stands still meanwhile.</summary>
public sealed class RotateApiKey(TenantDatabase database, TimeProvider time)
{
    /// <returns>The new key.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND, also for a key of another user: who could renew it could act as him. CONFLICT for one that was rotated already.</exception>
    public Task<ApiKey> ExecuteAsync(Principal principal, Guid id, string prefix, byte[] keyHash, TimeSpan overlap, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // Of two who rotate one key the second finds it replaced.
                await TenantPeople.TakeTurnAsync(transaction, cancellationToken);
                var now = time.GetUtcNow();
                var key = await ReachableKeys.InUse(transaction, now).SingleOrDefaultAsync(key => key.Id == id && key.UserId == principal.UserId, cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                if (key.ReplacedBy is not null)
                    throw new IntegrationException(ErrorCodes.Conflict, "The key was rotated already. Rotate the one that took its place.");

                var successor = key.Rotate(Guid.CreateVersion7(now), prefix, keyHash, overlap, now);
                // The old one names the new one, which therefore has to be there first.
                transaction.Db.Add(successor);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ReachableKeys.ToldAsync(transaction, principal, key, "api_key.rotate", now, cancellationToken);
                return successor;
            },
            cancellationToken);
    }
}

internal static class ReachableKeys
{
    /// <summary>A key that has lapsed by itself stays in sight until somebody revokes it; one that gave way to another goes by itself.</summary>
    public static IQueryable<ApiKey> InUse(TenantTransaction transaction, DateTimeOffset now) =>
        transaction.Db.ApiKeys.Where(key => key.RevokedAt == null && (key.ReplacedBy == null || key.ExpiresAt > now));

    public static IQueryable<ApiKey> Of(TenantTransaction transaction, Principal principal, DateTimeOffset now)
    {
        var keys = InUse(transaction, now);
        return principal.Role >= Role.Admin ? keys : keys.Where(key => key.UserId == principal.UserId);
    }

    public static async Task ToldAsync(
        TenantTransaction transaction, Principal principal, ApiKey key, string action, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await transaction.PublishAsync(new EventDraft(EventTypes.ApiKeyUpdated, key.UserId, null, new { key.Id }), cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", action, LogStatus.Success)
            {
                Details = new { KeyId = key.Id, key.Prefix, key.UserId, key.Scopes, key.ReplacedBy },
            },
            cancellationToken);
    }
}
