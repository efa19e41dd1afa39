namespace Integrations.AppHost.Tests.Surface;

/// <summary>
/// <c>aspire-surface.txt</c> holds signatures of Aspire 13.5 that were compared with its source one by one. Code that compiles against
/// LocalHosting then compiles against Aspire, as far as the surface decides that.
/// </summary>
public sealed class AspireSurfaceTests
{
    [Fact]
    public void LocalHosting_declares_nothing_under_Aspires_namespaces_that_Aspire_lacks()
    {
        using var stream = typeof(AspireSurfaceTests).Assembly.GetManifestResourceStream("aspire-surface.txt")!;
        using var reader = new StreamReader(stream);
        var known = reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && !line.StartsWith('#'));

        Assert.Equal(known, PublicSurface.Of(typeof(DistributedApplication).Assembly, "Aspire"));
    }

    [Fact]
    public void LocalHosting_is_internal_apart_from_Aspires_namespaces() =>
        Assert.All(
            typeof(DistributedApplication).Assembly.GetExportedTypes(),
            type => Assert.StartsWith("Aspire.", type.Namespace, StringComparison.Ordinal));
}
