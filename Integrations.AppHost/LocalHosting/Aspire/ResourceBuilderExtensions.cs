using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Running;

namespace Aspire.Hosting;

public static class ResourceBuilderExtensions
{
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => builder.Add(new LocalVariable(name, new FixedValue(value ?? "")));

    public static IResourceBuilder<T> WithEnvironment<T>(
        this IResourceBuilder<T> builder, string name, in ReferenceExpression.ExpressionInterpolatedStringHandler value)
        where T : IResourceWithEnvironment => builder.Add(new LocalVariable(name, ReferenceExpression.Create(value)));

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithEnvironment => builder.Add(new LocalVariable(name, value));

    public static IResourceBuilder<T> WithEnvironment<T>(
        this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment => builder.Add(new LocalVariable(name, parameter.Resource));

    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : IResourceWithArgs => builder.Add(new LocalArguments(args));

    /// <summary>Injects <c>ConnectionStrings__{name}</c> and the connection string's parts as <c>{NAME}_{PART}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithConnectionString> source,
        string? connectionName = null,
        bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        var name = connectionName ?? source.Resource.Name;
        builder.Add(new LocalVariable($"ConnectionStrings__{name}", source.Resource.ConnectionStringExpression));
        foreach (var (part, value) in source.Resource.GetConnectionProperties())
        {
            builder.Add(new LocalVariable($"{VariableName(name)}_{part.ToUpperInvariant()}", value));
        }

        return builder;
    }

    /// <summary>
    /// Injects every endpoint of <paramref name="source"/> as <c>services__{name}__{scheme}__0</c> and <c>{NAME}_{ENDPOINT}</c>.
    /// </summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment => builder.Add(new LocalReference(source.Resource));

    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name)
        where T : IResourceWithEndpoints => new(builder.Resource, name);

    public static IResourceBuilder<T> WithHttpEndpoint<T>(
        this IResourceBuilder<T> builder,
        int? port = null,
        int? targetPort = null,
        string? name = null,
        string? env = null,
        bool? isProxied = null)
        where T : IResourceWithEndpoints => builder.WithEndpoint(port, targetPort, "http", name ?? "http", env, isProxied);

    /// <summary>
    /// Gives the resource a port on the loopback address. No proxy stands before it: the process listens on the port itself.
    /// </summary>
    /// <param name="port">The port; a free one when left out or when the application runs with <c>--ports auto</c>.</param>
    /// <param name="env">The variable that tells the process its port.</param>
    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder,
        int? port = null,
        int? targetPort = null,
        string? scheme = null,
        string? name = null,
        string? env = null,
        bool? isProxied = null,
        bool? isExternal = null,
        System.Net.Sockets.ProtocolType? protocol = null)
        where T : IResourceWithEndpoints
    {
        scheme ??= "tcp";
        name ??= scheme;
        if (builder.Resource.Annotations.OfType<LocalEndpoint>().Any(e => string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new DistributedApplicationException($"Endpoint with name '{name}' already exists on resource '{builder.Resource.Name}'.");
        }

        return builder.Add(new LocalEndpoint(name, scheme, targetPort ?? port, env));
    }

    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints =>
        builder.Add(new LocalHttpCheck(new EndpointReference(builder.Resource, endpointName ?? "http"), path ?? "/", statusCode ?? 200));

    /// <summary>Starts the resource only once <paramref name="dependency"/> runs and is healthy.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.Add(new LocalWait(dependency.Resource, WaitKind.Healthy));

    /// <summary>Starts the resource only once <paramref name="dependency"/> has run to its end.</summary>
    public static IResourceBuilder<T> WaitForCompletion<T>(
        this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, int exitCode = 0)
        where T : IResourceWithWaitSupport
    {
        dependency.Resource.Annotations.Add(new LocalJob(exitCode));
        return builder.Add(new LocalWait(dependency.Resource, WaitKind.Completed));
    }

    /// <summary>Changes how an endpoint's address is shown.</summary>
    public static IResourceBuilder<T> WithUrlForEndpoint<T>(
        this IResourceBuilder<T> builder, string endpointName, Action<ResourceUrlAnnotation> callback)
        where T : IResource => builder.WithUrls(context =>
        {
            foreach (var url in context.Urls.Where(u => u.Endpoint?.EndpointName == endpointName))
            {
                callback(url);
            }

            return Task.CompletedTask;
        });

    /// <summary>Changes the addresses that are shown for the resource.</summary>
    public static IResourceBuilder<T> WithUrls<T>(this IResourceBuilder<T> builder, Func<ResourceUrlsCallbackContext, Task> callback)
        where T : IResource => builder.Add(new LocalUrls(callback));

    private static IResourceBuilder<T> Add<T>(this IResourceBuilder<T> builder, IResourceAnnotation annotation)
        where T : IResource
    {
        builder.Resource.Annotations.Add(annotation);
        return builder;
    }

    /// <summary>Upper case, every character that a variable name cannot have as an underscore: Aspire's encoding.</summary>
    private static string VariableName(string name)
    {
        var encoded = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));
        return char.IsAsciiDigit(encoded[0]) ? "_" + encoded : encoded;
    }
}
