using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets;

/// <summary>Data keys in memory: bounded in number and in time, zeroed when they leave.</summary>
internal sealed class DataKeyCache : IDisposable
{
    private readonly int _capacity;
    private readonly TimeSpan _lifetime;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;
    private readonly Lock _lock = new();
    private readonly Dictionary<(TenantId Tenant, int Version), LinkedListNode<Entry>> _entries = [];

    /// <summary>Most recently used first.</summary>
    private readonly LinkedList<Entry> _order = [];

    /// <summary>The newest version of each tenant that is in <see cref="_entries"/>.</summary>
    private readonly Dictionary<TenantId, int> _newest = [];

    public DataKeyCache(int capacity, TimeSpan lifetime, TimeProvider time)
    {
        _capacity = capacity;
        _lifetime = lifetime;
        _time = time;
        _sweep = time.CreateTimer(static cache => ((DataKeyCache)cache!).Sweep(), this, lifetime, lifetime);
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>A copy of the key, which the caller zeroes: the cached one may leave at any moment.</summary>
    public bool TryCopy(TenantId tenant, int version, [NotNullWhen(true)] out byte[]? key)
    {
        lock (_lock)
        {
            key = Find(tenant, version) is { } entry ? [.. entry.Key] : null;
            return key is not null;
        }
    }

    /// <summary>The key that seals for the tenant now, unless it has to be looked up.</summary>
    public bool TryCopyNewest(TenantId tenant, out int version, out DateTimeOffset createdAt, [NotNullWhen(true)] out byte[]? key)
    {
        lock (_lock)
        {
            if (_newest.TryGetValue(tenant, out version) && Find(tenant, version) is { } entry)
            {
                (createdAt, key) = (entry.CreatedAt, [.. entry.Key]);
                return true;
            }
        }

        (createdAt, key) = (default, null);
        return false;
    }

    /// <summary>Keeps a copy of its own.</summary>
    public void Put(TenantId tenant, int version, DateTimeOffset createdAt, ReadOnlySpan<byte> key, bool newest)
    {
        // Pinned, so that the collector leaves no copies behind when it moves things.
        var kept = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(kept);
        lock (_lock)
        {
            Remove(tenant, version);
            var node = _order.AddFirst(new Entry(tenant, version, createdAt, _time.GetTimestamp(), kept));
            _entries.Add((tenant, version), node);
            if (newest)
                _newest[tenant] = version;

            while (_entries.Count > _capacity)
                Remove(_order.Last!.Value.Tenant, _order.Last.Value.Version);
        }
    }

    public void Forget(TenantId tenant)
    {
        lock (_lock)
        {
            foreach (var version in _entries.Keys.Where(key => key.Tenant == tenant).Select(key => key.Version).ToArray())
                Remove(tenant, version);
        }
    }

    public void Dispose()
    {
        _sweep.Dispose();
        lock (_lock)
        {
            foreach (var (tenant, version) in _entries.Keys.ToArray())
                Remove(tenant, version);
        }
    }

    private Entry? Find(TenantId tenant, int version)
    {
        if (!_entries.TryGetValue((tenant, version), out var node))
            return null;

        if (_time.GetElapsedTime(node.Value.LoadedAt) >= _lifetime)
        {
            Remove(tenant, version);
            return null;
        }

        _order.Remove(node);
        _order.AddFirst(node);
        return node.Value;
    }

    /// <summary>What nobody asks for any more must leave too.</summary>
    private void Sweep()
    {
        lock (_lock)
        {
            foreach (var entry in _order.Where(entry => _time.GetElapsedTime(entry.LoadedAt) >= _lifetime).ToArray())
                Remove(entry.Tenant, entry.Version);
        }
    }

    private void Remove(TenantId tenant, int version)
    {
        if (!_entries.Remove((tenant, version), out var node))
            return;

        _order.Remove(node);
        CryptographicOperations.ZeroMemory(node.Value.Key);
        if (_newest.TryGetValue(tenant, out var newest) && newest == version)
            _newest.Remove(tenant);
    }

    private sealed record Entry(TenantId Tenant, int Version, DateTimeOffset CreatedAt, long LoadedAt, byte[] Key);
}
