using Integrations.Core.Tenancy;

namespace Integrations.Core.Refusals;

/// <summary>Why a request was refused, where it may be an attack.</summary>
public enum RefusalKind
{
    /// <summary>A wrong password or code.</summary>
    SignIn,

    /// <summary>A token that nobody of ours has signed, or a key that is void.</summary>
    Signature,

    /// <summary>An id of a signed-in caller that leads to nothing of his.</summary>
    UnknownId,

    /// <summary>The same, told to the tenant whose object it is. Who asked for it never learns that there is one.</summary>
    ForeignId,

    /// <summary>More requests, or tries, than there may be.</summary>
    Throttle,
}

/// <summary>What leads to the tenant of a refusal that came without one, or to the owner of what was asked for.</summary>
public enum RefusalLeadKind
{
    /// <summary>Nothing does: it is counted for the installation alone.</summary>
    Nothing,

    /// <summary>The address that somebody tried to sign in with.</summary>
    Email,

    /// <summary>The hash of an API key, in hexadecimal digits.</summary>
    Key,

    /// <summary>The hash of a sign-in's challenge, in hexadecimal digits.</summary>
    Challenge,

    /// <summary>The tenant that a forged token names.</summary>
    Tenant,

    /// <summary>Ids of objects, separated by spaces.</summary>
    Objects,
}

/// <summary>Looked up after the answer, so that the answer's time tells nothing of what was found. It is kept in memory until then and nowhere after.</summary>
public sealed record RefusalLead(RefusalLeadKind Kind, string Value)
{
    /// <summary>A credential that names nobody.</summary>
    public static RefusalLead Nothing { get; } = new(RefusalLeadKind.Nothing, "");
}

/// <summary>One refused request.</summary>
/// <param name="Route">The name of the route; empty where there is none.</param>
/// <param name="Address">Where it came from, as the audit keeps it: an IPv6 address as its network.</param>
/// <param name="Tenant">The caller's; null for a stranger.</param>
public sealed record Refusal(RefusalKind Kind, string Route, string Address, TenantId? Tenant, int? UserId, bool ByKey, RefusalLead Lead);
