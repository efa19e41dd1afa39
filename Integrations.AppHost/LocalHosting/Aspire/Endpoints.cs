using System.Globalization;
using Integrations.AppHost.LocalHosting.Running;

namespace Aspire.Hosting.ApplicationModel;

public enum EndpointProperty
{
    Url = 0,
    Host = 1,
    IPV4Host = 2,
    Port = 3,
    Scheme = 4,
    TargetPort = 5,
    HostAndPort = 6,
}

/// <summary>An address of a resource, known once ports are allocated.</summary>
public sealed class EndpointReference(IResourceWithEndpoints owner, string endpointName) : IExpressionValue
{
    public IResourceWithEndpoints Resource { get; } = owner;

    public string EndpointName { get; } = endpointName;

    public bool Exists => Find() is not null;

    public bool IsAllocated => Find() is { Ports.Length: > 0 };

    public bool IsHttp => string.Equals(Scheme, "http", StringComparison.OrdinalIgnoreCase);

    public string Scheme => Endpoint.Scheme;

    public string Host => Endpoint.Host;

    public int Port => Endpoint.Ports is [var port, ..]
        ? port
        : throw new InvalidOperationException($"Endpoint '{EndpointName}' of '{Resource.Name}' has no port before the application starts.");

    public int? TargetPort => Port;

    public string Url => string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{Host}:{Port}");

    string IManifestExpressionProvider.ValueExpression => $"{{{Resource.Name}.bindings.{EndpointName}.url}}";

    internal LocalEndpoint Endpoint => Find()
        ?? throw new InvalidOperationException($"Resource '{Resource.Name}' has no endpoint '{EndpointName}'.");

    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(Url);

    private LocalEndpoint? Find() => Resource.Annotations.OfType<LocalEndpoint>()
        .FirstOrDefault(e => string.Equals(e.Name, EndpointName, StringComparison.OrdinalIgnoreCase));
}

/// <summary>One property of an address, for use inside a <see cref="ReferenceExpression"/>.</summary>
public class EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property) : IExpressionValue
{
    public EndpointReference Endpoint { get; } = endpointReference;

    public EndpointProperty Property { get; } = property;

    public string ValueExpression =>
        $"{{{Endpoint.Resource.Name}.bindings.{Endpoint.EndpointName}.{Property.ToString().ToLowerInvariant()}}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var port = Endpoint.Port.ToString(CultureInfo.InvariantCulture);
        return new(Property switch
        {
            EndpointProperty.Url => Endpoint.Url,
            EndpointProperty.Host or EndpointProperty.IPV4Host => Endpoint.Host,
            EndpointProperty.Port or EndpointProperty.TargetPort => port,
            EndpointProperty.Scheme => Endpoint.Scheme,
            EndpointProperty.HostAndPort => $"{Endpoint.Host}:{port}",
            _ => throw new InvalidOperationException($"Endpoint property {Property} is not known."),
        });
    }
}

/// <summary>An address as it is shown to people.</summary>
public sealed class ResourceUrlAnnotation : IResourceAnnotation
{
    public required string Url { get; set; }

    public string? DisplayText { get; set; }

    public EndpointReference? Endpoint { get; init; }
}

/// <summary>What a callback given to <c>WithUrls</c> may change before the addresses are shown.</summary>
public class ResourceUrlsCallbackContext
{
    internal ResourceUrlsCallbackContext(IResource resource, List<ResourceUrlAnnotation> urls, CancellationToken cancellationToken)
    {
        Resource = resource;
        Urls = urls;
        CancellationToken = cancellationToken;
    }

    public IResource Resource { get; }

    public List<ResourceUrlAnnotation> Urls { get; }

    public CancellationToken CancellationToken { get; }

    public EndpointReference? GetEndpoint(string name) =>
        Resource is IResourceWithEndpoints owner ? new EndpointReference(owner, name) : null;
}
