using System.Collections.Concurrent;
using Integrations.Mtproto.Crypto;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>What became of a request to bind a temporary key.</summary>
internal enum BindOutcome
{
    Bound,

    /// <summary>The key is not a temporary one.</summary>
    NotTemporary,

    /// <summary>The key is bound to another permanent one already, which cannot be changed.</summary>
    BoundElsewhere,
}

/// <summary>
/// Temporary keys and the permanent ones that they stand for (https://core.telegram.org/api/pfs). They are no part of the world: a restart
/// forgets them, as the real server may at any time, and a client makes another.
/// </summary>
internal sealed class TemporaryKeys(TelegramWorld world, TimeProvider time)
{
    private readonly ConcurrentDictionary<long, TemporaryKey> _keys = new();

    /// <summary>By permanent key, the temporary one that was bound to it last; binding another one ends the one before.</summary>
    private readonly ConcurrentDictionary<long, long> _bindings = new();

    private int _bound;

    /// <summary>How often a key has been bound.</summary>
    public int Bindings => Volatile.Read(ref _bound);

    /// <param name="key">The key that was made.</param>
    /// <param name="dcId">Where; it is known only there.</param>
    /// <param name="firstSalt">The salt of its making.</param>
    /// <param name="expiresIn">Its life in seconds.</param>
    public void Add(AuthKey key, int dcId, long firstSalt, int expiresIn)
    {
        var now = time.GetUtcNow();
        var stored = new StoredKey { Id = key.Id, Secret = key.Export(), DcId = dcId, FirstSalt = firstSalt, CreatedAt = now };
        _keys[key.Id] = new TemporaryKey(stored, now + TimeSpan.FromSeconds(expiresIn));
    }

    /// <summary>A key that has not expired, if this data centre made it.</summary>
    public StoredKey? Find(long keyId, int dcId) =>
        _keys.TryGetValue(keyId, out var key) && key.Stored.DcId == dcId && key.ExpiresAt > time.GetUtcNow() ? key.Stored : null;

    /// <summary>The key that a login belongs to: the permanent one where the key is bound to one, else the key itself.</summary>
    public long AccountKeyOf(long keyId) => PermanentOf(keyId) ?? keyId;

    /// <summary>Whether a key is temporary and stands for no permanent one.</summary>
    public bool IsUnbound(long keyId) => _keys.ContainsKey(keyId) && PermanentOf(keyId) is null;

    /// <summary>The temporary key that stands for a permanent one now; null when none does.</summary>
    public long? BoundTo(long permanentId) =>
        _bindings.TryGetValue(permanentId, out var keyId) && _keys.TryGetValue(keyId, out var key) && key.ExpiresAt > time.GetUtcNow() ? keyId : null;

    /// <summary>Puts a temporary key in the place of a permanent one.</summary>
    /// <param name="keyId">The temporary key.</param>
    /// <param name="permanentId">The permanent key.</param>
    /// <param name="expiresAt">Unix seconds after which the client does not use it any more; the key may end before.</param>
    public BindOutcome Bind(long keyId, long permanentId, int expiresAt)
    {
        if (!_keys.TryGetValue(keyId, out var key))
            return BindOutcome.NotTemporary;
        if (key.BoundTo is { } other && other != permanentId)
            return BindOutcome.BoundElsewhere;
        var until = DateTimeOffset.FromUnixTimeSeconds(expiresAt);
        _keys[keyId] = key with { BoundTo = permanentId, ExpiresAt = until < key.ExpiresAt ? until : key.ExpiresAt };
        _bindings[permanentId] = keyId;
        Interlocked.Increment(ref _bound);
        return BindOutcome.Bound;
    }

    public bool Forget(long keyId) => _keys.TryRemove(keyId, out _);

    /// <summary>Forgets the keys for which a predicate holds, given their data centre and the key that their login belongs to.</summary>
    public void ForgetWhere(Func<int, long, bool> predicate)
    {
        foreach (var (keyId, key) in _keys)
        {
            if (predicate(key.Stored.DcId, AccountKeyOf(keyId)))
                _keys.TryRemove(keyId, out _);
        }
    }

    /// <summary>As <see cref="ForgetWhere"/>, but only what they are bound to.</summary>
    public void UnbindWhere(Func<int, long, bool> predicate)
    {
        foreach (var (permanentId, keyId) in _bindings)
        {
            if (_keys.TryGetValue(keyId, out var key) && predicate(key.Stored.DcId, permanentId))
                _bindings.TryRemove(permanentId, out _);
        }
    }

    /// <summary>Forgets what has expired.</summary>
    public void Sweep()
    {
        var now = time.GetUtcNow();
        foreach (var (keyId, key) in _keys)
        {
            if (key.ExpiresAt <= now)
                _keys.TryRemove(keyId, out _);
        }

        foreach (var (permanentId, keyId) in _bindings)
        {
            if (!_keys.ContainsKey(keyId))
                _bindings.TryRemove(permanentId, out _);
        }
    }

    private long? PermanentOf(long keyId) =>
        _keys.TryGetValue(keyId, out var key)
        && key.BoundTo is { } permanentId
        && _bindings.TryGetValue(permanentId, out var current)
        && current == keyId
        && world.FindKey(permanentId, key.Stored.DcId) is not null
            ? permanentId
            : null;

    private sealed record TemporaryKey(StoredKey Stored, DateTimeOffset ExpiresAt)
    {
        /// <summary>The permanent key that it was bound to; that it still stands for it is another matter.</summary>
        public long? BoundTo { get; init; }
    }
}
