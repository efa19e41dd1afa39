using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Channels;

/// <summary>Writes down what Telegram shows of a connected channel, and tells what has changed. In the caller's transaction, which carries the epoch.</summary>
public static class ChannelSights
{
    /// <param name="sight">Null where nothing can be seen of it any more.</param>
    public static async Task StoreAsync(TenantTransaction transaction, Guid id, ChannelSight? sight, DateTimeOffset now, DateTimeOffset checkAt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        // Somebody may have deleted it meanwhile.
        var channel = await transaction.Db.TelegramChannels.FromSql($"select * from telegram_channels where id = {id} and deleted_at is null for update").SingleOrDefaultAsync(cancellationToken);
        if (channel is null)
            return;

        var before = State(channel);
        if (sight is null)
            channel.Lose("Telegram shows it to the account or the bot no more: it was removed, or the channel is gone.", now, checkAt);
        else
            channel.See(sight, now, checkAt);
        await transaction.Db.SaveChangesAsync(cancellationToken);
        var after = State(channel);
        if (before == after)
            return;

        await ChannelEvents.ChangedAsync(transaction, channel, cancellationToken);
        if (channel.ErrorCode is not null && channel.ErrorCode != before.ErrorCode)
            await ChannelEvents.LoggedAsync(transaction, channel, channel.UserId, "channel.check", LogStatus.Error, now, cancellationToken);
    }

    private static (string Title, ChannelType Type, string? Username, int Members, bool IsActive, bool CanPost, string Rights, string? ErrorCode, long ChannelId) State(TelegramChannel channel) =>
        (channel.Title, channel.Type, channel.Username, channel.MembersCount, channel.IsActive, channel.CanPost, channel.KnownRights.AsJson(), channel.ErrorCode, channel.ChannelId);
}
