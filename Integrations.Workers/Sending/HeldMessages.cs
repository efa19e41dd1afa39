using System.Collections.Concurrent;

namespace Integrations.Workers.Sending;

/// <summary>The messages this host has claimed and not yet written an outcome for, by shard.</summary>
internal sealed class HeldMessages
{
    private readonly ConcurrentDictionary<(int Shard, Guid Id), ClaimedMessage> _held = new();
    private readonly ConcurrentDictionary<int, bool> _doubtful = new();
    private readonly ConcurrentDictionary<int, Action> _watchers = new();

    /// <summary>From now on <paramref name="released"/> is called whenever a message of the shard is settled: the next of its dialog may be claimed.</summary>
    public void Watch(int shard, Action released) => _watchers[shard] = released;

    public void Hold(int shard, ClaimedMessage message) => _held[(shard, message.Id)] = message;

    public void Release(int shard, Guid id)
    {
        if (_held.TryRemove((shard, id), out _) && _watchers.TryGetValue(shard, out var released))
            released();
    }

    public Guid[] IdsOf(int shard) => [.. _held.Keys.Where(key => key.Shard == shard).Select(key => key.Id)];

    /// <summary>What an account left behind when its actor failed.</summary>
    public IReadOnlyList<ClaimedMessage> OfAccount(int shard, Guid accountId) =>
        [.. _held.Where(pair => pair.Key.Shard == shard && pair.Value.AccountId == accountId).Select(pair => pair.Value)];

    /// <summary>Gives up messages without an outcome; the shard is then to be searched for rows that nobody holds.</summary>
    public void Disown(int shard, IEnumerable<Guid> ids)
    {
        foreach (var id in ids)
            Release(shard, id);

        _doubtful[shard] = true;
    }

    /// <summary>Rows of this epoch may be marked as being sent that nobody here holds.</summary>
    public void Doubt(int shard) => _doubtful[shard] = true;

    /// <summary>Answers the doubt and clears it.</summary>
    public bool TakeDoubt(int shard) => _doubtful.TryRemove(shard, out _);

    /// <summary>The shard is another's now.</summary>
    public void Forget(int shard)
    {
        _watchers.TryRemove(shard, out _);
        _doubtful.TryRemove(shard, out _);
        foreach (var key in _held.Keys.Where(key => key.Shard == shard))
            _held.TryRemove(key, out _);
    }
}
