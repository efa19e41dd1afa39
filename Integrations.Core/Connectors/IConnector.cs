namespace Integrations.Core.Connectors;

/// <summary>
/// Our code for one platform: a function of a command and settings to an outcome, which knows that platform and nothing else. It keeps no state,
/// reads no database and repeats nothing; queue, retries, clock and breaker are the pump's, which is the same for all platforms.
/// </summary>
/// <typeparam name="TCommand">What is to be done there, complete.</typeparam>
/// <typeparam name="TSettings">By what the platform knows the customer, opened. Its text has no secret.</typeparam>
public interface IConnector<in TCommand, in TSettings>
{
    /// <summary>As the platform has published them.</summary>
    ConnectorLimits Limits { get; }

    /// <summary>Does it once. Everything that goes wrong at the platform or on the way there is an outcome; only a cancellation is an exception.</summary>
    Task<ConnectorOutcome> ExecuteAsync(TCommand command, TSettings settings, CancellationToken cancellationToken);

    /// <summary>Looks for a command whose outcome is unknown.</summary>
    /// <param name="since">Nothing older is it.</param>
    /// <param name="known">Ids at the platform that belong to other commands.</param>
    /// <returns>Its id there; null where it is not found, which after some seconds means that it was not done.</returns>
    /// <exception cref="ConnectorUnavailableException">It could not be looked for now.</exception>
    Task<string?> FindAsync(TCommand command, DateTimeOffset since, IReadOnlySet<string> known, TSettings settings, CancellationToken cancellationToken);

    /// <summary>Whether the credentials are taken. Changes nothing at the platform.</summary>
    /// <returns><see cref="ConnectorOutcome.Delivered"/> with the account's id, or what is wrong.</returns>
    Task<ConnectorOutcome> TestAsync(TSettings settings, CancellationToken cancellationToken);
}

/// <summary>The platform could not be asked.</summary>
public sealed class ConnectorUnavailableException(ConnectorOutcome outcome) : Exception(outcome?.Detail)
{
    public ConnectorOutcome Outcome => outcome;
}

/// <summary>What a platform allows, as data.</summary>
/// <param name="PerSecond">Commands of one sender.</param>
/// <param name="Source">Where the platform says so.</param>
/// <param name="AsOf">When that was read.</param>
public sealed record ConnectorLimits(double PerSecond, string Source, DateOnly AsOf);
