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
public sealed class ChangeAccounts(
    TenantDatabase database, ChangeAccount change, PauseAccount pause, ReconnectAccount reconnect, DisconnectAccount disconnect)
{
    public const int MaxIds = 1000;

    /// <summary>Accounts that one transaction holds: few enough that their owners do not notice, many enough that a thousand take a moment.</summary>
    private const int AtOnce = 50;

    /// <param name="flags">For <see cref="BulkAction.Change"/>; only what is stored of it: a name is for no account.</param>
    /// <returns>One result for each id, in their order. What the owners have to do follows by itself.</returns>
    public async Task<IReadOnlyList<BulkResult>> ExecuteAsync(
        Principal principal, AccountReach reach, IReadOnlyCollection<Guid> ids, BulkAction action, AccountChange flags, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(flags);
        var results = new List<BulkResult>(ids.Count);
        foreach (var some in ids.Distinct().Chunk(AtOnce))
        {
            results.AddRange(await database.InTenantAsync(
                principal.Tenant,
                transaction => DoAsync(transaction, principal, reach, some, action, flags with { DisplayName = null }, cancellationToken),
                cancellationToken));
        }

        return results;
    }

    private async Task<List<BulkResult>> DoAsync(
        TenantTransaction transaction, Principal principal, AccountReach reach, Guid[] ids, BulkAction action, AccountChange flags, CancellationToken cancellationToken)
    {
        var accounts = await ReachableAccounts.LockAsync(transaction, principal, reach, ids, cancellationToken);
        var results = new List<BulkResult>(ids.Length);
        foreach (var id in ids)
        {
            try
            {
                // Each action refuses before it changes anything.
                var account = accounts.GetValueOrDefault(id) ?? throw new IntegrationException(ErrorCodes.NotFound);
                await DoAsync(transaction, principal, account, action, flags, cancellationToken);
                results.Add(new(id, null));
            }
            catch (IntegrationException refusal)
            {
                results.Add(new(id, refusal));
            }
        }

        return results;
    }

    private async Task DoAsync(
        TenantTransaction transaction, Principal principal, TelegramAccount account, BulkAction action, AccountChange flags, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case BulkAction.Pause:
                await pause.RequestAsync(transaction, principal, account, cancellationToken);
                break;
            case BulkAction.Resume or BulkAction.Reconnect:
                // A login asks a person for something, which cannot be done for many at once.
                if (await reconnect.RequestAsync(transaction, principal, account, onlyPaused: action is BulkAction.Resume, cancellationToken) is null)
                    throw new IntegrationException(ErrorCodes.TelegramSessionExpired);
                break;
            case BulkAction.Disconnect:
                await disconnect.RequestAsync(transaction, principal, account, cancellationToken);
                break;
            case BulkAction.Change:
                await change.ApplyAsync(transaction, principal, account, flags, cancellationToken);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "Not an action.");
        }
    }
}
