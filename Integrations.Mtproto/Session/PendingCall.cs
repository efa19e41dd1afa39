using System.Diagnostics.CodeAnalysis;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Session;

/// <summary>A call from the moment it is made until its answer, refusal or cancellation.</summary>
/// <remarks>All members but those that end it are used under the session's gate. Of several outcomes the first counts.</remarks>
internal abstract class PendingCall : OutgoingMessage, IThreadPoolWorkItem
{
    /// <summary>Larger calls are tried with gzip.</summary>
    private const int GzipFrom = 1024;

    /// <summary>Every id under which this was sent: an answer to any of them is the answer. Nearly all calls are sent once.</summary>
    private long _firstId;
    private List<long>? _furtherIds;

    protected PendingCall(TlRequest request, ReadOnlyMemory<byte> prefix)
    {
        Method = request.TlName;
        Prefix = prefix;
        Bare = request.ToBytes();
        Body = Bare;
    }

    public string Method { get; }

    public override bool IsContentRelated => true;

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

    /// <summary>It was sent under its present id.</summary>
    public void EnterInto(Dictionary<long, PendingCall> calls)
    {
        if (_firstId == 0)
            _firstId = MessageId;
        else
            (_furtherIds ??= []).Add(MessageId);
        calls[MessageId] = this;
    }

    /// <summary>It has its outcome.</summary>
    public void TakeOutOf(Dictionary<long, PendingCall> calls)
    {
        if (_firstId != 0)
            calls.Remove(_firstId);
        foreach (var id in _furtherIds ?? [])
            calls.Remove(id);
    }

    /// <summary>The session that knew the ids is over.</summary>
    public void ForgetIds() => (_firstId, _furtherIds) = (0, null);

    /// <summary>Chooses the form to send: with the connection's introduction before it or without.</summary>
    public void Prepare(bool prefixed)
    {
        prefixed &= !Prefix.IsEmpty;
        if (MessageId != 0 && prefixed == IsPrefixed)
            return;

        IsPrefixed = prefixed;
        var plain = prefixed ? (byte[])[.. Prefix.Span, .. Bare.Span] : Bare;
        Body = plain;
        if (plain.Length < GzipFrom)
            return;
        var packed = GzipPacked.Of(plain.Span).ToBytes();
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

    /// <summary>Reads the answer; the caller has it after <see cref="Publish"/>.</summary>
    /// <param name="result">The result as the call defines it, already inflated; not an error.</param>
    /// <returns>False when there is nothing to publish: the call had an outcome before, or nobody waits for it.</returns>
    public abstract bool Answer(ReadOnlyMemory<byte> result);

    /// <summary>The call failed; the caller learns it after <see cref="Publish"/>.</summary>
    /// <inheritdoc cref="Answer"/>
    public abstract bool Fail(Exception exception);

    /// <summary>The caller gave the call up; he goes on after <see cref="Publish"/>.</summary>
    /// <inheritdoc cref="Answer"/>
    public abstract bool Cancel(CancellationToken cancellationToken);

    /// <summary>Lets the caller go on, on this very thread.</summary>
    public abstract void Publish();

    void IThreadPoolWorkItem.Execute() => Publish();

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
internal sealed class PendingCall<T> : PendingCall
    where T : notnull
{
    /// <summary>Null once the call has its outcome: the packets sent last still hold the call, and must not hold a part of a file with it.</summary>
    private TlRequest<T>? _request;

    /// <summary>Null once the caller has the outcome, for the same reason.</summary>
    private TaskCompletionSource<T>? _completion = new();
    private T? _value;
    private Exception? _failure;
    private CancellationToken? _cancelled;

    public PendingCall(TlRequest<T> request, ReadOnlyMemory<byte> prefix)
        : base(request, prefix) => _request = request;

    /// <summary>The caller's task, to be taken before the call is queued: afterwards it may be gone.</summary>
    public Task<T> Task => _completion?.Task ?? throw new InvalidOperationException("The caller has the outcome already.");

    public override bool Answer(ReadOnlyMemory<byte> result)
    {
        if (Interlocked.Exchange(ref _request, null) is not { } request)
            return false;
        try
        {
            var reader = new TlReader(result.Span);
            _value = request.ReadResult(ref reader);
        }
        catch (TlException e)
        {
            _failure = e;
        }

        return true;
    }

    public override bool Fail(Exception exception)
    {
        if (Interlocked.Exchange(ref _request, null) is null)
            return false;
        _failure = exception;
        return true;
    }

    public override bool Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _request, null) is null)
            return false;
        _cancelled = cancellationToken;
        return true;
    }

    public override void Publish()
    {
        if (Interlocked.Exchange(ref _completion, null) is not { } completion)
            return;
        var (value, failure) = (_value, _failure);
        (_value, _failure) = (default, null);
        if (_cancelled is { } token)
            completion.SetCanceled(token);
        else if (failure is not null)
            completion.SetException(failure);
        else
            completion.SetResult(value!);
    }
}
