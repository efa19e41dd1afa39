using Integrations.Core.Errors;

namespace Integrations.Api.Http;

/// <summary>The refusals a route is documented with, beyond those that every route has.</summary>
internal sealed record RefusalMetadata(IReadOnlyList<string> Codes);

internal static class RefusalConventions
{
    /// <param name="codes">Of the catalogue; a wrong one is found when the routes are mapped.</param>
    public static TBuilder Refuses<TBuilder>(this TBuilder builder, params string[] codes) where TBuilder : IEndpointConventionBuilder
    {
        foreach (var code in codes)
            ErrorCatalogue.Find(code);
        return builder.WithMetadata(new RefusalMetadata(codes));
    }
}
