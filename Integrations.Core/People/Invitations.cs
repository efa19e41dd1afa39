using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.People;

/// <summary>An invitation that waits, and which projects its user will be in.</summary>
public sealed record OpenInvitation(Invitation Invitation, IReadOnlyList<Guid> ProjectIds);

/// <summary>The invitations that wait to be used, the newest first; lapsed ones among them, for they can be sent again.</summary>
public sealed class ListInvitations(TenantDatabase database)
{
    private const int Limit = 1000;

    public Task<List<OpenInvitation>> ExecuteAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var open = await transaction.Db.Invitations.AsNoTracking()
                    .Where(invitation => invitation.AcceptedAt == null && invitation.RevokedAt == null)
                    .OrderByDescending(invitation => invitation.CreatedAt).Take(Limit).ToListAsync(cancellationToken);
                var projects = await InvitationProjects.OfAsync(transaction, [.. open.Select(invitation => invitation.Id)], cancellationToken);
                return open.ConvertAll(invitation => new OpenInvitation(invitation, [.. projects[invitation.Id]]));
            },
            cancellationToken);
    }
}

/// <summary>Invites somebody who does not sign in here yet.</summary>
public sealed class InviteUser(TenantDatabase database, TimeProvider time)
{
    /// <summary>How long a link waits.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <exception cref="IntegrationException">
    /// ROLE_TOO_HIGH; EMAIL_TAKEN for an address that signs in already; CONFLICT for one that was invited already; NOT_FOUND for a project that is not there.
    /// </exception>
    public async Task<OpenInvitation> ExecuteAsync(
        Principal principal, string email, Role role, IReadOnlyCollection<Guid> projectIds, byte[] tokenHash, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(projectIds);
        if (role > principal.Role)
            throw new IntegrationException(ErrorCodes.RoleTooHigh);
        if (await SignsInAsync(email, cancellationToken))
            throw new IntegrationException(ErrorCodes.EmailTaken);

        var now = time.GetUtcNow();
        var projects = projectIds.Distinct().ToArray();
        try
        {
            return await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    if (await transaction.Db.Projects.CountAsync(project => projects.Contains(project.Id), cancellationToken) != projects.Length)
                        throw new IntegrationException(ErrorCodes.NotFound, "One of the projects is not there.");

                    var invitation = Invitation.Issue(
                        transaction.Tenant, Guid.CreateVersion7(now), email, role, tokenHash, principal.UserId, now + Lifetime);
                    transaction.Db.Add(invitation);
                    await transaction.Db.SaveChangesAsync(cancellationToken);
                    await InvitationProjects.AddAsync(transaction, invitation.Id, projects, cancellationToken);
                    await PeopleEvents.InvitationAsync(transaction, principal.UserId, invitation, "invitation.create", now, cancellationToken);
                    return new OpenInvitation(invitation, projects);
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(ErrorCodes.Conflict, "This address was invited already. Send that invitation again, or revoke it.", inner: e);
        }
    }

    private Task<bool> SignsInAsync(string email, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.signs_in($1)", connection, transaction)
                {
                    Parameters = { new NpgsqlParameter<string> { TypedValue = email } },
                };
                return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
            },
            cancellationToken);
}

/// <summary>Gives an open invitation another link, and seven more days; the link before is void.</summary>
public sealed class ResendInvitation(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND for one that is not open; ROLE_TOO_HIGH.</exception>
    public Task<OpenInvitation> ExecuteAsync(Principal principal, Guid id, byte[] tokenHash, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var now = time.GetUtcNow();
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var invitation = await InvitationRows.LockAsync(transaction, id, cancellationToken);
                if (invitation.Role > principal.Role)
                    throw new IntegrationException(ErrorCodes.RoleTooHigh);

                invitation.Resend(tokenHash, principal.UserId, now + InviteUser.Lifetime);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await PeopleEvents.InvitationAsync(transaction, principal.UserId, invitation, "invitation.resend", now, cancellationToken);
                var projects = await InvitationProjects.OfAsync(transaction, [id], cancellationToken);
                return new OpenInvitation(invitation, [.. projects[id]]);
            },
            cancellationToken);
    }
}

/// <summary>Makes an open invitation's link void.</summary>
public sealed class RevokeInvitation(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND for one that is not open.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var now = time.GetUtcNow();
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var invitation = await InvitationRows.LockAsync(transaction, id, cancellationToken);
                invitation.Revoke(now);
                await PeopleEvents.InvitationAsync(transaction, principal.UserId, invitation, "invitation.revoke", now, cancellationToken);
            },
            cancellationToken);
    }
}

internal static class InvitationRows
{
    /// <exception cref="IntegrationException">NOT_FOUND for one that is not open.</exception>
    public static async Task<Invitation> LockAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken) =>
        await transaction.Db.Invitations
            .FromSql($"select * from invitations where id = {id} and accepted_at is null and revoked_at is null for update")
            .SingleOrDefaultAsync(cancellationToken)
        ?? throw new IntegrationException(ErrorCodes.NotFound);
}

/// <summary>The projects that an invitation leads into.</summary>
internal static class InvitationProjects
{
    public static async Task<ILookup<Guid, Guid>> OfAsync(TenantTransaction transaction, Guid[] invitations, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("select invitation_id, project_id from invitation_projects where invitation_id = any ($1) order by project_id");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = invitations });
        var found = new List<(Guid Invitation, Guid Project)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            found.Add((reader.GetGuid(0), reader.GetGuid(1)));
        return found.ToLookup(pair => pair.Invitation, pair => pair.Project);
    }

    public static async Task AddAsync(TenantTransaction transaction, Guid invitation, Guid[] projects, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("insert into invitation_projects (tenant_id, invitation_id, project_id) select $1, $2, unnest($3)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = invitation });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = projects, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>What a change of people leaves behind in its transaction: an event and a line of the log.</summary>
internal static class PeopleEvents
{
    public static async Task InvitationAsync(
        TenantTransaction transaction, int actor, Invitation invitation, string action, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await transaction.PublishAsync(new EventDraft(EventTypes.InvitationUpdated, actor, null, new { invitation.Id }), cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(now), actor, "telegram", action, LogStatus.Success)
            {
                Details = new { InvitationId = invitation.Id, Role = Words.Of(invitation.Role) },
            },
            cancellationToken);
    }

    /// <param name="actor">Who did it; <paramref name="userId"/> is to whom.</param>
    public static async Task UserAsync(
        TenantTransaction transaction, int actor, int userId, string action, object? details, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await transaction.PublishAsync(new EventDraft(EventTypes.UserUpdated, userId, null, new { UserId = userId }), cancellationToken);
        await IntegrationLog.WriteAsync(
            transaction, new LogEntry(Guid.CreateVersion7(now), actor, "telegram", action, LogStatus.Success) { Details = details }, cancellationToken);
    }
}
