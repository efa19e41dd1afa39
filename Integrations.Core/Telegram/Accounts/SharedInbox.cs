using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Accounts;

/// <summary>An account or a bot in whose dialogs somebody takes part.</summary>
/// <param name="Id">The account's or the bot's.</param>
/// <param name="UserId">Whose account it is; of a bot, who connected it.</param>
/// <param name="Phone">In E.164; bots have none.</param>
/// <param name="Status">The word for how the connection stands.</param>
/// <param name="Project">The project whose members share it; null where an account is its user's alone, and a bot the administrators'.</param>
/// <param name="MaySend">Whether he may write from here.</param>
public sealed record Inbox(
    Guid Id, DialogSource Source, int UserId, string? Name, string? Username, string? Phone, string Status, World World, Project? Project, bool MaySend);

/// <summary>What members of a project may do with its accounts.</summary>
internal static class SharedInbox
{
    /// <exception cref="IntegrationException">PROJECT_MIRRORED: the members answer in the working group, where everybody sees what was said.</exception>
    public static void RequireAnswers(Principal principal, int accountUser, bool mirroring)
    {
        if (!MayAnswer(principal, accountUser, mirroring))
            throw new IntegrationException(ErrorCodes.ProjectMirrored);
    }

    public static bool MayAnswer(Principal principal, int accountUser, bool mirroring) => !mirroring || accountUser == principal.UserId;
}

/// <summary>The accounts and, after them, the bots whose dialogs the caller may read, the oldest first.</summary>
public sealed class ListInboxes(TenantDatabase database)
{
    /// <summary>Accounts, and bots, in one answer.</summary>
    private const int Limit = 1000;

    public Task<IReadOnlyList<Inbox>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync<IReadOnlyList<Inbox>>(
            principal.Tenant,
            async transaction =>
            {
                // Until somebody has logged in there is nothing to read.
                var rows = await ReachableAccounts.Of(transaction, principal, AccountReach.Talk).AsNoTracking()
                    .Where(account => account.TelegramUserId != null)
                    .OrderBy(account => account.CreatedAt).ThenBy(account => account.Id).Take(Limit)
                    .Select(account => new { Account = account, Project = transaction.Db.Projects.FirstOrDefault(project => project.Id == account.ProjectId) })
                    .ToListAsync(cancellationToken);
                var bots = await ReachableBots.Talking(transaction, principal).AsNoTracking()
                    .Where(bot => bot.DeletedAt == null)
                    .OrderBy(bot => bot.CreatedAt).ThenBy(bot => bot.Id).Take(Limit)
                    .Join(transaction.Db.TelegramBots, integration => integration.Id, bot => bot.Id, (integration, bot) => new
                    {
                        Integration = integration,
                        Bot = bot,
                        Project = transaction.Db.Projects.FirstOrDefault(project => project.Id == integration.ProjectId),
                    })
                    .ToListAsync(cancellationToken);
                var writes = principal.Role >= Role.Operator;
                return
                [
                    .. rows.Select(row => new Inbox(
                        row.Account.Id, DialogSource.PersonalTelegram, row.Account.UserId, row.Account.DisplayName, row.Account.Username, row.Account.Phone,
                        row.Account.StatusWord, row.Account.World, row.Project,
                        writes && SharedInbox.MayAnswer(principal, row.Account.UserId, row.Project is { Mirroring: true }))),
                    .. bots.Select(row => new Inbox(
                        row.Bot.Id, DialogSource.TelegramBot, row.Integration.UserId, row.Bot.DisplayName, row.Bot.Username, null,
                        Words.Of(row.Integration.Status), row.Bot.World, row.Project, writes)),
                ];
            },
            cancellationToken);
    }
}
