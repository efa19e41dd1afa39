using Integrations.Core.Errors;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Tenancy;

/// <summary>Who works in a project. Joining and leaving may be repeated: the second time changes nothing.</summary>
public sealed class ProjectMembers(TenantDatabase database, TimeProvider time)
{
    /// <summary>The project's members, by name.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND for a project that is not there.</exception>
    public Task<List<User>> ListAsync(Principal principal, Guid projectId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                if (!await transaction.Db.Projects.AnyAsync(project => project.Id == projectId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);

                return await transaction.Db.Users
                    .FromSql($"select u.* from users u join project_members m on m.tenant_id = u.tenant_id and m.user_id = u.user_id where m.project_id = {projectId}")
                    .AsNoTracking().OrderBy(user => user.DisplayName ?? user.Email).ThenBy(user => user.UserId).ToListAsync(cancellationToken);
            },
            cancellationToken);
    }

    /// <exception cref="IntegrationException">NOT_FOUND for a project or a user who is not there.</exception>
    public Task AddAsync(Principal principal, Guid projectId, int userId, CancellationToken cancellationToken) =>
        ChangeAsync(
            principal, projectId, userId, "project.member_add",
            "insert into project_members (tenant_id, project_id, user_id) values (current_tenant(), $1, $2) on conflict do nothing", cancellationToken);

    /// <summary>Who leaves looks after none of the project's dialogs any more: they wait for somebody else.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND for a project or a user who is not there.</exception>
    public Task RemoveAsync(Principal principal, Guid projectId, int userId, CancellationToken cancellationToken) =>
        ChangeAsync(
            principal, projectId, userId, "project.member_remove",
            """
            with freed as (
                update dialogs d set assignee_id = null
                  from telegram_accounts a
                 where a.id = d.personal_account_id and a.project_id = $1 and a.user_id <> $2 and d.assignee_id = $2
            ), freed_of_bots as (
                update dialogs d set assignee_id = null
                  from integrations i, users u
                 where i.id = d.bot_id and i.project_id = $1 and d.assignee_id = $2 and u.user_id = $2 and u.role not in ('owner', 'admin')
            )
            delete from project_members where project_id = $1 and user_id = $2
            """,
            cancellationToken);

    private Task ChangeAsync(Principal principal, Guid projectId, int userId, string action, string sql, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await ProjectRows.LockAsync(transaction, projectId, cancellationToken);
                if (!await transaction.Db.Users.AnyAsync(user => user.UserId == userId, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);

                await using var command = transaction.Command(sql);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = projectId });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = userId });
                if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
                    await ProjectEvents.ToldAsync(transaction, principal, projectId, action, userId, time, cancellationToken);
            },
            cancellationToken);
    }
}
