using System.Globalization;

namespace Integrations.Web.Api;

/// <summary>A person of the tenant; public because components' parameters must be.</summary>
/// <param name="SignIn">here, or token for one who comes by the user service.</param>
/// <param name="SecondFactor">Whether signing in takes a code as well; null where it is not told.</param>
public sealed record Person(int UserId, string? Email, string? DisplayName, string Role, bool IsActive, string SignIn, bool? SecondFactor, DateTimeOffset? LastSeenAt)
{
    public string Name => DisplayName ?? Email ?? "#" + UserId.ToString(CultureInfo.InvariantCulture);

    public bool SignsInHere => SignIn is "here";
}

internal sealed record PersonChange(string? Role = null, bool? IsActive = null);

/// <summary>An invitation that waits, or has lapsed and can be sent again.</summary>
public sealed record Invitation(Guid Id, string Email, string Role, Guid[] ProjectIds, DateTimeOffset ExpiresAt);

/// <summary>An invitation with the token of its link, which is told once.</summary>
public sealed record IssuedInvitation(Invitation Invitation, string Token);

internal sealed record Invite(string Email, string Role, Guid[] ProjectIds);

/// <summary>How the reader likes the console; null where nothing was chosen.</summary>
internal sealed record Preferences(string? Language = null, string? Theme = null, string? TimeZone = null);

/// <summary>One place where the reader is signed in.</summary>
internal sealed record OwnSession(Guid Id, string? UserAgent, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, bool Current);

internal sealed record ApiKey(
    Guid Id, int UserId, string Name, string Prefix, string[] Scopes, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, Guid? ReplacedBy, DateTimeOffset CreatedAt);

/// <summary>A new key with what is told once.</summary>
internal sealed record IssuedApiKey(ApiKey ApiKey, string Key);

internal sealed record NewApiKey(string Name, string[] Scopes, int? ExpiresInDays);

/// <summary>Whether signing in takes a code as well.</summary>
internal sealed record SecondFactor(bool Enabled, DateTimeOffset? Since, int RecoveryCodesLeft);

/// <summary>What an authenticator needs, told once.</summary>
internal sealed record SecondFactorSecret(string Secret, string OtpauthUri);

internal sealed record IssuedRecoveryCodes(string[] RecoveryCodes);

/// <summary>Who the session speaks for.</summary>
internal sealed record Myself(int UserId, string Role, string? Email, string? DisplayName);
