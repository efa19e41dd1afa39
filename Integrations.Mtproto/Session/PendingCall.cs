using System.Diagnostics.CodeAnalysis;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Session;

/// <summary>A call from the moment it is made until its answer, refusal or cancellation.</summary>
/// <remarks>All members but <see cref="Answer"/> and <see cref="Fail"/> are used under the session's gate.</remarks>
internal abstract class PendingCall : OutgoingMessage
{
    /// <summary>Larger calls are tried with gzip.</summary>
    private const int GzipFrom = 1024;

    protected PendingCall(TlRequest request, ReadOnlyMemory<byte> prefix)
    {
        Method = request.TlName;
        Prefix = prefix;
        Bare = request.ToBytes();
        Body = Bare;
    }

    public string Method { get; }

    public override bool IsContentRelated => true;

    /// <summary>Every id under which this was sent: an answer to any of them is the answer.</summary>
    public List<long> MessageIds { get; } = [];

    /// <summary>Monotonic time of the last sending.</summary>
    public TimeSpan SentAt { get; set; }

    /// <summary>Monotonic time at which its state was last asked after.</summary>
    public TimeSpan PolledAt { get; set; }

    /// <summary>How often in a row the server said that it had answered while nothing came.</summary>
    public int AnswersMissed { get; set; }

    /// <summary>How often the server said that it has the call and no answer, since the last sending.</summary>
    public int PolledInVain { get; set; }

    /// <summary>The server has it.</summary>
    public bool IsAcknowledged { get; set; }

    public bool IsQueued { get; set; }

    public bool IsDone { get; set; }

    /// <summary>Sent inside invokeWithLayer and initConnection.</summary>
    public bool IsPrefixed { get; private set; }

    /// <summary>Ends the registration of the caller's cancellation.</summary>
    public CancellationTokenRegistration Cancellation { get; set; }

    private ReadOnlyMemory<byte> Prefix { get; }

    private ReadOnlyMemory<byte> Bare { get; set; }

    /// <summary>Chooses the form to send: with the connection's introduction before it or without.</summary>
    public void Prepare(bool prefixed)
    {
        prefixed &= !Prefix.IsEmpty;
        if (MessageId != 0 && prefixed == IsPrefixed)
            return;

        IsPrefixed = prefixed;
        byte[] plain = prefixed ? [.. Prefix.Span, .. Bare.Span] : Bare.ToArray();
        Body = plain;
        if (plain.Length < GzipFrom)
            return;
        var packed = GzipPacked.Of(plain).ToBytes();
        if (packed.Length < plain.Length * 9L / 10)
            Body = packed;
    }

    /// <summary>Frees what only sending needs.</summary>
    public void Release()
    {
        IsDone = true;
        Bare = default;
        Body = default;
        Cancellation.Unregister();
    }

    /// <summary>Gives the caller its answer.</summary>
    /// <param name="result">The result as the call defines it, already inflated; not an error.</param>
    public abstract void Answer(ReadOnlyMemory<byte> result);

    public abstract void Fail(Exception exception);

    public abstract void Cancel(CancellationToken cancellationToken);

    /// <summary>Reads an rpc_error.</summary>
    public bool TryReadError(ReadOnlyMemory<byte> result, [NotNullWhen(true)] out RpcException? error)
    {
        error = null;
        var reader = new TlReader(result.Span);
        if (reader.Remaining < 4 || reader.PeekId() != RpcErrorId)
            return false;
        var read = reader.ReadObject<RpcError>();
        error = new RpcException(read.ErrorCode, read.ErrorMessage, Method);
        return true;
    }

    private const uint RpcErrorId = 0x2144ca19;
}

/// <summary>A call whose answer is a <typeparamref name="T"/>.</summary>
internal sealed class PendingCall<T>(TlRequest<T> request, ReadOnlyMemory<byte> prefix) : PendingCall(request, prefix)
    where T : notnull
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    public override void Answer(ReadOnlyMemory<byte> result)
    {
        T value;
        try
        {
            var reader = new TlReader(result.Span);
            value = request.ReadResult(ref reader);
        }
        catch (TlException e)
        {
            _completion.TrySetException(e);
            return;
        }

        _completion.TrySetResult(value);
    }

    public override void Fail(Exception exception) => _completion.TrySetException(exception);

    public override void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
}
