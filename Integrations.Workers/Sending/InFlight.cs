using Integrations.Core.Telegram.Clients;

namespace Integrations.Workers.Sending;

/// <summary>The sends of one account that Telegram has, or may have, and whose outcomes are not stored yet.</summary>
internal sealed class InFlight
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (ClaimedMessage Message, PeerKey Peer)> _sent = [];
    private readonly HashSet<long> _beingStored = [];
    private TaskCompletionSource? _empty;

    /// <summary>To be called before the call to Telegram: its answer may overtake the return.</summary>
    public void Add(ClaimedMessage message, PeerKey peer)
    {
        lock (_lock)
            _sent[message.RandomId] = (message, peer);
    }

    /// <summary>Telegram told the id of this one; whoever asks stores the outcome. Answers once.</summary>
    public (ClaimedMessage Message, PeerKey Peer)? Match(long randomId)
    {
        lock (_lock)
        {
            if (!_sent.Remove(randomId, out var found))
                return null;

            _beingStored.Add(randomId);
            return found;
        }
    }

    /// <summary>The call failed. False when the id came by another way, and with it the outcome.</summary>
    public bool Drop(long randomId)
    {
        lock (_lock)
        {
            var dropped = _sent.Remove(randomId);
            Signal();
            return dropped;
        }
    }

    /// <summary>The outcomes are stored.</summary>
    public void Settle(IEnumerable<long> randomIds)
    {
        lock (_lock)
        {
            _beingStored.ExceptWith(randomIds);
            Signal();
        }
    }

    public Task WhenEmptyAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_sent.Count + _beingStored.Count == 0)
                return Task.CompletedTask;

            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task.WaitAsync(cancellationToken);
        }
    }

    private void Signal()
    {
        if (_sent.Count + _beingStored.Count > 0)
            return;

        _empty?.TrySetResult();
        _empty = null;
    }
}
