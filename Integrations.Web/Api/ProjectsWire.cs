namespace Integrations.Web.Api;

/// <summary>A project; public because components' parameters must be.</summary>
/// <param name="Missing">What mirroring still lacks.</param>
public sealed record Project(Guid Id, string Name, bool Mirroring, string[] Missing, int Members, ProjectAccounts Accounts);

/// <summary>How many accounts are in each state.</summary>
public sealed record ProjectAccounts(int Pending, int Active, int Error, int Paused, int Disconnected)
{
    /// <summary>The states in which there is an account, by their words, in the order of urgency.</summary>
    public IEnumerable<(string Status, int Count)> Present =>
        new[] { ("error", Error), ("active", Active), ("pending", Pending), ("paused", Paused), ("disconnected", Disconnected) }.Where(pair => pair.Item2 > 0);
}

internal sealed record ProjectChange(string? Name = null, bool? Mirroring = null);
