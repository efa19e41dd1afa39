using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.People;

/// <summary>Uses an invitation once: makes the console user, puts him into the projects.</summary>
public sealed class AcceptInvitation(TenantDatabase database, TimeProvider time)
{
    /// <param name="password">Hashes the password; asked for only once the link has been found, since that costs time.</param>
    /// <returns>The new user.</returns>
    /// <exception cref="IntegrationException">INVITATION_INVALID for a link that is unknown, used, revoked, lapsed, or whose sender may not invite like this any more; EMAIL_TAKEN.</exception>
    public async Task<User> ExecuteAsync(byte[] tokenHash, string? displayName, Func<Task<string>> password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(password);
        var tenant = await FindTenantAsync(tokenHash, cancellationToken) ?? throw new IntegrationException(ErrorCodes.InvitationInvalid);
        var passwordHash = await password();
        try
        {
            return await database.InTenantAsync(
                tenant, transaction => AcceptAsync(transaction, tokenHash, displayName, passwordHash, cancellationToken), cancellationToken);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "idx_users_email" })
        {
            throw new IntegrationException(ErrorCodes.EmailTaken, inner: e);
        }
    }

    private Task<TenantId?> FindTenantAsync(byte[] tokenHash, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync<TenantId?>(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select doors.invitation_tenant($1)", connection, transaction)
                {
                    Parameters = { new NpgsqlParameter<byte[]> { TypedValue = tokenHash } },
                };
                return await command.ExecuteScalarAsync(cancellationToken) is Guid tenant ? new TenantId(tenant) : null;
            },
            cancellationToken);

    private async Task<User> AcceptAsync(
        TenantTransaction transaction, byte[] tokenHash, string? displayName, string passwordHash, CancellationToken cancellationToken)
    {
        // One at a time in a tenant: of two who use one link the second finds it used, and no two get the same number.
        await TenantPeople.TakeTurnAsync(transaction, cancellationToken);
        var now = time.GetUtcNow();
        var invitation = await transaction.Db.Invitations.SingleOrDefaultAsync(
            invitation => invitation.TokenHash == tokenHash && invitation.AcceptedAt == null && invitation.RevokedAt == null && invitation.ExpiresAt > now,
            cancellationToken);
        if (invitation is null || !await MayStillInviteAsync(transaction, invitation, cancellationToken))
            throw new IntegrationException(ErrorCodes.InvitationInvalid);

        var userId = await AddUserAsync(transaction, invitation, displayName, passwordHash, now, cancellationToken);
        invitation.Accept(userId, now);
        await transaction.Db.SaveChangesAsync(cancellationToken);
        await JoinProjectsAsync(transaction, invitation.Id, userId, cancellationToken);
        await PeopleEvents.InvitationAsync(transaction, userId, invitation, "invitation.accept", now, cancellationToken);
        await PeopleEvents.UserAsync(transaction, userId, userId, "user.join", new { UserId = userId, Role = Words.Of(invitation.Role) }, now, cancellationToken);
        return await transaction.Db.Users.AsNoTracking().SingleAsync(user => user.UserId == userId, cancellationToken);
    }

    /// <summary>Who was switched off or lost his role must not come back, or up, by a link that he keeps.</summary>
    private static async Task<bool> MayStillInviteAsync(TenantTransaction transaction, Invitation invitation, CancellationToken cancellationToken) =>
        await transaction.Db.Users.AsNoTracking().SingleAsync(user => user.UserId == invitation.InvitedBy, cancellationToken) is { IsActive: true } inviter
        && inviter.Role >= Role.Admin && inviter.Role >= invitation.Role;

    /// <summary>Console users are numbered from 2000000001, where the first owner begins, far above the numbers of the user service.</summary>
    private static async Task<int> AddUserAsync(
        TenantTransaction transaction, Invitation invitation, string? displayName, string passwordHash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            insert into users (id, tenant_id, user_id, subject, email, display_name, role, password_hash, last_seen_at)
            select $1, $2, n, 'console:' || n, $3, $4, $5, $6, clock_timestamp()
              from (select coalesce(max(user_id), 2000000000) + 1 from users where user_id > 2000000000) next (n)
            returning user_id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(now) });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = invitation.Email });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)displayName ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(invitation.Role) });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = passwordHash });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task JoinProjectsAsync(TenantTransaction transaction, Guid invitation, int userId, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            "insert into project_members (tenant_id, project_id, user_id) select tenant_id, project_id, $2 from invitation_projects where invitation_id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = invitation });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = userId });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
