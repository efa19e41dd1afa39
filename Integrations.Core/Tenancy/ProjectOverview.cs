using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.WorkingGroups;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Tenancy;

/// <summary>A project with what it holds.</summary>
/// <param name="Accounts">How many accounts by the word of their status; states without an account are left out.</param>
/// <param name="Bots">The same of bots.</param>
/// <param name="Missing">What its mirroring lacks; nothing while it does not mirror.</param>
/// <param name="ManagingBots">The names of the bots that fill its working group.</param>
public sealed record ProjectOverview(
    Project Project,
    int Members,
    IReadOnlyDictionary<string, int> Accounts,
    IReadOnlyDictionary<string, int> Bots,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> ManagingBots);

/// <summary>Counts what projects hold, in a few queries for however many there are.</summary>
internal static class ProjectCounts
{
    public static async Task<List<ProjectOverview>> OfAsync(TenantTransaction transaction, IReadOnlyCollection<Project> projects, CancellationToken cancellationToken)
    {
        var ids = projects.Select(project => project.Id).ToArray();
        var accounts = await transaction.Db.TelegramAccounts.AsNoTracking()
            .Where(account => account.DeletedAt == null && account.ProjectId != null && ids.Contains(account.ProjectId.Value))
            // A first login that came to nothing is no account.
            .Where(account => account.TelegramUserId != null || account.Status == AccountStatus.Pending)
            .GroupBy(account => new { account.ProjectId, account.Status })
            .Select(group => new { group.Key.ProjectId, group.Key.Status, Count = group.Count() })
            .ToListAsync(cancellationToken);
        var bots = (await transaction.Db.Integrations.AsNoTracking()
            .Where(bot => bot.DeletedAt == null && bot.IntegrationType == IntegrationType.TelegramBot && bot.ProjectId != null && ids.Contains(bot.ProjectId.Value))
            .GroupBy(bot => new { bot.ProjectId, bot.Status })
            .Select(group => new { group.Key.ProjectId, group.Key.Status, Count = group.Count() })
            .ToListAsync(cancellationToken)).ToLookup(group => group.ProjectId!.Value);
        var byProject = accounts.ToLookup(group => group.ProjectId!.Value);
        var members = await MembersAsync(transaction, ids, cancellationToken);
        var mirroring = projects.Where(project => project.Mirroring).Select(project => project.Id).ToArray();
        var missing = mirroring.Length == 0 ? [] : await GroupReadiness.MissingAsync(transaction, mirroring, cancellationToken);
        var managing = await ManagingBotsAsync(transaction, ids, cancellationToken);
        return
        [
            .. projects.Select(project => new ProjectOverview(
                project,
                members.GetValueOrDefault(project.Id),
                byProject[project.Id].ToDictionary(group => Words.Of(group.Status), group => group.Count, StringComparer.Ordinal),
                bots[project.Id].ToDictionary(group => Words.Of(group.Status), group => group.Count, StringComparer.Ordinal),
                missing.GetValueOrDefault(project.Id, []),
                managing.GetValueOrDefault(project.Id, []))),
        ];
    }

    private static async Task<Dictionary<Guid, string[]>> ManagingBotsAsync(TenantTransaction transaction, Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            select w.project_id, array_agg(coalesce('@' || b.username, b.display_name, b.telegram_user_id::text) order by w.created_at, w.bot_id)
              from working_group_bots w join telegram_bots b on b.id = w.bot_id and b.deleted_at is null
             where w.project_id = any ($1) group by w.project_id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        var bots = new Dictionary<Guid, string[]>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            bots.Add(reader.GetGuid(0), reader.GetFieldValue<string[]>(1));
        return bots;
    }

    private static async Task<Dictionary<Guid, int>> MembersAsync(TenantTransaction transaction, Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("select project_id, count(*)::integer from project_members where project_id = any ($1) group by project_id");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        var members = new Dictionary<Guid, int>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            members.Add(reader.GetGuid(0), reader.GetInt32(1));
        return members;
    }
}

/// <summary>One project of the tenant.</summary>
public sealed class FindProject(TenantDatabase database)
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task<ProjectOverview> ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var project = await transaction.Db.Projects.AsNoTracking().SingleOrDefaultAsync(project => project.Id == id, cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                return (await ProjectCounts.OfAsync(transaction, [project], cancellationToken)).Single();
            },
            cancellationToken);
    }
}
