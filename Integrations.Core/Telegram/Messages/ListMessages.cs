using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Messages;

/// <summary>Some messages of a dialog, an account or a bot, the newest first.</summary>
/// <param name="NextBefore">Where to go on; null at the end.</param>
/// <param name="NextAfter">Where what is newer goes on, where the newest was not asked for; null at that end.</param>
public sealed record MessageList(IReadOnlyList<Message> Items, Guid? NextBefore, Guid? NextAfter);

/// <summary>From where messages are read; at most one of them, none for the newest.</summary>
/// <param name="Before">A message's id: only what came before it. It is how the next page is asked for.</param>
/// <param name="After">A message's id: what came next after it.</param>
/// <param name="Around">A message's id: it, and what was said before and after it.</param>
public sealed record MessagePlace(Guid? Before, Guid? After, Guid? Around);

/// <summary>The messages of a dialog, an account or a bot, the newest first.</summary>
public sealed class ListMessages(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND when the dialog, the account, the bot or the message to go on from is out of reach.</exception>
    public Task<MessageList> ExecuteAsync(
        Principal principal, Guid? dialogId, Guid? accountId, Guid? botId, MessagePlace place, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(place);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await RequireReachAsync(transaction, principal, dialogId, accountId, botId, cancellationToken);
                var messages = FindMessage.Of(transaction, principal);
                if (dialogId is not null)
                    messages = messages.Where(message => message.DialogId == dialogId);
                if (accountId is not null)
                    messages = messages.Where(message => message.AccountId == accountId);
                if (botId is not null)
                    messages = messages.Where(message => message.BotId == botId);
                if ((place.Before ?? place.After ?? place.Around) is not { } named)
                    return await OlderAsync(messages, limit, cancellationToken);

                var seq = await messages.Where(message => message.Id == named).Select(message => (long?)message.Seq).SingleOrDefaultAsync(cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                if (place.Before is not null)
                    return await OlderAsync(messages.Where(message => message.Seq < seq), limit, cancellationToken);
                if (place.After is not null)
                {
                    var next = await NewerAsync(messages, seq, limit, cancellationToken);
                    return new(next, null, next.Count == limit ? next[0].Id : null);
                }

                var newer = await NewerAsync(messages, seq, limit / 2, cancellationToken);
                var older = await OlderAsync(messages.Where(message => message.Seq <= seq), limit - newer.Count, cancellationToken);
                return new([.. newer, .. older.Items], older.NextBefore, newer.Count > 0 && newer.Count == limit / 2 ? newer[0].Id : null);
            },
            cancellationToken);
    }

    /// <exception cref="IntegrationException">NOT_FOUND when the dialog, the account or the bot is out of reach.</exception>
    internal static async Task RequireReachAsync(
        TenantTransaction transaction, Principal principal, Guid? dialogId, Guid? accountId, Guid? botId, CancellationToken cancellationToken)
    {
        if ((accountId is not null && !await ReachableAccounts.Talking(transaction, principal).AnyAsync(account => account.Id == accountId, cancellationToken))
            || (botId is not null && !await ReachableBots.Talking(transaction, principal).AnyAsync(bot => bot.Id == botId, cancellationToken))
            || (dialogId is not null && !await ListDialogs.Of(transaction, principal).AnyAsync(dialog => dialog.Id == dialogId, cancellationToken)))
        {
            throw new IntegrationException(ErrorCodes.NotFound);
        }
    }

    private static async Task<MessageList> OlderAsync(IQueryable<Message> messages, int limit, CancellationToken cancellationToken)
    {
        var page = await messages.OrderByDescending(message => message.Seq).Take(limit).ToListAsync(cancellationToken);
        return new(page, page.Count == limit ? page[^1].Id : null, null);
    }

    private static async Task<List<Message>> NewerAsync(IQueryable<Message> messages, long seq, int limit, CancellationToken cancellationToken)
    {
        var next = await messages.Where(message => message.Seq > seq).OrderBy(message => message.Seq).Take(limit).ToListAsync(cancellationToken);
        next.Reverse();
        return next;
    }
}
