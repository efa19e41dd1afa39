namespace Integrations.AppHost;

internal static class ShownUrls
{
    /// <summary>Names the resource's HTTP address for people; with a token, the address opens the page already signed in.</summary>
    /// <param name="text">What it is called; null when nobody needs to open it.</param>
    /// <param name="token">Put into the fragment, which a browser never sends.</param>
    public static IResourceBuilder<ProjectResource> WithShownUrl(
        this IResourceBuilder<ProjectResource> builder, string? text, IResourceBuilder<ParameterResource>? token) =>
        builder.WithUrls(async context =>
        {
            foreach (var url in context.Urls.Where(url => url.Endpoint?.EndpointName == "http"))
            {
                url.DisplayText = text;
                if (token is not null)
                {
                    url.Url += $"/#token={await token.Resource.GetValueAsync(context.CancellationToken)}";
                }
            }
        });

    /// <summary>Shows one more page of the resource.</summary>
    public static IResourceBuilder<ProjectResource> WithShownPath(
        this IResourceBuilder<ProjectResource> builder, string text, string path) =>
        builder.WithUrls(context =>
        {
            if (context.GetEndpoint("http") is { } endpoint)
            {
                context.Urls.Add(new ResourceUrlAnnotation { Url = endpoint.Url + path, DisplayText = text });
            }

            return Task.CompletedTask;
        });
}
