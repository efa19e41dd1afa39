using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Running;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    /// <summary>
    /// Adds a parameter that is generated when configuration (<c>Parameters:{name}</c>) does not give it. With <paramref name="persist"/>
    /// the generated value is kept in the data directory's <c>parameters.json</c>.
    /// </summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false, bool persist = false)
    {
        var resource = new ParameterResource(
            name,
            fallback => builder.Configuration[$"Parameters:{name}"]
                ?? builder.Configuration[$"Parameters:{name.Replace('-', '_')}"]
                ?? (persist ? builder.Store().GetOrAdd(name, fallback!.GetDefaultValue) : fallback!.GetDefaultValue()),
            secret)
        { Default = value };
        return builder.AddResource(resource);
    }

    /// <summary>The password that a server gets when none is given.</summary>
    internal static ParameterResource DefaultPassword(IDistributedApplicationBuilder builder, string server) =>
        builder.AddParameter(
            $"{server}-password", new GenerateParameterDefault { Special = false }, secret: true, persist: true).Resource;

    private static ParameterStore Store(this IDistributedApplicationBuilder builder) => ((LocalApplicationBuilder)builder).Parameters;
}
