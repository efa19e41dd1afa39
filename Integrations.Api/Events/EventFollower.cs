using System.Runtime.CompilerServices;
using Integrations.Api.Authentication;
using Integrations.Core.Events;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Events;

/// <summary>Follows the events from a position on, as one user may see them, for as long as he may.</summary>
/// <remarks>It reads when the one who enumerates has taken what was read before: a slow reader holds one page and no more.</remarks>
internal sealed class EventFollower(EventReader reader, EventSignal signal, StreamRights rights, IOptions<EventStreamOptions> options, TimeProvider time)
{
    /// <param name="after">The last position that the reader has; null begins with what comes next.</param>
    public async IAsyncEnumerable<StreamItem> FollowAsync(Credential credential, long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var position = after ?? await reader.HeadAsync(cancellationToken);
        yield return new StreamItem.Ready(position);

        var spoke = time.GetTimestamp();
        var checkedAt = time.GetTimestamp();
        while (true)
        {
            if (checkedAt == long.MinValue || time.GetElapsedTime(checkedAt) >= settings.RightCheck)
            {
                if (!await rights.HoldAsync(credential, cancellationToken))
                {
                    yield return new StreamItem.End(position, "session_ended");
                    yield break;
                }

                checkedAt = time.GetTimestamp();
            }

            var page = await reader.ReadAsync(credential.Principal, position, settings.PageSize, cancellationToken);
            position = page.Next;
            // What was read may be the very event that took the right to read on.
            if (page.Events.Any(happened => Touches(credential, happened)))
                checkedAt = long.MinValue;
            if (page.Reset)
                yield return new StreamItem.Reset(position);
            foreach (var happened in page.Events)
                yield return new StreamItem.Happened(happened);
            if (page.Reset || page.Events.Count > 0)
                spoke = time.GetTimestamp();
            if (page.Events.Count == settings.PageSize || checkedAt == long.MinValue)
                continue;

            if (time.GetElapsedTime(spoke) >= settings.Heartbeat)
            {
                yield return new StreamItem.Heartbeat(position);
                spoke = time.GetTimestamp();
            }

            await Task.Delay(settings.ReadPause, time, cancellationToken);
            var nextDuty = Smaller(settings.Heartbeat - time.GetElapsedTime(spoke), settings.RightCheck - time.GetElapsedTime(checkedAt));
            await WaitAsync(position, nextDuty, cancellationToken);
        }
    }

    private static bool Touches(Credential credential, StoredEvent happened) =>
        happened.UserId == credential.Principal.UserId && happened.Type is EventTypes.UserUpdated or EventTypes.ApiKeyUpdated;

    /// <summary>Until something lies beyond the position, or a duty falls due.</summary>
    private async Task WaitAsync(long position, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (limit <= TimeSpan.Zero)
            return;

        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await signal.WaitAsync(position, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The duty is due.
        }
    }

    private static TimeSpan Smaller(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
