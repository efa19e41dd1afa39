using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Channels;

/// <summary>A channel, who writes there, and what was last said there.</summary>
/// <param name="SenderName">What the account or the bot is called.</param>
/// <param name="SenderIsConnected">Whether the account or the bot works, so that something can be posted.</param>
/// <param name="World">Which Telegram it is in.</param>
/// <param name="DialogId">Where its posts stand; null while there are none, and for who may not read them.</param>
public sealed record ChannelView(TelegramChannel Channel, string? SenderName, bool SenderIsConnected, World World, Guid? DialogId, DateTimeOffset? LastPostAt);

/// <summary>The channels within the caller's reach, the oldest first.</summary>
public sealed class ListChannels(TenantDatabase database)
{
    /// <summary>Channels in one answer: a bound, far above what a tenant has.</summary>
    private const int Limit = 5000;

    public Task<List<ChannelView>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            transaction => ViewsAsync(transaction, principal, ChannelRows.Of(transaction, principal).OrderBy(channel => channel.CreatedAt).ThenBy(channel => channel.Id).Take(Limit), cancellationToken),
            cancellationToken);
    }

    internal static async Task<List<ChannelView>> ViewsAsync(
        TenantTransaction transaction, Principal principal, IQueryable<TelegramChannel> channels, CancellationToken cancellationToken)
    {
        var rows = await channels.AsNoTracking().ToListAsync(cancellationToken);
        var accounts = rows.Select(row => row.AccountId).OfType<Guid>().Distinct().ToArray();
        var bots = rows.Select(row => row.BotId).OfType<Guid>().Distinct().ToArray();
        var senders = await transaction.Db.TelegramAccounts.Where(account => accounts.Contains(account.Id))
            .Select(account => new
            {
                account.Id,
                Name = account.DisplayName ?? account.Username ?? account.Phone,
                IsConnected = account.Status == AccountStatus.Active && account.Goal == AccountGoal.Connected && account.DeletedAt == null,
                account.World,
            })
            .Concat(
                from bot in transaction.Db.TelegramBots
                join integration in transaction.Db.Integrations on bot.Id equals integration.Id
                where bots.Contains(bot.Id)
                select new
                {
                    bot.Id,
                    Name = bot.DisplayName ?? bot.Username,
                    IsConnected = bot.IsActive && bot.DeletedAt == null && integration.Status == IntegrationStatus.Active,
                    bot.World,
                })
            .ToDictionaryAsync(row => row.Id, cancellationToken);
        var peers = rows.Select(row => BotChat.PeerOf(row.ChannelId).Id).Distinct().ToArray();
        var dialogs = (await ListDialogs.Of(transaction, principal)
            .Where(dialog => dialog.PeerKind != PeerKind.User && dialog.PeerId != null && peers.Contains(dialog.PeerId.Value)
                && ((dialog.PersonalAccountId != null && accounts.Contains(dialog.PersonalAccountId.Value)) || (dialog.BotId != null && bots.Contains(dialog.BotId.Value))))
            .Select(dialog => new { dialog.Id, dialog.PersonalAccountId, dialog.BotId, dialog.PeerKind, dialog.PeerId, dialog.LastMessageAt })
            .ToListAsync(cancellationToken))
            .ToDictionary(dialog => (dialog.PersonalAccountId ?? dialog.BotId, BotChat.IdOf(new(dialog.PeerKind!.Value, dialog.PeerId!.Value))));
        return
        [
            .. rows.Select(row =>
            {
                var id = row.AccountId ?? row.BotId;
                var (sender, dialog) = (senders.GetValueOrDefault(id!.Value), dialogs.GetValueOrDefault((id, row.ChannelId)));
                return new ChannelView(row, sender?.Name, sender is { IsConnected: true }, sender?.World ?? World.Telegram, dialog?.Id, dialog?.LastMessageAt);
            }),
        ];
    }
}

/// <summary>One channel.</summary>
public sealed class FindChannel(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<ChannelView> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(principal.Tenant, transaction => ViewAsync(transaction, principal, id, cancellationToken), cancellationToken);
    }

    internal static async Task<ChannelView> ViewAsync(TenantTransaction transaction, Principal principal, Guid id, CancellationToken cancellationToken) =>
        (await ListChannels.ViewsAsync(transaction, principal, ChannelRows.Of(transaction, principal).Where(channel => channel.Id == id), cancellationToken)).SingleOrDefault()
        ?? throw new IntegrationException(ErrorCodes.NotFound);
}

/// <summary>The channels and groups that can be picked: an account's dialogs, asked for anew, or the chats that a bot was added to.</summary>
public sealed class FindChannels(TenantDatabase database, ChannelLooks looks)
{
    private const int Limit = 1000;

    /// <remarks>Where Telegram gives no answer in time, what was found last is told.</remarks>
    /// <exception cref="IntegrationException">NOT_FOUND; ACCOUNT_NOT_ACTIVE; TG_API_429; SERVICE_UNAVAILABLE.</exception>
    public async Task<List<FoundChannel>> ExecuteAsync(Principal principal, Guid? accountId, Guid? botId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        if (accountId is { } account)
            await RefreshAsync(principal, account, cancellationToken);

        return await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (botId is { } bot)
                    await BotRows.FindAsync(transaction, bot, cancellationToken);
                return await transaction.Db.FoundChannels.AsNoTracking()
                    .Where(found => found.AccountId == accountId && found.BotId == botId)
                    .OrderByDescending(found => found.CanPost).ThenBy(found => found.Title).ThenBy(found => found.Id).Take(Limit)
                    .ToListAsync(cancellationToken);
            },
            cancellationToken);
    }

    private async Task RefreshAsync(Principal principal, Guid account, CancellationToken cancellationToken)
    {
        try
        {
            await looks.ListAsync(principal, account, cancellationToken);
        }
        catch (IntegrationException e) when (e.Code == ErrorCodes.TelegramUnavailable)
        {
            // What is known is better than nothing, and a channel can be named by hand.
        }
    }
}

/// <summary>What to change; null leaves a thing as it is.</summary>
/// <param name="Settings">JSON of the customer's own, an object.</param>
public sealed record ChannelChange(bool? IsActive, string? Settings);

/// <summary>Switches a channel off or on, or changes its settings.</summary>
public sealed class ChangeChannel(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<ChannelView> ExecuteAsync(Principal principal, Guid id, ChannelChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(change);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var channel = await ChannelRows.LockAsync(transaction, principal, id, cancellationToken);
                var now = time.GetUtcNow();
                if (change.IsActive is { } on)
                {
                    channel.Switch(on, now);
                    // Whoever switches it on wants to know at once whether it works.
                    transaction.AfterCommit(Ring.Channels(await ChannelRows.ShardAsync(transaction, channel, cancellationToken)));
                }

                if (change.Settings is { } settings)
                    channel.Configure(settings);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ChannelEvents.ChangedAsync(transaction, channel, cancellationToken);
                await ChannelEvents.LoggedAsync(transaction, channel, principal.UserId, "channel.change", LogStatus.Success, now, cancellationToken);
                return await FindChannel.ViewAsync(transaction, principal, id, cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>Has Telegram asked anew what the account or the bot may do in a channel.</summary>
public sealed class CheckChannel(TenantDatabase database, FindChannel find, OutcomeWatch watch, ChannelOptions options, TimeProvider time)
{
    /// <returns>The channel as it was found; as it was known before where no answer came in time.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND; ACCOUNT_NOT_ACTIVE; BOT_NOT_ACTIVE.</exception>
    public async Task<ChannelView> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var before = await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var channel = await ChannelRows.LockAsync(transaction, principal, id, cancellationToken);
                await RequireSenderAsync(transaction, channel, cancellationToken);
                channel.CheckNow(time.GetUtcNow());
                transaction.AfterCommit(Ring.Channels(await ChannelRows.ShardAsync(transaction, channel, cancellationToken)));
                return channel.CheckedAt;
            },
            cancellationToken);
        return await watch.UntilAsync(token => find.ExecuteAsync(principal, id, token), view => view.Channel.CheckedAt != before, options.AnswerPatience, cancellationToken);
    }

    private static async Task RequireSenderAsync(TenantTransaction transaction, TelegramChannel channel, CancellationToken cancellationToken)
    {
        if (channel.AccountId is { } account
            && !await transaction.Db.TelegramAccounts.AnyAsync(row => row.Id == account && row.Status == AccountStatus.Active && row.Goal == AccountGoal.Connected, cancellationToken))
        {
            throw new IntegrationException(ErrorCodes.AccountNotActive);
        }

        if (channel.BotId is { } bot
            && !await transaction.Db.Integrations.AnyAsync(row => row.Id == bot && row.Status == IntegrationStatus.Active && row.DeletedAt == null, cancellationToken))
        {
            throw new IntegrationException(ErrorCodes.BotNotActive);
        }
    }
}

/// <summary>Takes a channel out of the list. In Telegram nothing changes, and what was said stays.</summary>
public sealed class DeleteChannel(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var channel = await ChannelRows.LockAsync(transaction, principal, id, cancellationToken);
                var now = time.GetUtcNow();
                channel.Delete(now);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ChannelEvents.DeletedAsync(transaction, id, cancellationToken);
                await ChannelEvents.LoggedAsync(transaction, channel, principal.UserId, "channel.delete", LogStatus.Success, now, cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>A post, and what somebody asked last to be done with it.</summary>
public sealed record ChannelPost(Message Message, MessageChange? Change);

/// <summary>What was said in a channel, the newest first.</summary>
public sealed class ListPosts(TenantDatabase database)
{
    /// <param name="before">A message's id: only what came before it.</param>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<List<ChannelPost>> ExecuteAsync(Principal principal, Guid id, Guid? before, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var view = await FindChannel.ViewAsync(transaction, principal, id, cancellationToken);
                if (view.DialogId is not { } dialog)
                    return [];

                var messages = FindMessage.Of(transaction, principal).Where(message => message.DialogId == dialog);
                if (before is not null)
                {
                    var seq = await messages.Where(message => message.Id == before).Select(message => (long?)message.Seq).SingleOrDefaultAsync(cancellationToken)
                        ?? throw new IntegrationException(ErrorCodes.NotFound);
                    messages = messages.Where(message => message.Seq < seq);
                }

                var page = await messages.OrderByDescending(message => message.Seq).Take(limit).ToListAsync(cancellationToken);
                var ids = page.ConvertAll(message => message.Id);
                var changes = (await transaction.Db.MessageChanges.AsNoTracking()
                    .Where(change => ids.Contains(change.MessageId)
                        && !transaction.Db.MessageChanges.Any(later => later.MessageId == change.MessageId && later.Seq > change.Seq))
                    .ToListAsync(cancellationToken))
                    .ToDictionary(change => change.MessageId);
                return page.ConvertAll(message => new ChannelPost(message, changes.GetValueOrDefault(message.Id)));
            },
            cancellationToken);
    }
}
