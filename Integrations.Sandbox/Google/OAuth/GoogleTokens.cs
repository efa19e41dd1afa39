namespace Integrations.Sandbox.Google.OAuth;

/// <summary>What a person granted to a project: its scopes, and to which clients a refresh token went.</summary>
internal sealed class GoogleGrant(string project, GoogleAccount account)
{
    public string Project => project;

    public GoogleAccount Account => account;

    public HashSet<string> Scopes { get; } = new(StringComparer.Ordinal);

    /// <summary>Only the first offline consent of a client gives a refresh token, unless it asks for consent again.</summary>
    public HashSet<string> OfflineClients { get; } = new(StringComparer.Ordinal);
}

/// <summary>An authorization code on its way to the token endpoint.</summary>
internal sealed class GoogleCode(string value, GoogleGrant grant, GoogleClient client, AuthorizationRequest request, IReadOnlyList<string> scopes, DateTimeOffset expiresAt)
{
    public string Value => value;

    public GoogleGrant Grant => grant;

    public GoogleClient Client => client;

    public AuthorizationRequest Request => request;

    public IReadOnlyList<string> Scopes => scopes;

    public DateTimeOffset ExpiresAt => expiresAt;

    public bool WithRefreshToken { get; init; }

    public bool IsUsed { get; set; }
}

internal sealed record GoogleAccessToken(string Value, GoogleGrant Grant, GoogleClient Client, IReadOnlyList<string> Scopes, DateTimeOffset ExpiresAt, bool IsOffline);

/// <summary>A refresh token. Those that come of one consent by rotation are a family.</summary>
internal sealed class GoogleRefreshToken(string value, string family, GoogleGrant grant, GoogleClient client, IReadOnlyList<string> scopes, DateTimeOffset? expiresAt)
{
    public string Value => value;

    public string Family => family;

    public GoogleGrant Grant => grant;

    public GoogleClient Client => client;

    public IReadOnlyList<string> Scopes => scopes;

    /// <summary>Null for one without an end.</summary>
    public DateTimeOffset? ExpiresAt => expiresAt;

    public required DateTimeOffset UsedAt { get; set; }

    /// <summary>Given out by rotation and not used so far; its first use ends the rest of the family.</summary>
    public bool IsFresh { get; set; }

    /// <summary>Stays remembered, so that it is told apart from one that never was.</summary>
    public bool IsDead { get; set; }
}
