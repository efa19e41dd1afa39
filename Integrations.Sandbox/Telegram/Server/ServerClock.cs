using Integrations.Sandbox.Telegram.Faults;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>The clock of the data centres, which a fault may move.</summary>
internal sealed class ServerClock(TimeProvider time, FaultPlan faults) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() =>
        time.GetUtcNow() + TimeSpan.FromSeconds(faults.Standing(FaultKind.ClockSkew, default)?.Seconds ?? 0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);

    public override long GetTimestamp() => time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;
}
