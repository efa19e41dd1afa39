using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Tenancy;
using Integrations.Workers.Bots;
using Integrations.Workers.Postgres;

namespace Integrations.Workers.Channels;

/// <summary>What updates of bots tell about channels and groups: where a bot was added or put out, what it may do there, and which group became another.</summary>
internal static class BotChannelNews
{
    public static async Task StoreAsync(
        TenantTransaction transaction, (Guid Bot, Membership Membership)[] memberships, (Guid Bot, Moved Moved)[] moves, DateTimeOffset now, CancellationToken ct)
    {
        // Of several about one chat the last one holds; always in this order, so that two writers never wait for each other.
        foreach (var (bot, membership) in memberships.Where(row => row.Membership.Channel is not null)
            .GroupBy(row => (row.Bot, row.Membership.Chat)).Select(group => group.Last()).OrderBy(row => row.Bot).ThenBy(row => row.Membership.Channel!.ChannelId))
        {
            var sight = membership.Channel!;
            if (membership.Out)
                await ForgetAsync(transaction, bot, sight.ChannelId, ct);
            else
                await FoundStatements.SaveAsync(transaction, null, bot, [sight], now, ct);
            await TellAsync(transaction, bot, membership.Out, sight, now, ct);
        }

        foreach (var (bot, moved) in moves.OrderBy(row => row.Bot).ThenBy(row => row.Moved.Chat.Id))
            await MoveAsync(transaction, bot, moved, ct);
    }

    private static async Task ForgetAsync(TenantTransaction transaction, Guid bot, long channelId, CancellationToken ct)
    {
        await using var command = transaction.Command("delete from telegram_found_channels where bot_id = $1 and channel_id = $2").With(bot).With(channelId);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task TellAsync(TenantTransaction transaction, Guid bot, bool isOut, ChannelSight sight, DateTimeOffset now, CancellationToken ct)
    {
        Guid id;
        int members;
        await using (var command = transaction.Command("select id, members_count from telegram_channels where bot_id = $1 and channel_id = $2 and deleted_at is null")
            .With(bot).With(sight.ChannelId))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
                return;
            (id, members) = (reader.GetGuid(0), reader.GetInt32(1));
        }

        // At once what is known; the next look, which is due now, counts the members.
        await ChannelSights.StoreAsync(transaction, id, isOut ? null : sight with { MembersCount = members }, now, now, ct);
    }

    /// <summary>The connection follows; should the new one be connected already, that one stays and the old one goes.</summary>
    private static async Task MoveAsync(TenantTransaction transaction, Guid bot, Moved moved, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            update telegram_channels c
               set channel_id = case when o.id is null then $3 else c.channel_id end, type = 'supergroup', check_at = clock_timestamp(),
                   deleted_at = case when o.id is not null then clock_timestamp() end
              from (select 1) one left join telegram_channels o on o.bot_id = $1 and o.channel_id = $3 and o.deleted_at is null
             where c.bot_id = $1 and c.channel_id = $2 and c.deleted_at is null
            """).With(bot).With(BotChat.IdOf(moved.Chat)).With(BotChat.IdOf(moved.To));
        await command.ExecuteNonQueryAsync(ct);
        await ForgetAsync(transaction, bot, BotChat.IdOf(moved.Chat), ct);
    }
}
