using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Tenancy;

/// <summary>The tenant's projects, by name.</summary>
public sealed class ListProjects(TenantDatabase database)
{
    /// <summary>Projects in one answer.</summary>
    private const int Limit = 1000;

    public Task<List<Project>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            transaction => transaction.Db.Projects.AsNoTracking().OrderBy(project => project.Name).Take(Limit).ToListAsync(cancellationToken),
            cancellationToken);
    }
}

/// <summary>Opens a project.</summary>
public sealed class OpenProject(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">CONFLICT when the tenant has a project of this name.</exception>
    public async Task<Project> ExecuteAsync(Principal principal, string name, bool mirroring, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var now = time.GetUtcNow();
        try
        {
            return await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    var project = Project.Open(transaction.Tenant, Guid.CreateVersion7(now), name, mirroring);
                    transaction.Db.Add(project);
                    await transaction.Db.SaveChangesAsync(cancellationToken);
                    await IntegrationLog.WriteAsync(
                        transaction,
                        new LogEntry(Guid.CreateVersion7(now), principal.UserId, "telegram", "project.open", LogStatus.Success) { Details = new { project.Id } },
                        cancellationToken);
                    return project;
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(ErrorCodes.Conflict, "There is a project of this name already.", inner: e);
        }
    }
}
