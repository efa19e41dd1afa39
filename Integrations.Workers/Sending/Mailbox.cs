using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Integrations.Workers.Sending;

/// <summary>The bounded mailbox of one account. It takes messages only while its account has a session that can send them.</summary>
/// <remarks>Messages with files have a place of their own in it: an upload may last, and texts to others do not wait behind it.</remarks>
internal sealed class Mailbox(int capacity, int fileCapacity)
{
    private readonly Lock _lock = new();
    private Box? _open;

    /// <summary>How many more texts it takes now.</summary>
    public int Room
    {
        get
        {
            lock (_lock)
                return _open is null ? 0 : capacity - _open.Texts.Reader.Count;
        }
    }

    /// <summary>How many more messages with files it takes now.</summary>
    public int FileRoom
    {
        get
        {
            lock (_lock)
                return _open is null ? 0 : fileCapacity - _open.Files.Reader.Count;
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _open is null ? 0 : _open.Texts.Reader.Count + _open.Files.Reader.Count;
        }
    }

    /// <summary>False when it is closed or full: the message stays with the caller.</summary>
    public bool TryPost(ClaimedMessage message)
    {
        lock (_lock)
            return _open is not null && (message.File is null ? _open.Texts : _open.Files).Writer.TryWrite(message);
    }

    /// <summary>Opens it. What is posted from now on is yielded, until it is closed.</summary>
    public (IAsyncEnumerable<ClaimedMessage> Texts, IAsyncEnumerable<ClaimedMessage> Files) Open(CancellationToken cancellationToken)
    {
        var box = new Box(Channel(capacity), Channel(fileCapacity));
        lock (_lock)
            _open = box;

        return (ReadAsync(box, box.Texts, cancellationToken), ReadAsync(box, box.Files, cancellationToken));

        static Channel<ClaimedMessage> Channel(int capacity) =>
            System.Threading.Channels.Channel.CreateBounded<ClaimedMessage>(new BoundedChannelOptions(capacity) { SingleReader = true });
    }

    public void Close()
    {
        lock (_lock)
        {
            _open?.Texts.Writer.TryComplete();
            _open?.Files.Writer.TryComplete();
            _open = null;
        }
    }

    private async IAsyncEnumerable<ClaimedMessage> ReadAsync(Box box, Channel<ClaimedMessage> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await channel.Reader.WaitToReadAsync(cancellationToken))
        {
            // What is still in a closed box is given back, not begun.
            while (IsOpen(box) && channel.Reader.TryRead(out var message))
                yield return message;

            if (!IsOpen(box))
                yield break;
        }
    }

    private bool IsOpen(Box box)
    {
        lock (_lock)
            return ReferenceEquals(_open, box);
    }

    private sealed record Box(Channel<ClaimedMessage> Texts, Channel<ClaimedMessage> Files);
}
