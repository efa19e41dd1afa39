using System.Text;

namespace Integrations.Sandbox.Webhooks;

/// <summary>What a receiver made of a delivery.</summary>
public enum DeliveryVerdict
{
    /// <summary>In order and the first under its id; its sender may not have been told (<see cref="ReceiverCut.AfterRecording"/>).</summary>
    Accepted,

    /// <summary>In order, and accepted before.</summary>
    Duplicate,

    /// <summary>In order, and answered with an error as it was told to; counts as never received.</summary>
    Failed,

    /// <summary>In order, and left without an answer.</summary>
    Hung,

    /// <summary>In order, but its sender went away before the answer.</summary>
    Abandoned,

    /// <summary>The connection was ended before it was read.</summary>
    Cut,

    /// <summary>More than the endpoint allows within a second.</summary>
    Limited,

    /// <summary>A header is missing, or is not what it should be.</summary>
    Unsigned,

    /// <summary>No signature is right.</summary>
    Forged,

    /// <summary>Rightly signed, and too far from now.</summary>
    Stale,

    TooLarge,
}

/// <summary>One request that came to a receiver.</summary>
public sealed class ReceivedDelivery
{
    private byte[]? _body;

    internal ReceivedDelivery(byte[]? body) => _body = body;

    /// <summary>From 1 on, without gaps, for each endpoint.</summary>
    public long Number { get; internal set; }

    /// <summary>As in the headers; empty where they are missing.</summary>
    public required string Id { get; init; }

    public required string Timestamp { get; init; }

    public required DeliveryVerdict Verdict { get; init; }

    /// <summary>Null where there was no answer.</summary>
    public required int? Status { get; init; }

    /// <summary>When its head had come.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Until the verdict, the latency that was asked for included.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Bytes that were read.</summary>
    public required int Bytes { get; init; }

    /// <summary>What was read of the body, as UTF-8; null when it was not read, or is not kept any more.</summary>
    public string? Body => Volatile.Read(ref _body) is { } body ? Encoding.UTF8.GetString(body) : null;

    internal int KeptBytes => _body?.Length ?? 0;

    internal void ForgetBody() => Volatile.Write(ref _body, null);
}

/// <summary>How many of each verdict, since the endpoint was made or reset.</summary>
public sealed record ReceiverCounts
{
    internal ReceiverCounts(IReadOnlyDictionary<DeliveryVerdict, long> byVerdict) => ByVerdict = byVerdict;

    public IReadOnlyDictionary<DeliveryVerdict, long> ByVerdict { get; }

    public long Total => ByVerdict.Values.Sum();

    public long Accepted => ByVerdict[DeliveryVerdict.Accepted];

    public long Duplicates => ByVerdict[DeliveryVerdict.Duplicate];
}
