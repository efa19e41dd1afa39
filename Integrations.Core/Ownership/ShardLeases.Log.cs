using Microsoft.Extensions.Logging;

namespace Integrations.Core.Ownership;

public sealed partial class ShardLeases
{
    [LoggerMessage(EventId = 3201, Level = LogLevel.Information, Message = "Claimed shard {Shard} at epoch {Epoch}")]
    private static partial void LogClaimed(ILogger logger, int shard, long epoch);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Information, Message = "Shard {Shard} could not be claimed now; the next look tries again")]
    private static partial void LogClaimFailed(ILogger logger, int shard, Exception exception);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "The leases of {Count} shards could not be renewed; the next tick tries again")]
    private static partial void LogRenewFailed(ILogger logger, int count, Exception exception);

    [LoggerMessage(EventId = 3204, Level = LogLevel.Error, Message = "Lost shard {Shard} of epoch {Epoch}: its lease is over, its sockets are aborted")]
    private static partial void LogLost(ILogger logger, int shard, long epoch);

    [LoggerMessage(EventId = 3205, Level = LogLevel.Information, Message = "Handing over shard {Shard} of epoch {Epoch}")]
    private static partial void LogReleasing(ILogger logger, int shard, long epoch);

    [LoggerMessage(EventId = 3206, Level = LogLevel.Information, Message = "Released shard {Shard} of epoch {Epoch} after {Milliseconds} ms")]
    private static partial void LogReleased(ILogger logger, int shard, long epoch, long milliseconds);

    [LoggerMessage(EventId = 3207, Level = LogLevel.Error, Message = "The accounts of shard {Shard} of epoch {Epoch} did not finish at the hand-over; they are cut off and the lease runs out")]
    private static partial void LogReleaseFailed(ILogger logger, int shard, long epoch, Exception exception);

    [LoggerMessage(EventId = 3208, Level = LogLevel.Warning, Message = "The release of shard {Shard} of epoch {Epoch} was not saved; its lease runs out instead")]
    private static partial void LogReleaseUnsaved(ILogger logger, int shard, long epoch, Exception exception);

    [LoggerMessage(EventId = 3209, Level = LogLevel.Error, Message = "The accounts of shard {Shard} of epoch {Epoch} could not be started; the shard is given back")]
    private static partial void LogStartFailed(ILogger logger, int shard, long epoch, Exception exception);

    [LoggerMessage(EventId = 3210, Level = LogLevel.Error, Message = "Aborting shard {Shard} of epoch {Epoch} failed in part")]
    private static partial void LogAbortFailed(ILogger logger, int shard, long epoch, Exception exception);

    [LoggerMessage(EventId = 3211, Level = LogLevel.Warning, Message = "This worker could not leave the registry; it drops out when its heartbeat is too old")]
    private static partial void LogLeaveFailed(ILogger logger, Exception exception);
}
