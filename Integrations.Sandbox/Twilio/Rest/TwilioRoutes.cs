using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Integrations.Sandbox.Twilio.Rest;

/// <summary>Maps what the API serves, and does what every request needs: faults, credentials, the reading of bodies, errors in Twilio's form.</summary>
internal sealed class TwilioRoutes(WebApplication app, SandboxTwilio twilio)
{
    /// <summary>A resource of the API of 2010: JSON at <c>path.json</c>, XML at the bare path.</summary>
    public void Map2010(string method, string path, Func<TwilioRequest, TwilioAnswer> handle)
    {
        Map(method, $"/{SandboxTwilio.ApiVersion}{path}.json", handle);
        Map(method, $"/{SandboxTwilio.ApiVersion}{path}", handle, isXml: true);
    }

    /// <param name="isOpen">Whether this request needs no credentials.</param>
    public void Map(
        string method, string path, Func<TwilioRequest, TwilioAnswer> handle, bool isXml = false, Func<SandboxTwilio, HttpRequest, bool>? isOpen = null) =>
        app.MapMethods(path, [method], (HttpContext context) => ServeAsync(context, handle, isXml, isOpen?.Invoke(twilio, context.Request) == true));

    /// <summary>Whatever else is asked for is not there, also what looks like a file.</summary>
    public void MapRest() => app.MapFallback("{*path}", (HttpContext context) =>
        ServeAsync(context, request => throw TwilioRefusal.NotFound(request.Path), isXml: false, isOpen: false));

    private async Task ServeAsync(HttpContext context, Func<TwilioRequest, TwilioAnswer> handle, bool isXml, bool isOpen)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value!);
        if (Take(TwilioFaultKind.CutBefore) is not null)
        {
            context.Abort();
            return;
        }

        TwilioAnswer answer;
        try
        {
            if (Take(TwilioFaultKind.TooManyRequests) is { } many)
                throw new TwilioRefusal(429, 20429, "Too Many Requests") { RetryAfter = many.RetryAfter };
            if (Take(TwilioFaultKind.Unavailable) is not null)
                throw new TwilioRefusal(503, 20503, "Service is unavailable");
            if (Take(TwilioFaultKind.Refuse) is { } fault)
                throw new TwilioRefusal(fault.HttpStatus, fault.Code!.Value, TwilioErrors.Message(fault.Code.Value));

            var account = isOpen ? twilio.FindAccount((string)context.Request.RouteValues["account"]!)! : Authenticate(context.Request);
            var request = await ReadAsync(context.Request, account);
            lock (twilio.Gate)
                answer = handle(request);
        }
        catch (TwilioRefusal refusal)
        {
            answer = new TwilioAnswer(refusal.Status, refusal.Body(), "RestException");
            if (refusal.Status == StatusCodes.Status401Unauthorized)
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"Twilio API\"";
            if (refusal.RetryAfter is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        twilio.Record(new TwilioCall(method, path, answer.Status));
        if (Take(TwilioFaultKind.CutAfter) is not null)
        {
            context.Abort();
            return;
        }

        if (Take(TwilioFaultKind.Latency) is { } latency)
            await Task.Delay(TimeSpan.FromMilliseconds(latency.Milliseconds), twilio.Time, context.RequestAborted);
        await WriteAsync(context.Response, answer, isXml, context.RequestAborted);

        TwilioFault? Take(TwilioFaultKind kind) => twilio.Faults.TakeForRequest(kind, method, path);
    }

    private TwilioAccount Authenticate(HttpRequest request)
    {
        if (AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header)
            && string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(header.Parameter ?? "", new byte[1024], out _)
            && Encoding.UTF8.GetString(Convert.FromBase64String(header.Parameter!)).Split(':', 2) is [var user, var password]
            && twilio.FindAccountOf(user, password) is { } account)
        {
            return account;
        }

        throw new TwilioRefusal(401, 20003, "Authenticate");
    }

    private async Task<TwilioRequest> ReadAsync(HttpRequest request, TwilioAccount account)
    {
        var cancellationToken = request.HttpContext.RequestAborted;
        if (request.HasFormContentType)
            return new TwilioRequest(twilio, account, request, await request.ReadFormAsync(cancellationToken), []);
        if (!request.HasJsonContentType())
            return new TwilioRequest(twilio, account, request, FormCollection.Empty, []);

        try
        {
            var json = await JsonNode.ParseAsync(request.Body, cancellationToken: cancellationToken);
            return new TwilioRequest(twilio, account, request, FormCollection.Empty, json as JsonObject ?? []);
        }
        catch (JsonException)
        {
            throw new TwilioRefusal(400, 20001, "The body is no JSON.");
        }
    }

    private static async Task WriteAsync(HttpResponse response, TwilioAnswer answer, bool isXml, CancellationToken cancellationToken)
    {
        response.StatusCode = answer.Status;
        if (answer.Location is { } location)
            response.Headers.Location = location;
        if (answer.Body is null)
            return;

        response.ContentType = isXml ? "application/xml" : "application/json";
        await response.WriteAsync(isXml ? Xml(answer) : answer.Body.ToJsonString(), cancellationToken);
    }

    private static string Xml(TwilioAnswer answer)
    {
        return "<?xml version='1.0' encoding='UTF-8'?>\n" + new XElement("TwilioResponse", Element(answer.Root, answer.Body)).ToString(SaveOptions.DisableFormatting);

        static XElement Element(string name, JsonNode? value) => value switch
        {
            JsonObject fields => new XElement(name, fields.Select(field => Element(Pascal(field.Key), field.Value))),
            JsonArray items => new XElement(name, items.Select(item => Element("Item", item))),
            _ => new XElement(name, value?.ToString()),
        };

        static string Pascal(string name) => string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }
}
