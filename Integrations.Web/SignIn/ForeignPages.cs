namespace Integrations.Web.SignIn;

/// <summary>
/// Refuses what a page of another origin would have a browser do here with its reader's cookies: forms, and the socket of a circuit. The forms' tokens
/// and the cookies' SameSite stand behind it.
/// </summary>
internal static class ForeignPages
{
    public static void UseOriginCheck(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!ChangesSomething(context.Request) || IsOwn(context.Request))
            return next(context);

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return Task.CompletedTask;
    });

    private static bool ChangesSomething(HttpRequest request) =>
        !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
        || request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Every browser tells the origin with these; whoever tells none is no browser, and has no cookies but its own. The scheme is left out: behind a proxy that is
    /// not believed it is not known.
    /// </summary>
    private static bool IsOwn(HttpRequest request)
    {
        var origins = request.Headers.Origin;
        return origins.Count == 0
            || (origins.Count == 1 && Uri.TryCreate(origins[0], UriKind.Absolute, out var origin)
                && string.Equals(origin.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
