using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Bots;

/// <summary>
/// The one rule by which somebody takes part in a bot's dialogs. A bot is the company's, not its connector's: owners and administrators
/// read all of them, others those of the projects that they are members of.
/// </summary>
internal static class ReachableBots
{
    /// <summary>The rule in SQL: the integration is <c>i</c>, the user's number <c>$2</c>, whether he manages <c>$3</c>, the tenant the transaction's.</summary>
    public const string TalkSql =
        "($3 or exists (select from project_members pm where pm.tenant_id = i.tenant_id and pm.project_id = i.project_id and pm.user_id = $2))";

    /// <summary>Deleted bots included: what was said outlives the connection.</summary>
    public static IQueryable<Integration> Talking(TenantTransaction transaction, Principal principal)
    {
        var bots = transaction.Db.Integrations.Where(integration => integration.IntegrationType == IntegrationType.TelegramBot);
        return principal.ManagesAccounts
            ? bots
            : bots.Where(bot => transaction.Db.ProjectMembers.Any(member => member.ProjectId == bot.ProjectId && member.UserId == principal.UserId));
    }
}
