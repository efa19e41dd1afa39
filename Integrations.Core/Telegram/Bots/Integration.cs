using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Bots;

/// <summary>What an integration connects to.</summary>
public enum IntegrationType
{
    TelegramBot,
}

/// <summary>How an integration stands.</summary>
public enum IntegrationStatus
{
    /// <summary>Stored; the platform does not send anything yet.</summary>
    Pending,

    Active,

    /// <summary>Something keeps it from working; the code says what.</summary>
    Error,

    /// <summary>Switched off by somebody.</summary>
    Inactive,
}

/// <summary>One connection of a tenant to one platform. It belongs to the tenant; who made it is remembered.</summary>
public sealed class Integration
{
    private Integration()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }

    /// <summary>Who connected it.</summary>
    public int UserId { get; private set; }
    public Guid? ProjectId { get; private set; }
    public IntegrationType IntegrationType { get; private set; }
    public IntegrationStatus Status { get; private set; }
    public string? LastErrorCode { get; private set; }
    public string? LastError { get; private set; }
    public long MessagesReceived { get; private set; }
    public long MessagesSent { get; private set; }
    public DateTimeOffset? LastActivity { get; private set; }
    public DateTimeOffset? DeletedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public static Integration Open(TenantId tenant, Guid id, int userId, Guid? projectId, IntegrationType type) =>
        new() { Id = id, TenantId = tenant.Value, UserId = userId, ProjectId = projectId, IntegrationType = type, Status = IntegrationStatus.Pending };

    public void Activate() => (Status, LastErrorCode, LastError) = (IntegrationStatus.Active, null, null);

    public void Fail(string code, string detail) => (Status, LastErrorCode, LastError) = (IntegrationStatus.Error, code, detail);

    /// <summary>Tried anew: what was wrong before no longer counts.</summary>
    public void Begin() => (Status, LastErrorCode, LastError) = (IntegrationStatus.Pending, null, null);

    public void Deactivate() => (Status, LastErrorCode, LastError) = (IntegrationStatus.Inactive, null, null);

    public void MoveTo(Guid? projectId) => ProjectId = projectId;

    public void Delete(DateTimeOffset now)
    {
        Deactivate();
        DeletedAt = now;
    }
}
