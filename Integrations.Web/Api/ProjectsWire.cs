namespace Integrations.Web.Api;

/// <summary>A project; public because components' parameters must be.</summary>
/// <param name="Missing">What mirroring lacks.</param>
/// <param name="ManagingBots">The names of the bots that fill its working group.</param>
public sealed record Project(Guid Id, string Name, bool Mirroring, string[] Missing, int Members, ProjectAccounts Accounts, ProjectBots Bots, string[] ManagingBots);

/// <summary>How many accounts are in each state.</summary>
public sealed record ProjectAccounts(int Pending, int Active, int Error, int Paused, int Disconnected)
{
    public int All => Pending + Active + Error + Paused + Disconnected;

    /// <summary>The states in which there is an account, by their words, in the order of urgency.</summary>
    public IEnumerable<(string Status, int Count)> Present =>
        new[] { ("error", Error), ("active", Active), ("pending", Pending), ("paused", Paused), ("disconnected", Disconnected) }.Where(pair => pair.Item2 > 0);
}

/// <summary>How many bots are in each state.</summary>
public sealed record ProjectBots(int Pending, int Active, int Error, int Inactive)
{
    public int All => Pending + Active + Error + Inactive;
}

/// <summary>An account or a bot, and what went on in it in the last thirty days.</summary>
internal sealed record IntegrationActivity(
    Guid Id, string IntegrationType, string? Name, string Status, long MessagesReceived, long MessagesSent, DateTimeOffset? LastActivity);

internal sealed record ProjectChange(string? Name = null, bool? Mirroring = null);
