namespace Integrations.Core.Tenancy;

/// <summary>A person in a tenant: one of the console's own, or one whom the customer's user service vouched for.</summary>
public sealed class User
{
    private User()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }

    /// <summary>The number by which the API's bodies name the user; unique in the tenant.</summary>
    public int UserId { get; private set; }

    /// <summary>The <c>sub</c> claim of the customer's user service, or the console user's own number.</summary>
    public string Subject { get; private set; } = "";

    public string? Email { get; private set; }
    public string? DisplayName { get; private set; }
    public Role Role { get; private set; }

    /// <summary>Null for a person who signs in elsewhere.</summary>
    public string? PasswordHash { get; private set; }

    public bool IsActive { get; private set; }

    /// <summary>The last sign of life by any way in, to the minute; null before the first.</summary>
    public DateTimeOffset? LastSeenAt { get; private set; }

    /// <summary>When he was erased; nothing is left of him then but the number.</summary>
    public DateTimeOffset? ErasedAt { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>A person seen for the first time in a verified token.</summary>
    public static User FromToken(TenantId tenant, Guid id, int userId, string subject, Role role, string? email, string? displayName) => new()
    {
        Id = id,
        TenantId = tenant.Value,
        UserId = userId,
        Subject = subject,
        Role = role,
        Email = email,
        DisplayName = displayName,
        IsActive = true,
    };

    /// <summary>What administrators and he himself may change; null leaves a thing as it is, an empty name removes the name.</summary>
    public void Change(Role? role, bool? isActive, string? displayName)
    {
        Role = role ?? Role;
        IsActive = isActive ?? IsActive;
        if (displayName is not null)
            DisplayName = displayName.Length == 0 ? null : displayName;
    }

    /// <summary>What the token says now replaces what an earlier one said.</summary>
    public void Follow(Role role, string? email, string? displayName)
    {
        Role = role;
        Email = email;
        DisplayName = displayName;
    }
}
