using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Messages;

/// <summary>Some messages, the newest first.</summary>
/// <param name="NextBefore">Where to go on; null at the end. A search may find nothing in what it has looked through and still have a next page.</param>
public sealed record MessageList(IReadOnlyList<Message> Items, Guid? NextBefore);

/// <summary>The messages of a dialog, an account or a bot, the newest first.</summary>
public sealed class ListMessages(TenantDatabase database)
{
    /// <summary>How many messages one request searches through: a bound on its time, whatever the history holds.</summary>
    public const int SearchWindow = 10_000;

    /// <param name="before">A message's id: only what came before it. It is how the next page is asked for.</param>
    /// <param name="text">Only messages that hold it, in any case of letters, among the next <see cref="SearchWindow"/>; null for all.</param>
    /// <exception cref="IntegrationException">NOT_FOUND when the dialog, the account, the bot or the message to go on from is out of reach.</exception>
    public Task<MessageList> ExecuteAsync(
        Principal principal, Guid? dialogId, Guid? accountId, Guid? botId, Guid? before, string? text, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (accountId is not null && !await ReachableAccounts.Talking(transaction, principal).AnyAsync(account => account.Id == accountId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);
                if (botId is not null && !await ReachableBots.Talking(transaction, principal).AnyAsync(bot => bot.Id == botId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);
                if (dialogId is not null && !await ListDialogs.Of(transaction, principal).AnyAsync(dialog => dialog.Id == dialogId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);

                var messages = FindMessage.Of(transaction, principal);
                if (dialogId is not null)
                    messages = messages.Where(message => message.DialogId == dialogId);
                if (accountId is not null)
                    messages = messages.Where(message => message.AccountId == accountId);
                if (botId is not null)
                    messages = messages.Where(message => message.BotId == botId);
                if (before is not null)
                {
                    var seq = await messages.Where(message => message.Id == before).Select(message => (long?)message.Seq).SingleOrDefaultAsync(cancellationToken)
                        ?? throw new IntegrationException(ErrorCodes.NotFound);
                    messages = messages.Where(message => message.Seq < seq);
                }

                messages = messages.OrderByDescending(message => message.Seq);
                return text is null ? await PageAsync(messages, limit, cancellationToken) : await SearchAsync(messages, text, limit, cancellationToken);
            },
            cancellationToken);
    }

    private static async Task<MessageList> PageAsync(IQueryable<Message> messages, int limit, CancellationToken cancellationToken)
    {
        var page = await messages.Take(limit).ToListAsync(cancellationToken);
        return new(page, page.Count == limit ? page[^1].Id : null);
    }

    private static async Task<MessageList> SearchAsync(IQueryable<Message> messages, string text, int limit, CancellationToken cancellationToken)
    {
        var pattern = LikePattern.Containing(text);
        var found = await messages.Take(SearchWindow)
            .Where(message => EF.Functions.ILike(message.Text, pattern, LikePattern.Escape))
            .OrderByDescending(message => message.Seq).Take(limit).ToListAsync(cancellationToken);
        if (found.Count == limit)
            return new(found, found[^1].Id);

        var end = await messages.Skip(SearchWindow - 1).Select(message => (Guid?)message.Id).FirstOrDefaultAsync(cancellationToken);
        return new(found, end);
    }
}
