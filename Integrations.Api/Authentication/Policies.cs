using System.Collections.Frozen;
using Integrations.Core.People;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.AspNetCore.Authorization;

namespace Integrations.Api.Authentication;

/// <summary>Who may do what. The lowest role that may, each role what the ones below it may; and the scope by which a key may, if any.</summary>
/// <remarks>A role opens a kind of action; whose objects it reaches is decided by the queries: the caller's own and those of his projects, and for administrators the connections of their tenant's accounts.</remarks>
internal static class Policies
{
    /// <summary>Read what is within one's reach: accounts, dialogs, messages, logs, events.</summary>
    public const string Read = nameof(Read);

    /// <summary>Connect, reconnect, pause, change and disconnect accounts.</summary>
    public const string Connect = nameof(Connect);

    /// <summary>Send messages from one's own accounts and those of one's projects; assign their dialogs and note beside them; write quick replies.</summary>
    public const string Send = nameof(Send);

    /// <summary>Connect, change, restart and delete bots: they belong to the tenant and not to a person.</summary>
    public const string ManageBots = nameof(ManageBots);

    /// <summary>Connect, change, check and take out channels and groups.</summary>
    public const string ManageChannels = nameof(ManageChannels);

    /// <summary>Begin the login of an employee's account for a project.</summary>
    public const string ConnectForProject = nameof(ConnectForProject);

    /// <summary>Open, change and delete projects, and choose their members.</summary>
    public const string ManageProjects = nameof(ManageProjects);

    /// <summary>See and set how many requests the users of the tenant may make.</summary>
    public const string ManageLimits = nameof(ManageLimits);

    /// <summary>See how the installation stands.</summary>
    public const string ReadSystem = nameof(ReadSystem);

    /// <summary>See and change the tenant's people, and invite others.</summary>
    public const string ManagePeople = nameof(ManagePeople);

    /// <summary>See who changed what, and have the chain verified.</summary>
    public const string ReadAudit = nameof(ReadAudit);

    /// <summary>See what was refused.</summary>
    public const string ReadRefusals = nameof(ReadRefusals);

    /// <summary>Set what the tenant asks of its own people before it lets them in.</summary>
    public const string ManageSecurity = nameof(ManageSecurity);

    /// <summary>Take entries, or a person, out of the audit.</summary>
    public const string PurgeAudit = nameof(PurgeAudit);

    /// <summary>Export and erase users, persons outside and the tenant.</summary>
    public const string ManagePrivacy = nameof(ManagePrivacy);

    /// <summary>See and change what is a person's own: name, password, sessions, keys, preferences.</summary>
    public const string OwnAccount = nameof(OwnAccount);

    /// <summary>Take a lost second factor away from somebody.</summary>
    public const string ResetSecondFactors = nameof(ResetSecondFactors);

    /// <summary>The whole table. What names no scope is closed to keys: a leaked one must not make others, let people in, or change a password.</summary>
    public static IReadOnlyList<PolicyRule> Table { get; } =
    [
        new(Read, Role.Viewer, KeyScope.Read, "read what is within one's reach, follow events"),
        new(Send, Role.Operator, KeyScope.Send, "send, answer, assign and note"),
        new(Connect, Role.Operator, KeyScope.Connect, "connect, change and disconnect accounts, delete dialogs"),
        new(ConnectForProject, Role.Admin, KeyScope.Connect, "begin the login of an employee's account"),
        new(ManageBots, Role.Admin, KeyScope.Connect, "connect, change, restart and delete bots"),
        new(ManageChannels, Role.Admin, KeyScope.Connect, "connect, change, check and take out channels and groups"),
        new(ManageProjects, Role.Admin, KeyScope.Manage, "open, change and delete projects, choose their members"),
        new(ReadSystem, Role.Admin, KeyScope.Manage, "see how the installation stands"),
        new(ManageLimits, Role.Admin, null, "see and set the tenant's limits"),
        new(ManagePeople, Role.Admin, null, "see, change and invite people"),
        new(ReadAudit, Role.Admin, null, "see who changed what, and have it verified"),
        new(ReadRefusals, Role.Admin, null, "see what was refused"),
        new(ManageSecurity, Role.Owner, null, "ask a second factor of owners and administrators"),
        new(PurgeAudit, Role.Owner, null, "take entries, or a person, out of the audit"),
        new(ManagePrivacy, Role.Owner, null, "export and erase users, persons outside and the tenant"),
        new(ResetSecondFactors, Role.Owner, null, "take a lost second factor away from somebody"),
        new(OwnAccount, Role.Viewer, null, "one's own name, password, second factor, sessions, keys and preferences; the export of one's own data"),
    ];

    private static readonly FrozenDictionary<string, PolicyRule> ByName = Table.ToFrozenDictionary(rule => rule.Name, StringComparer.Ordinal);

    public static PolicyRule Find(string policy) => ByName[policy];

    /// <summary>The lowest role with which a scope opens anything.</summary>
    public static Role LowestRoleFor(KeyScope scope) => Table.Where(rule => rule.Scope == scope).Min(rule => rule.LowestRole);

    public static void AddTo(AuthorizationBuilder authorization)
    {
        foreach (var rule in Table)
        {
            authorization.AddPolicy(rule.Name, policy => policy
                .RequireAuthenticatedUser()
                .RequireAssertion(context => context.User.Identity is CallerIdentity caller && rule.Admits(caller.Role, caller.Key?.Scopes)));
        }
    }
}

/// <summary>One line of the table of who may do what.</summary>
/// <param name="LowestRole">Each role may what the ones below it may.</param>
/// <param name="Scope">By which a key may as well, if its user's role suffices; null where no key may.</param>
/// <param name="Does">What it opens, in a few words for the documentation.</param>
internal sealed record PolicyRule(string Name, Role LowestRole, KeyScope? Scope, string Does)
{
    /// <param name="scopes">Those of the key that was shown, as words; null for a person.</param>
    public bool Admits(Role role, IReadOnlyList<string>? scopes) =>
        role >= LowestRole && (scopes is null || (Scope is { } scope && scopes.Contains(Words.Of(scope), StringComparer.Ordinal)));
}
