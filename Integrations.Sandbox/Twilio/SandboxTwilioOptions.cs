namespace Integrations.Sandbox.Twilio;

/// <summary>How long things take in the simulated Twilio. By default nothing takes any time, and nobody decides by himself.</summary>
public sealed record SandboxTwilioOptions
{
    /// <summary>From <c>queued</c> to what becomes of a message: <c>sent</c>, <c>failed</c> or <c>undelivered</c>.</summary>
    public TimeSpan SendingTime { get; init; }

    /// <summary>From <c>sent</c> to <c>delivered</c>.</summary>
    public TimeSpan DeliveryTime { get; init; }

    /// <summary>From <c>delivered</c> to <c>read</c>; null: a message is read when <see cref="SandboxTwilio.Read(string)"/> says so.</summary>
    public TimeSpan? ReadTime { get; init; }

    /// <summary>From <c>CREATING</c> or <c>ONLINE:UPDATING</c> to <c>ONLINE</c>.</summary>
    public TimeSpan SenderChangeTime { get; init; }

    /// <summary>Messages, requests, webhooks and alerts kept, of each; the oldest are forgotten.</summary>
    public int Memory { get; init; } = 100_000;
}
