using Integrations.Core.Telegram.Clients;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;

namespace Integrations.Workers.Sending;

/// <summary>Finds the id of a message that Telegram took at an earlier try whose answer was lost.</summary>
internal sealed class SentEarlier(TenantDatabase database)
{
    /// <summary>Clocks differ, and the earlier try came some time after the acceptance.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(5);

    /// <summary>The account's oldest message in the place that has the text and is nobody else's; null when none is found.</summary>
    /// <remarks>Order within a dialog is kept, so the oldest that is still free is the one.</remarks>
    public async Task<SentText?> FindAsync(
        OwnedAccount account, ITelegramClient client, ClaimedMessage message, Guid dialog, PeerAddress peer, CancellationToken ct)
    {
        var own = await client.OwnMessagesAsync(peer, message.AcceptedAt - ClockSlack, ct);
        var candidates = own.Where(candidate => candidate.Text == message.Text).OrderBy(candidate => candidate.MessageId).ToArray();
        if (candidates.Length == 0)
            return null;

        var taken = await database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    select telegram_message_id from messages
                     where dialog_id = $1 and telegram_message_id = any ($2) and random_id is not null and id <> $3
                    """).With(dialog).With(Array.ConvertAll(candidates, candidate => candidate.MessageId)).With(message.Id);
                HashSet<int> ids = [];
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                    ids.Add(reader.GetInt32(0));

                return ids;
            },
            ct);
        return candidates.FirstOrDefault(candidate => !taken.Contains(candidate.MessageId)) is { } found
            ? new SentText(message.RandomId, found.MessageId, found.Date)
            : null;
    }
}
