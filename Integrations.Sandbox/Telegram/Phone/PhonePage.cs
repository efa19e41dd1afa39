using System.Reflection;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>The page that plays the phone: files inside the assembly, so that it needs no web root wherever it runs.</summary>
internal static class PhonePage
{
    private const string Prefix = "phone/";

    // Nothing from elsewhere, nothing inline: text that a chat partner wrote cannot become a script.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static IEndpointRouteBuilder MapPhonePage(this IEndpointRouteBuilder routes)
    {
        foreach (var name in Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var file = name[Prefix.Length..];
            var (path, contentType) = Path.GetExtension(file) switch
            {
                ".html" => ("/", "text/html; charset=utf-8"),
                ".css" => ("/" + file, "text/css; charset=utf-8"),
                ".js" => ("/" + file, "text/javascript; charset=utf-8"),
                ".svg" => ("/" + file, "image/svg+xml"),
                _ => throw new InvalidOperationException($"The page does not know how to serve {file}."),
            };
            Map(routes, path, contentType, Read(name));
        }
        return routes;
    }

    private static void Map(IEndpointRouteBuilder routes, string path, string contentType, byte[] bytes) =>
        routes.MapGet(path, (HttpContext context) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers.CacheControl = "no-cache";
            headers["Referrer-Policy"] = "no-referrer";
            return TypedResults.Bytes(bytes, contentType);
        }).ExcludeFromDescription();

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
