namespace Integrations.Core.Tenancy;

/// <summary>Somebody who works in a project: what is said in its accounts is said to him too.</summary>
public sealed class ProjectMember
{
    private ProjectMember()
    {
    }

    public Guid TenantId { get; private set; }
    public Guid ProjectId { get; private set; }
    public int UserId { get; private set; }
}
