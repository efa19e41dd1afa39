using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Google.Calendar;
using Integrations.Sandbox.Google.Faults;
using Integrations.Sandbox.Telegram.Phone;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Integrations.Sandbox.Google;

/// <summary>The simulated Google on HTTP, on a loopback port of its own, and the sender of its push messages.</summary>
public sealed class SandboxGoogleServer : IAsyncDisposable
{
    private const long BodyMax = 1 << 20;

    private readonly WebApplication _app;
    private readonly PushDelivery _delivery;

    private SandboxGoogleServer(SandboxGoogle google, WebApplication app, PushDelivery delivery) => (Google, _app, _delivery) = (google, app, delivery);

    public SandboxGoogle Google { get; }

    /// <summary>What a client is configured with in place of all of Google's hosts: <c>http://127.0.0.1:port/</c>.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <param name="port">0 takes a free one.</param>
    /// <param name="controlToken">Opens <c>/sandbox/google</c>, at least 16 characters; null leaves that closed.</param>
    /// <param name="certificate">For HTTPS; null for plain HTTP.</param>
    public static async Task<SandboxGoogleServer> StartAsync(
        SandboxGoogle google, int port = 0, string? controlToken = null, X509Certificate2? certificate = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(google);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = BodyMax;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                if (certificate is not null)
                    listen.UseHttps(certificate);
            });
        });
        builder.Services.AddSingleton(google);
        builder.Services.AddSingleton(new SandboxToken(controlToken ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(16))));
        builder.Services.AddProblemDetails();
        builder.Services.AddGoogleControl();
        var app = builder.Build();
        app.UseMiddleware<PhoneGuard>();
        foreach (var route in google.Routes.All)
            app.MapMethods(route.Pattern, [route.Method], context => AnswerAsync(context, google, route));
        app.MapGoogleControl();
        app.MapFallback("{**path}", context => WriteAsync(context, new GoogleAnswer(404, GoogleRefusal.NotFound().Body())));

        var delivery = new PushDelivery(google.Time);
        google.Channels.Sender = delivery.Send;
        var server = new SandboxGoogleServer(google, app, delivery);
        await app.StartAsync(cancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Google.Channels.Sender = null;
        await _delivery.DisposeAsync();
        await _app.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context, SandboxGoogle google, GoogleRoute route)
    {
        var read = await ReadAsync(context.Request, route.Operation);
        var answer = read is null
            ? new GoogleAnswer(400, new GoogleRefusal(400, "parseError", "Parse Error").Body())
            : await ActAsync(context, google, route, read);
        google.Log(new GoogleCall(route.Operation, context.Request.Method, context.Request.Path, answer?.Status ?? 0));
        if (answer is null)
            context.Abort();
        else
            await WriteAsync(context, answer);
    }

    /// <summary>Null where the connection is cut instead of an answer.</summary>
    private static async Task<GoogleAnswer?> ActAsync(HttpContext context, SandboxGoogle google, GoogleRoute route, GoogleRequest request)
    {
        if (!route.CanRefuse)
            return google.Answer(request, read => route.Work(google, read));

        var (faults, operation, person) = (google.Faults, route.Operation, google.Caller(request));
        if (faults.Take(GoogleFaultKind.Latency, operation, person) is { Milliseconds: { } milliseconds })
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), google.Time, context.RequestAborted);
        if (faults.Take(GoogleFaultKind.CutBeforeChange, operation, person) is not null)
            return null;
        if (Refusal(faults, operation, person) is var (refusal, fault))
        {
            if (fault.RetryAfter is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return google.Answer(request, _ => throw refusal);
        }

        var answer = google.Answer(request, read => route.Work(google, read));
        return faults.Take(GoogleFaultKind.CutAfterChange, operation, person) is null ? answer : null;
    }

    private static (Exception Refusal, GoogleFault Fault)? Refusal(GoogleFaultPlan faults, string operation, string? person)
    {
        if (faults.Take(GoogleFaultKind.ServerError, operation, person) is { } error)
            return (new GoogleRefusal(error.Status ?? 500, error.Reason ?? "backendError", "Backend Error"), error);
        if (operation == "oauth.token")
        {
            return faults.Take(GoogleFaultKind.TokenRefused, operation, person) is { } refused
                ? (new OAuthRefusal(refused.Status ?? 400, refused.Reason ?? "invalid_grant", "Bad Request"), refused)
                : null;
        }

        if (faults.Take(GoogleFaultKind.Unauthorized, operation, person) is { } unauthorized)
            return (GoogleRefusal.Unauthorized(), unauthorized);
        if (faults.Take(GoogleFaultKind.Quota, operation, person) is not { } quota)
            return null;

        var reason = quota.Reason ?? "rateLimitExceeded";
        var message = reason switch
        {
            "userRateLimitExceeded" => "User Rate Limit Exceeded",
            "quotaExceeded" => "Calendar usage limits exceeded.",
            _ => "Rate Limit Exceeded",
        };
        return (new GoogleRefusal(quota.Status ?? 403, reason, message, "usageLimits"), quota);
    }

    /// <summary>Null for a body that is neither a form nor a JSON object.</summary>
    private static async Task<GoogleRequest?> ReadAsync(HttpRequest request, string operation)
    {
        JsonObject body = [];
        IFormCollection form = FormCollection.Empty;
        if (request.HasFormContentType)
        {
            form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
        }
        else if (request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            try
            {
                if (await JsonNode.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted) is { } node)
                    body = node.AsObject();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return null;
            }
        }

        return new GoogleRequest(operation, request.Method, request.Path.Value!)
        {
            Route = request.RouteValues,
            Query = request.Query,
            Form = form,
            Body = body,
            Headers = request.Headers,
        };
    }

    private static async Task WriteAsync(HttpContext context, GoogleAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers.CacheControl = "no-cache, no-store, max-age=0, must-revalidate";
        if (answer.ETag is not null)
            response.Headers.ETag = answer.ETag;
        if (answer.WwwAuthenticate is not null)
            response.Headers.WWWAuthenticate = answer.WwwAuthenticate;
        if (answer.Location is not null)
            response.Headers.Location = answer.Location;
        if (answer.Html is not null)
        {
            response.ContentType = "text/html; charset=utf-8";
            response.Headers.XFrameOptions = "DENY";
            response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
            await response.WriteAsync(answer.Html, context.RequestAborted);
        }
        else if (answer.Body is not null)
        {
            response.ContentType = "application/json; charset=UTF-8";
            await response.WriteAsync(answer.Body.ToJsonString(), context.RequestAborted);
        }
    }
}
