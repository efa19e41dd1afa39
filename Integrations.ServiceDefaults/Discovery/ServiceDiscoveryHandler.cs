namespace Integrations.ServiceDefaults.Discovery;

/// <summary>Sends a request for a service's name to one of the service's addresses.</summary>
internal sealed class ServiceDiscoveryHandler(ServiceEndpoints endpoints) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } named)
            return await base.SendAsync(request, cancellationToken);

        request.RequestUri = endpoints.Resolve(named);
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            // The next try of the same request asks by name again.
            request.RequestUri = named;
        }
    }

    /// <summary>The same for the few callers whose contract is synchronous (the DataProtection ring).</summary>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } named)
            return base.Send(request, cancellationToken);

        request.RequestUri = endpoints.Resolve(named);
        try
        {
            return base.Send(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = named;
        }
    }
}
