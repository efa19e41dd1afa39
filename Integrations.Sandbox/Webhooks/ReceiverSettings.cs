namespace Integrations.Sandbox.Webhooks;

/// <summary>One simulated receiver: its keys, and how well it looks after itself.</summary>
public sealed record ReceiverSettings
{
    /// <summary>Keys of one endpoint.</summary>
    public const int MaxKeys = 20;

    /// <summary><c>whsec_…</c> and <c>whpk_…</c>; what any of them has signed is accepted.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>How far a timestamp may be from now, either way.</summary>
    public TimeSpan Tolerance { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of a body; a longer one is refused with 413.</summary>
    public int MaxBody { get; init; } = 256 * 1024;

    /// <summary>Deliveries within one second before 429; 0 for any number.</summary>
    public int PerSecond { get; init; }

    /// <summary>False makes a careless receiver, that takes whatever comes.</summary>
    public bool ChecksSignature { get; init; } = true;

    /// <summary>False makes one that accepts recordings.</summary>
    public bool ChecksAge { get; init; } = true;

    /// <summary>What a delivery gets that was accepted before; null answers as to the first one.</summary>
    public int? DuplicateStatus { get; init; }

    /// <summary>What is wrong with it, or null. No key is in it.</summary>
    internal string? Problem() => this switch
    {
        { Keys: null or { Count: > MaxKeys } } => $"keys must have at most {MaxKeys} entries.",
        _ when !Keys.All(ReceiverKey.IsKey) => "Each of keys must be whsec_ with the base64 of 24 to 64 bytes, or whpk_ with that of 32.",
        _ when Tolerance < TimeSpan.Zero || Tolerance > TimeSpan.FromDays(1) => "tolerance must be between nothing and a day.",
        _ when MaxBody is < 0 or > 64 << 20 => "max_body must be between 0 and 64 MiB.",
        _ when PerSecond < 0 => "per_second must not be negative.",
        _ when DuplicateStatus is < 200 or > 599 => "duplicate_status must be between 200 and 599.",
        _ => null,
    };
}

/// <summary>Where a receiver ends the connection instead of answering.</summary>
public enum ReceiverCut
{
    Never,

    /// <summary>Before it has read anything.</summary>
    BeforeReading,

    /// <summary>Once it has the delivery and counts it as accepted: its sender cannot know.</summary>
    AfterRecording,
}

/// <summary>What a receiver does with a delivery that is in order, for so many of them.</summary>
public sealed record ReceiverBehaviour
{
    /// <summary>How many deliveries meet it; 0 for all that come. They count whether they are in order or not.</summary>
    public int Times { get; init; }

    public int Status { get; init; } = 200;

    /// <summary>Before the answer.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Reads the delivery and never answers.</summary>
    public bool Hang { get; init; }

    public ReceiverCut Cut { get; init; }

    /// <summary>The header <c>Retry-After</c> as it stands: seconds, a date, or what some server makes of it.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>The header <c>Location</c>; with a <see cref="Status"/> of 3xx.</summary>
    public string? Location { get; init; }

    /// <summary>How long the body of the answer takes after its head.</summary>
    public TimeSpan SlowBody { get; init; }

    /// <summary>Answers with a body of bytes that are no text, under a type that promises JSON.</summary>
    public bool Garbage { get; init; }

    internal string? Problem() => this switch
    {
        { Times: < 0 } => "times must not be negative.",
        { Status: < 200 or > 599 } => "status must be between 200 and 599.",
        _ when Latency < TimeSpan.Zero || Latency > Longest || SlowBody < TimeSpan.Zero || SlowBody > Longest => "latency and slow_body must be between nothing and an hour.",
        _ when IsNoHeader(RetryAfter) || IsNoHeader(Location) => "retry_after and location must be at most 2000 printable ASCII characters.",
        _ => null,
    };

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private static bool IsNoHeader(string? value) => value is not null && (value.Length > 2000 || value.Any(c => c is < ' ' or > '~'));
}
