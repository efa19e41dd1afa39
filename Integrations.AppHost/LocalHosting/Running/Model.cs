using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Servers;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>A port that a resource listens on. Each replica has one of its own.</summary>
/// <param name="name">How references name it.</param>
/// <param name="scheme">URI scheme.</param>
/// <param name="wanted">The port asked for; null for a free one.</param>
/// <param name="variable">Environment variable that tells the process its port.</param>
internal sealed class LocalEndpoint(string name, string scheme, int? wanted, string? variable = null) : IResourceAnnotation
{
    /// <summary>Everything listens here and nowhere else.</summary>
    public const string Loopback = "127.0.0.1";

    public string Host { get; } = Loopback;

    public string Name { get; } = name;

    public string Scheme { get; } = scheme;

    public int? Wanted { get; } = wanted;

    public string? Variable { get; } = variable;

    /// <summary>One port per replica, once allocated.</summary>
    public int[] Ports { get; set; } = [];
}

/// <summary>How the resource is run.</summary>
internal sealed record LocalProgram(Func<ProgramServices, ServerProgram> Create) : IResourceAnnotation;

internal sealed record LocalReplicas(int Count) : IResourceAnnotation;

internal sealed record LocalVariable(string Name, IValueProvider Value) : IResourceAnnotation;

internal sealed record LocalArguments(IReadOnlyList<string> Values) : IResourceAnnotation;

/// <summary>A reference to another resource's endpoints.</summary>
internal sealed record LocalReference(IResourceWithEndpoints Target) : IResourceAnnotation;

internal sealed record LocalHttpCheck(EndpointReference Endpoint, string Path, int StatusCode) : IResourceAnnotation;

internal enum WaitKind
{
    Healthy,
    Completed,
}

internal sealed record LocalWait(IResource Resource, WaitKind Kind) : IResourceAnnotation;

/// <summary>Marks a resource that runs to its end: another one waits for that.</summary>
internal sealed record LocalJob(int ExitCode) : IResourceAnnotation;

internal sealed record LocalUrls(Func<ResourceUrlsCallbackContext, Task> Callback) : IResourceAnnotation;

internal sealed record FixedValue(string Value) : IValueProvider
{
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(Value);
}

internal static class ResourceModel
{
    public static IEnumerable<LocalEndpoint> Endpoints(this IResource resource) => resource.Annotations.OfType<LocalEndpoint>();

    public static int Replicas(this IResource resource) => resource.Annotations.OfType<LocalReplicas>().LastOrDefault()?.Count ?? 1;

    /// <summary>What must be there before the resource starts; a child also waits for its parent.</summary>
    public static IEnumerable<LocalWait> Waits(this IResource resource) => resource.Annotations.OfType<LocalWait>();
}
