namespace Integrations.ServiceDefaults.Health;

/// <summary>How a host names itself on its health routes.</summary>
public sealed class HealthIdentity
{
    /// <summary><c>APP_NAME</c>; without it, from the host's own name (<see cref="NameOf"/>).</summary>
    public string Service { get; set; } = "Integration Service";

    /// <summary><c>VERSION</c>.</summary>
    public string Version { get; set; } = "1.0.0";

    /// <summary>The API is the service that callers know; the others are called after their room ("Integration Workers").</summary>
    internal static string NameOf(string applicationName) => applicationName switch
    {
        "Integrations.Api" => "Integration Service",
        _ when applicationName.StartsWith("Integrations.", StringComparison.Ordinal) => "Integration " + applicationName["Integrations.".Length..],
        _ => applicationName,
    };
}
