namespace Integrations.Core.Connectors;

/// <summary>What a request that got no answer says about the command in it.</summary>
public static class TransportFailures
{
    public const string Unreachable = "UNREACHABLE";
    public const string NoAnswer = "NO_ANSWER";

    /// <summary>Nothing was sent, so nothing was done.</summary>
    public static bool IsBeforeSending(HttpRequestError error) => error
        is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;

    /// <param name="platform">Its name, for people.</param>
    public static ConnectorOutcome Of(HttpRequestException failure, string platform)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return IsBeforeSending(failure.HttpRequestError)
            ? new ConnectorOutcome.Transient(Unreachable, $"{platform} cannot be reached. It is tried again.")
            : Unanswered(platform);
    }

    /// <summary>The request left, and the connection broke or the time for the answer ran out.</summary>
    public static ConnectorOutcome Unanswered(string platform) =>
        new ConnectorOutcome.Unknown(NoAnswer, $"{platform} did not answer. It may have been done there; it is looked for before it is done again.");
}
