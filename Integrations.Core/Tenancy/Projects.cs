using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.WorkingGroups;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Tenancy;

/// <summary>The tenant's projects, by name.</summary>
public sealed class ListProjects(TenantDatabase database)
{
    /// <summary>Projects in one answer.</summary>
    private const int Limit = 1000;

    public Task<List<ProjectOverview>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction => await ProjectCounts.OfAsync(
                transaction,
                await transaction.Db.Projects.AsNoTracking().OrderBy(project => project.Name).Take(Limit).ToListAsync(cancellationToken),
                cancellationToken),
            cancellationToken);
    }
}

/// <summary>Opens a project.</summary>
public sealed class OpenProject(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">CONFLICT when the tenant has a project of this name; PROJECT_NOT_READY for one that is to mirror from the first moment: it has nothing to mirror into.</exception>
    public Task<Project> ExecuteAsync(Principal principal, string name, bool mirroring, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        if (mirroring)
            GroupReadiness.Refuse(name, [GroupLacks.ManagingBot, GroupLacks.WorkingGroup]);
        return ProjectNames.UniqueAsync(() => database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var project = Project.Open(transaction.Tenant, Guid.CreateVersion7(time.GetUtcNow()), name, mirroring: false);
                transaction.Db.Add(project);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ProjectEvents.ToldAsync(transaction, principal, project.Id, "project.open", null, time, cancellationToken);
                return project;
            },
            cancellationToken));
    }
}

/// <summary>Renames a project, or switches its mirroring.</summary>
public sealed class ChangeProject(TenantDatabase database, TimeProvider time)
{
    /// <param name="name">Null leaves it as it is.</param>
    /// <param name="mirroring">Null leaves it as it is.</param>
    /// <exception cref="IntegrationException">NOT_FOUND; CONFLICT when the tenant has another project of this name; PROJECT_NOT_READY while something is missing that mirroring needs.</exception>
    public Task<ProjectOverview> ExecuteAsync(Principal principal, Guid id, string? name, bool? mirroring, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return ProjectNames.UniqueAsync(() => database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var project = await ProjectRows.LockAsync(transaction, id, cancellationToken);
                await GroupReadiness.RequireAsync(transaction, project, mirroring is true && !project.Mirroring, cancellationToken);
                if (mirroring is false && project.Mirroring)
                    await ForgetWaitingAsync(transaction, id, cancellationToken);
                project.Change(name, mirroring);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ProjectEvents.ToldAsync(transaction, principal, id, "project.change", null, time, cancellationToken);
                return (await ProjectCounts.OfAsync(transaction, [project], cancellationToken)).Single();
            },
            cancellationToken));
    }

    /// <summary>What was to be told in the working group is not told when mirroring comes back.</summary>
    private static async Task ForgetWaitingAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("delete from mirror_items where project_id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>Deletes a project that has no accounts and no bots. Its members lose nothing but it.</summary>
public sealed class DeleteProject(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; PROJECT_NOT_EMPTY.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // Held until the end: an account that is to be moved here meanwhile finds the project gone.
                var project = await ProjectRows.LockAsync(transaction, id, cancellationToken);
                var accounts = transaction.Db.TelegramAccounts.Where(account => account.ProjectId == id);
                if (await accounts.AnyAsync(account => account.DeletedAt == null && (account.TelegramUserId != null || account.Status == AccountStatus.Pending), cancellationToken))
                    throw new IntegrationException(ErrorCodes.ProjectNotEmpty);

                var integrations = transaction.Db.Integrations.Where(integration => integration.ProjectId == id);
                if (await integrations.AnyAsync(integration => integration.DeletedAt == null, cancellationToken))
                    throw new IntegrationException(ErrorCodes.ProjectNotEmpty, "The project has bots. Move them to another project or take them out, then delete it.");

                await integrations.ExecuteUpdateAsync(integration => integration.SetProperty(row => row.ProjectId, (Guid?)null), cancellationToken);
                // What is left are deleted accounts and logins that came to nothing; they need no project.
                await accounts.ExecuteUpdateAsync(account => account.SetProperty(row => row.ProjectId, (Guid?)null), cancellationToken);
                transaction.Db.Remove(project);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ProjectEvents.ToldAsync(transaction, principal, id, "project.delete", null, time, cancellationToken, deleted: true);
            },
            cancellationToken);
    }
}

internal static class ProjectRows
{
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static async Task<Project> LockAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken) =>
        await transaction.Db.Projects.FromSql($"select * from projects where id = {id} for update").SingleOrDefaultAsync(cancellationToken)
        ?? throw new IntegrationException(ErrorCodes.NotFound);
}

internal static class ProjectNames
{
    /// <exception cref="IntegrationException">CONFLICT when the tenant has a project of this name.</exception>
    public static async Task<T> UniqueAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(ErrorCodes.Conflict, "There is a project of this name already.", inner: e);
        }
    }
}

/// <summary>What a change of a project leaves behind in its transaction: an event for everybody in the tenant, and a line of the log.</summary>
internal static class ProjectEvents
{
    public static async Task ToldAsync(
        TenantTransaction transaction, Principal principal, Guid id, string action, int? memberId, TimeProvider time, CancellationToken cancellationToken, bool deleted = false)
    {
        await transaction.PublishAsync(new EventDraft(EventTypes.ProjectUpdated, UserId: null, null, new { Id = id, Deleted = deleted }), cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", action, LogStatus.Success) { Details = new { Id = id, UserId = memberId } },
            cancellationToken);
    }
}
