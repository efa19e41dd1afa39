using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Running;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Testing;

/// <summary>What tests ask a started application.</summary>
public static class DistributedApplicationHostingTestingExtensions
{
    /// <exception cref="ArgumentException">There is no such resource, or it has no connection string.</exception>
    public static ValueTask<string?> GetConnectionStringAsync(
        this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        Find(app, resourceName) is IResourceWithConnectionString resource
            ? resource.GetConnectionStringAsync(cancellationToken)
            : throw new ArgumentException($"Resource '{resourceName}' has no connection string.", nameof(resourceName));

    /// <exception cref="ArgumentException">There is no such resource, or it has no such endpoint.</exception>
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = default) =>
        Find(app, resourceName) is IResourceWithEndpoints resource
        && new EndpointReference(resource, endpointName ?? "http") is { IsAllocated: true } endpoint
            ? new Uri(endpoint.Url)
            : throw new ArgumentException($"Resource '{resourceName}' has no endpoint '{endpointName ?? "http"}'.", nameof(endpointName));

    private static IResource Find(DistributedApplication app, string resourceName) =>
        app.Services.GetRequiredService<LocalApplication>().Board.Find(resourceName)?.Resource
        ?? throw new ArgumentException($"There is no resource '{resourceName}'.", nameof(resourceName));
}
