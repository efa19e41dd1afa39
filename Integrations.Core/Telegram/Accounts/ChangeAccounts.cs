using System.Collections.Concurrent;
using Integrations.Core.Errors;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>What to do with many accounts at once.</summary>
public enum BulkAction
{
    Pause,
    Resume,
    Reconnect,
    Disconnect,

    /// <summary>Change which chats are stored.</summary>
    Change,
}

/// <summary>What became of one of them.</summary>
/// <param name="Refusal">Null where it was done, or asked of the account's owner.</param>
public sealed record BulkResult(Guid Id, IntegrationException? Refusal);

/// <summary>Does one thing with many accounts. Each stands for itself: what one refuses keeps no other back.</summary>
public sealed class ChangeAccounts(ChangeAccount change, PauseAccount pause, ReconnectAccount reconnect, DisconnectAccount disconnect)
{
    public const int MaxIds = 1000;

    /// <summary>A large request must not take all connections of the host.</summary>
    private const int AtOnce = 4;

    /// <param name="flags">For <see cref="BulkAction.Change"/>; a name in it is for no account.</param>
    /// <returns>One result for each id, in their order. What the owners have to do follows by itself.</returns>
    public async Task<IReadOnlyList<BulkResult>> ExecuteAsync(
        Principal principal, AccountReach reach, IReadOnlyCollection<Guid> ids, BulkAction action, AccountChange flags, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(flags);
        var refusals = new ConcurrentDictionary<Guid, IntegrationException>();
        await Parallel.ForEachAsync(
            ids.Distinct(),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (id, token) =>
            {
                try
                {
                    await DoAsync(principal, reach, id, action, flags with { DisplayName = null }, token);
                }
                catch (IntegrationException refusal)
                {
                    refusals[id] = refusal;
                }
            });
        return [.. ids.Distinct().Select(id => new BulkResult(id, refusals.GetValueOrDefault(id)))];
    }

    private async Task DoAsync(Principal principal, AccountReach reach, Guid id, BulkAction action, AccountChange flags, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case BulkAction.Pause:
                await pause.RequestAsync(principal, reach, id, cancellationToken);
                break;
            case BulkAction.Resume or BulkAction.Reconnect:
                // A login asks a person for something, which cannot be done for many at once.
                if (await reconnect.RequestAsync(principal, reach, id, onlyPaused: action is BulkAction.Resume, cancellationToken) is null)
                    throw new IntegrationException(ErrorCodes.TelegramSessionExpired);
                break;
            case BulkAction.Disconnect:
                await disconnect.RequestAsync(principal, reach, id, cancellationToken);
                break;
            case BulkAction.Change:
                await change.ExecuteAsync(principal, reach, id, flags, cancellationToken);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "Not an action.");
        }
    }
}
