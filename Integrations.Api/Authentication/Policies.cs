using System.Collections.Frozen;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Authorization;

namespace Integrations.Api.Authentication;

/// <summary>Who may do what. The lowest role that may; each role may do what the ones below it may.</summary>
/// <remarks>A role opens a kind of action; whose objects it reaches is decided by the queries: the caller's own, and for administrators the connections of their tenant's accounts.</remarks>
internal static class Policies
{
    /// <summary>Read what is one's own: accounts, dialogs, messages, logs, events.</summary>
    public const string Read = nameof(Read);

    /// <summary>Connect, reconnect, pause, change and disconnect accounts.</summary>
    public const string Connect = nameof(Connect);

    /// <summary>Send messages from one's own accounts.</summary>
    public const string Send = nameof(Send);

    /// <summary>Begin the login of an employee's account for a project.</summary>
    public const string ConnectForProject = nameof(ConnectForProject);

    /// <summary>Open projects.</summary>
    public const string ManageProjects = nameof(ManageProjects);

    private static readonly FrozenDictionary<string, Role> LowestRole = new Dictionary<string, Role>(StringComparer.Ordinal)
    {
        [Read] = Role.Viewer,
        [Connect] = Role.Operator,
        [Send] = Role.Operator,
        [ConnectForProject] = Role.Admin,
        [ManageProjects] = Role.Admin,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Role LowestRoleFor(string policy) => LowestRole[policy];

    public static void AddTo(AuthorizationBuilder authorization)
    {
        foreach (var (name, role) in LowestRole)
        {
            authorization.AddPolicy(name, policy => policy
                .RequireAuthenticatedUser()
                .RequireAssertion(context => context.User.Identity is CallerIdentity caller && caller.Role >= role));
        }
    }
}
