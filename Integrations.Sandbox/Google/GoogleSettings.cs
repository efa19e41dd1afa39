namespace Integrations.Sandbox.Google;

/// <summary>What becomes of a refresh token when it is used.</summary>
public enum RefreshTokenRotation
{
    /// <summary>It stays, and no new one comes: what Google usually does.</summary>
    Never,

    /// <summary>A new one comes, and the old one is dead at once: of two refreshes at a time one loses.</summary>
    AtOnce,

    /// <summary>A new one comes, and the old one dies with all other descendants when the new one is first used.</summary>
    WhenNewIsUsed,
}

/// <summary>The numbers of the simulated Google; each may be changed while it runs.</summary>
public sealed class GoogleSettings
{
    /// <summary>Google's is an hour; <c>expires_in</c> says a second less.</summary>
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Of an authorization code. Google does not tell its own.</summary>
    public TimeSpan CodeLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Of a grant to an app in testing, unless it is for name, address and profile only.</summary>
    public TimeSpan TestingGrantLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>After which an unused refresh token is dead: six months.</summary>
    public TimeSpan UnusedLifetime { get; set; } = TimeSpan.FromDays(182);

    /// <summary>Per account and client; past it the oldest is dropped without a word.</summary>
    public int RefreshTokensPerClient { get; set; } = 100;

    public RefreshTokenRotation Rotation { get; set; }

    /// <summary>Of all people together, in a sliding minute.</summary>
    public int ProjectRequestsPerMinute { get; set; } = 10_000;

    /// <summary>Of one person in one project, in a sliding minute.</summary>
    public int UserRequestsPerMinute { get; set; } = 600;

    /// <summary>403 or 429: both mean the same, and Google uses both.</summary>
    public int QuotaStatus { get; set; } = 403;

    /// <summary>After which a sync token is answered with 410. Google does not tell its own.</summary>
    public TimeSpan SyncTokenLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How far <c>updatedMin</c> reaches back. Google does not tell its own.</summary>
    public TimeSpan UpdatedMinReach { get; set; } = TimeSpan.FromDays(28);

    /// <summary>Of a push channel that asks for nothing.</summary>
    public TimeSpan ChannelLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>To which a longer wish is cut.</summary>
    public TimeSpan LongestChannelLifetime { get; set; } = TimeSpan.FromDays(30);
}
