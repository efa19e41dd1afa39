using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Integrations.Workers.Sending;

/// <summary>The bounded mailbox of one account. It takes messages only while its account has a session that can send them.</summary>
internal sealed class Mailbox(int capacity)
{
    private readonly Lock _lock = new();
    private Channel<ClaimedMessage>? _open;

    /// <summary>How many more messages it takes now.</summary>
    public int Room
    {
        get
        {
            lock (_lock)
                return _open is null ? 0 : capacity - _open.Reader.Count;
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _open?.Reader.Count ?? 0;
        }
    }

    /// <summary>False when it is closed or full: the message stays with the caller.</summary>
    public bool TryPost(ClaimedMessage message)
    {
        lock (_lock)
            return _open is not null && _open.Writer.TryWrite(message);
    }

    /// <summary>Opens it. What is posted from now on is yielded, until it is closed.</summary>
    public IAsyncEnumerable<ClaimedMessage> Open(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<ClaimedMessage>(new BoundedChannelOptions(capacity) { SingleReader = true });
        lock (_lock)
            _open = channel;

        return ReadAsync(channel, cancellationToken);
    }

    public void Close()
    {
        lock (_lock)
        {
            _open?.Writer.TryComplete();
            _open = null;
        }
    }

    private async IAsyncEnumerable<ClaimedMessage> ReadAsync(Channel<ClaimedMessage> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await channel.Reader.WaitToReadAsync(cancellationToken))
        {
            // What is still in a closed box is given back, not begun.
            while (IsOpen(channel) && channel.Reader.TryRead(out var message))
                yield return message;

            if (!IsOpen(channel))
                yield break;
        }
    }

    private bool IsOpen(Channel<ClaimedMessage> channel)
    {
        lock (_lock)
            return ReferenceEquals(_open, channel);
    }
}
