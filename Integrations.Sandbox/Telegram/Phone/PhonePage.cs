using System.Reflection;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>The page that plays the phone: three files inside the assembly, so that it needs no web root wherever it runs.</summary>
internal static class PhonePage
{
    // Nothing from elsewhere, nothing inline: text that a chat partner wrote cannot become a script.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static IEndpointRouteBuilder MapPhonePage(this IEndpointRouteBuilder routes)
    {
        Map(routes, "/", "phone.html", "text/html; charset=utf-8");
        Map(routes, "/phone.css", "phone.css", "text/css; charset=utf-8");
        Map(routes, "/phone.js", "phone.js", "text/javascript; charset=utf-8");
        return routes;
    }

    private static void Map(IEndpointRouteBuilder routes, string path, string file, string contentType)
    {
        var bytes = Read(file);
        routes.MapGet(path, (HttpContext context) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers.CacheControl = "no-cache";
            headers["Referrer-Policy"] = "no-referrer";
            return TypedResults.Bytes(bytes, contentType);
        }).ExcludeFromDescription();
    }

    private static byte[] Read(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"phone/{file}")
            ?? throw new InvalidOperationException($"The page file {file} is not in the assembly.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
