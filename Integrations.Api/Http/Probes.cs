namespace Integrations.Api.Http;

/// <summary>Every host's own questions after its health, for whoever keeps it running: an orchestrator that is refused would kill a process that is well.</summary>
/// <remarks>They are not for outside.</remarks>
internal static class Probes
{
    private static readonly string[] Paths = ["/health", "/alive", "/metrics"];

    public static bool IsOne(HttpRequest request) => Paths.Contains(request.Path.Value, StringComparer.OrdinalIgnoreCase);
}
