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

    /// <summary>For each message the account's oldest one in the place that has its text and is nobody else's; null where none is found.</summary>
    /// <remarks>Order within a dialog is kept, so the oldest that is still free is the one.</remarks>
    public async Task<IReadOnlyList<SentText?>> FindAsync(
        OwnedAccount account, ITelegramClient client, IReadOnlyList<ClaimedMessage> messages, Guid dialog, PeerAddress peer, CancellationToken ct)
    {
        var own = await client.OwnMessagesAsync(peer, messages[0].AcceptedAt - ClockSlack, ct);
        var texts = messages.Select(message => message.Text).ToHashSet(StringComparer.Ordinal);
        var candidates = own.Where(candidate => texts.Contains(candidate.Text)).OrderBy(candidate => candidate.MessageId).ToArray();
        if (candidates.Length == 0)
            return [.. messages.Select(_ => (SentText?)null)];

        var taken = await database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    select telegram_message_id from messages
                     where dialog_id = $1 and telegram_message_id = any ($2) and random_id is not null and id <> all ($3)
                    """).With(dialog).With(Array.ConvertAll(candidates, candidate => candidate.MessageId)).With(messages.Select(message => message.Id).ToArray());
                HashSet<int> ids = [];
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                    ids.Add(reader.GetInt32(0));

                return ids;
            },
            ct);
        return [.. messages.Select(message =>
        {
            // Taken by the first that asks: what goes together has often the same text, or none.
            if (candidates.FirstOrDefault(candidate => candidate.Text == message.Text && taken.Add(candidate.MessageId)) is not { } found)
                return null;
            return new SentText(message.RandomId, found.MessageId, found.Date);
        })];
    }
}
