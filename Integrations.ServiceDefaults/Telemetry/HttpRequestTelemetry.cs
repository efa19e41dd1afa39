using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Integrations.ServiceDefaults.Telemetry;

/// <summary>
/// <c>http_requests_total{method,route,code}</c>, <c>http_request_duration_seconds{method,route}</c> and
/// <c>http_requests_inprogress{method}</c>, and the HTTP attributes of the request's span.
/// </summary>
/// <remarks>
/// ASP.NET Core's own <c>http.server.request.duration</c> stays beside them. The label is the route's template, never the path:
/// a path carries ids and tokens, and every new value would be a new series.
/// </remarks>
internal sealed class HttpRequestTelemetry
{
    private const int ClientClosedRequest = 499;

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly UpDownCounter<long> _inProgress;

    public HttpRequestTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create("Integrations.Http");
        _requests = meter.CreateCounter<long>("http.requests", "{request}", "Requests answered, by method, route template and status code.");
        _duration = meter.CreateHistogram<double>("http.request.duration", "s", "Time to answer a request; event streams and WebSockets are left out.");
        _inProgress = meter.CreateUpDownCounter<long>("http.requests.inprogress", "{request}", "Requests being answered now.");
    }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var started = Stopwatch.GetTimestamp();
        var method = Method(context.Request.Method);
        var methodLabel = new KeyValuePair<string, object?>("method", method);
        // Kept from the start: the exception handler and re-execution may replace the current one.
        var activity = Activity.Current;
        if (IsOwnEndpoint(context.Request.Path) && activity is not null)
        {
            // Probes and scrapes come every few seconds and say nothing; the exporter skips what is not recorded.
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            activity.IsAllDataRequested = false;
        }

        _inProgress.Add(1, methodLabel);
        var code = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context);
            code = context.Response.StatusCode;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            code = ClientClosedRequest;
            throw;
        }
        catch (BadHttpRequestException refused)
        {
            // The server itself answers with this code.
            code = refused.StatusCode;
            throw;
        }
        finally
        {
            _inProgress.Add(-1, methodLabel);
            var route = new KeyValuePair<string, object?>("route", Route(context));
            _requests.Add(1, methodLabel, route, new("code", code));
            if (!IsStream(context, code))
                _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, methodLabel, route);

            Describe(activity, context, method, (string)route.Value!, code);
        }
    }

    private static void Describe(Activity? activity, HttpContext context, string method, string route, int code)
    {
        if (activity is not { IsAllDataRequested: true })
            return;

        activity.DisplayName = $"{method} {route}";
        activity.SetTag("http.request.method", method);
        activity.SetTag("http.route", route);
        activity.SetTag("url.scheme", context.Request.Scheme);
        activity.SetTag("url.path", (context.Request.PathBase + context.Request.Path).Value);
        activity.SetTag("http.response.status_code", code);
        if (code >= StatusCodes.Status500InternalServerError)
            activity.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>An exception handler takes the endpoint off the request and keeps it in its feature.</summary>
    private static string Route(HttpContext context)
    {
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        return endpoint switch
        {
            RouteEndpoint { RoutePattern.RawText: { } template } => template.StartsWith('/') ? template : "/" + template,
            null => "unmatched",
            _ => "other",
        };
    }

    private static bool IsStream(HttpContext context, int code) =>
        code == StatusCodes.Status101SwitchingProtocols
        || context.Response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) is true;

    private static bool IsOwnEndpoint(PathString path) => path.Value is "/health" or "/alive" or "/metrics";

    /// <summary>A caller may send any word as the method; a label must not grow by that.</summary>
    private static string Method(string method) => method switch
    {
        "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" or "CONNECT" or "TRACE" => method,
        _ => "_OTHER",
    };
}

/// <summary>Puts the measurement before every other middleware, so that what they answer or throw is counted too.</summary>
internal sealed class HttpRequestTelemetryFilter(HttpRequestTelemetry telemetry) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(handler => context => telemetry.InvokeAsync(context, handler));
        next(app);
    };
}
