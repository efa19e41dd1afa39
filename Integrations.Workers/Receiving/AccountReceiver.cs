using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Accounts;
using Integrations.Workers.Sending;

namespace Integrations.Workers.Receiving;

/// <summary>Stores what one account receives: in order, each batch before Telegram may forget it.</summary>
/// <param name="filesWait">Called when a file waits to be fetched.</param>
internal sealed class AccountReceiver(OwnedAccount account, ITelegramClient client, InFlight inFlight, AccountTools tools, Action filesWait)
{
    /// <summary>Batches that have come together are stored together, up to this many messages.</summary>
    private const int MessagesPerCommit = 500;

    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What to store; replaced at a reconciliation.</summary>
    public volatile AcceptedChats Accepts = new(true, true, false);

    /// <summary>Completes once what happened before the connection is stored.</summary>
    public Task CaughtUp => _caughtUp.Task;

    public async Task RunAsync(CancellationToken ct)
    {
        List<UpdateBatch> batches = [];
        while (await client.Batches.WaitToReadAsync(ct))
        {
            batches.Clear();
            var messages = 0;
            while (messages < MessagesPerCommit && client.Batches.TryRead(out var batch))
            {
                batches.Add(batch);
                messages += batch.Messages.Count + batch.Edited.Count;
            }

            await StoreAsync(batches, ct);
            foreach (var batch in batches)
                batch.Confirm();

            if (batches.Exists(batch => batch.CaughtUp))
                _caughtUp.TrySetResult();
        }

        throw new TelegramUnavailableException("The client was closed.");
    }

    private async Task StoreAsync(IReadOnlyList<UpdateBatch> batches, CancellationToken ct)
    {
        List<Outcome> outcomes = [];
        List<SentText> unmatched = [];
        HashSet<(PeerKey Peer, int MessageId)> own = [];
        foreach (var sent in batches.SelectMany(batch => batch.Sent))
        {
            if (inFlight.Match(sent.RandomId) is not var (message, peer))
            {
                unmatched.Add(sent);
                continue;
            }

            outcomes.Add(Outcome.Delivered(message, sent.MessageId, sent.Date));
            own.Add((peer, sent.MessageId));
        }

        var received = new ReceivedSet(
            // The own message inside its call's result is the accepted row itself, not another one.
            [.. batches.SelectMany(batch => batch.Messages).Where(message => !message.Outgoing || !own.Contains((message.Peer, message.MessageId)))],
            unmatched,
            [.. batches.SelectMany(batch => batch.Peers)],
            [.. batches.SelectMany(batch => batch.ClosedChannels)])
        {
            Edited = [.. batches.SelectMany(batch => batch.Edited)],
            Deleted = [.. batches.SelectMany(batch => batch.Deleted)],
        };
        var set = new OutcomeSet(
            account.Id,
            outcomes,
            batches.LastOrDefault(batch => batch.Position is not null)?.Position,
            [.. batches.SelectMany(batch => batch.Channels)]);

        if (received.IsEmpty)
        {
            // Nothing but outcomes and positions: shares a transaction with the other accounts of the host.
            if (set.Outcomes.Count > 0 || set.Position is not null || set.Channels.Count > 0)
                await tools.Outcomes.WriteAsync(account.Claim, set, ct);
        }
        else
        {
            if (await tools.Received.StoreAsync(account, received, set, Accepts, ct))
                filesWait();
            tools.Outcomes.Settled(account.Claim, outcomes);
        }

        inFlight.Settle(outcomes.Select(outcome => outcome.Message.RandomId));
    }
}
