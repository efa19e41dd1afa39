using Integrations.Core.Tenancy;

namespace Integrations.Core.People;

/// <summary>A one-time link by which somebody becomes a user of the tenant. Only the hash of its token is kept.</summary>
public sealed class Invitation
{
    private Invitation()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }

    /// <summary>The address to sign in with.</summary>
    public string Email { get; private set; } = "";

    public Role Role { get; private set; }
    public byte[] TokenHash { get; private set; } = [];
    public int InvitedBy { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
    public DateTimeOffset? AcceptedAt { get; private set; }
    public int? AcceptedBy { get; private set; }
    public DateTimeOffset? RevokedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>Neither used nor revoked; it may have lapsed, and is then sent again.</summary>
    public bool IsOpen => AcceptedAt is null && RevokedAt is null;

    public static Invitation Issue(TenantId tenant, Guid id, string email, Role role, byte[] tokenHash, int invitedBy, DateTimeOffset expiresAt) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        Email = email,
        Role = role,
        TokenHash = tokenHash,
        InvitedBy = invitedBy,
        ExpiresAt = expiresAt,
    };

    /// <summary>Another link takes the place of the one before, and its sender answers for it from now on.</summary>
    public void Resend(byte[] tokenHash, int invitedBy, DateTimeOffset expiresAt)
    {
        RequireOpen();
        (TokenHash, InvitedBy, ExpiresAt) = (tokenHash, invitedBy, expiresAt);
    }

    public void Revoke(DateTimeOffset now)
    {
        RequireOpen();
        RevokedAt = now;
    }

    public void Accept(int userId, DateTimeOffset now)
    {
        RequireOpen();
        (AcceptedAt, AcceptedBy) = (now, userId);
    }

    private void RequireOpen()
    {
        if (!IsOpen)
            throw new InvalidOperationException($"Invitation {Id} was used or revoked.");
    }
}
