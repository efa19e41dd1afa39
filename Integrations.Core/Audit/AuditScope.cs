namespace Integrations.Core.Audit;

/// <summary>
/// For whom, from where and by which request the running code works. While one is open, each tenant transaction that changed something writes an
/// audit entry before it commits, so that there is no change without an entry and no entry without a change.
/// </summary>
/// <param name="Action">The name of the route.</param>
/// <param name="Objects">The ids in the request's path, by their names.</param>
public sealed record AuditScope(string Action, string? Address, string? UserAgent, IReadOnlyDictionary<string, string> Objects) : IDisposable
{
    private static readonly AsyncLocal<AuditScope?> Running = new();

    /// <summary>That of the code that is running; null where nobody has asked for anything, as in the workers.</summary>
    public static AuditScope? Current => Running.Value;

    /// <summary>Who it is; null until somebody has shown it, as a sign-in does on its way.</summary>
    public int? UserId { get; set; }

    /// <summary>By an API key, which acts as its user.</summary>
    public bool ByKey { get; init; }

    /// <summary>Opens it for what the caller runs until it is disposed.</summary>
    public AuditScope Open()
    {
        Running.Value = this;
        return this;
    }

    /// <summary>Nothing is written down from here on until the running asynchronous method returns; its caller still has the scope.</summary>
    internal static void Leave() => Running.Value = null;

    /// <summary>Ends it.</summary>
    public void Dispose() => Running.Value = null;
}

/// <summary>One thing that changed, as the log tells it.</summary>
internal sealed record AuditedChange(string Action, Guid? AccountId, object? Details);
