namespace Integrations.Core.Tenancy;

/// <summary>What a person may do in a tenant; each role may do what the ones before it may.</summary>
public enum Role
{
    Viewer,
    Operator,
    Admin,
    Owner,
}
