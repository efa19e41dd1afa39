namespace Integrations.AppHost;

internal static class BackendAddressExtensions
{
    /// <summary>
    /// Tells a host where Telegram brings the updates of bots. The sandbox comes by the Api's own address; Telegram needs one of the internet, which
    /// <c>BACKEND_URL</c> names.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithBackendAddress(this IResourceBuilder<ProjectResource> host, IResourceBuilder<ProjectResource> api) =>
        host.ApplicationBuilder.Configuration["BACKEND_URL"] is { Length: > 0 } address
            ? host.WithEnvironment("BACKEND_URL", address)
            : host.WithEnvironment("BACKEND_URL", ReferenceExpression.Create($"{api.GetEndpoint("http")}"));
}
