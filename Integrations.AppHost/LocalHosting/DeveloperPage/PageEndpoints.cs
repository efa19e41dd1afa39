using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Data;
using Integrations.AppHost.LocalHosting.Running;
using Integrations.AppHost.LocalHosting.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Integrations.AppHost.LocalHosting.DeveloperPage;

/// <summary>What the page's script asks for. Streams are one JSON document per line, for as long as the reader stays.</summary>
internal static class PageEndpoints
{
    /// <summary>The picker's entry for the output of everything at once.</summary>
    private const string AllLogs = "all";

    private static readonly JsonSerializerOptions Json = new(AddressFile.Json) { WriteIndented = false };

    public static void MapPage(this IEndpointRouteBuilder routes, LocalApplication application)
    {
        MapFile(routes, "/", "page.html", "text/html; charset=utf-8");
        MapFile(routes, "/page.css", "page.css", "text/css; charset=utf-8");
        MapFile(routes, "/page.js", "page.js", "text/javascript; charset=utf-8");
        routes.MapGet("/api/state", context => WriteStateAsync(context, application));
        routes.MapGet("/api/resources", context => StreamStatesAsync(context, application));
        routes.MapGet("/api/resources/{id}/environment", context => WriteEnvironmentAsync(context, application));
        routes.MapPost("/api/resources/{id}/{command}", context => ExecuteAsync(context, application));
        routes.MapGet("/api/logs/{id}", context => StreamLogAsync(context, application));
        routes.MapGet("/api/logs/{id}/file", context => SendLogFileAsync(context, application));
    }

    private static void MapFile(IEndpointRouteBuilder routes, string path, string name, string contentType) =>
        routes.MapGet(path, async context =>
        {
            context.Response.ContentType = contentType;
            await using var file = typeof(PageEndpoints).Assembly.GetManifestResourceStream(name)!;
            await file.CopyToAsync(context.Response.Body, context.RequestAborted);
        });

    private static async Task WriteStateAsync(HttpContext context, LocalApplication application) =>
        await WriteJsonAsync(context, await StateAsync(application, context.RequestAborted));

    /// <summary>Sends everything at each change.</summary>
    private static Task StreamStatesAsync(HttpContext context, LocalApplication application) => StreamAsync(context, async (write, over) =>
    {
        while (true)
        {
            var changed = application.Board.Changed;
            await write(await StateAsync(application, over));
            await changed.WaitAsync(over);
        }
    });

    private static async Task WriteEnvironmentAsync(HttpContext context, LocalApplication application)
    {
        var runner = Find(context, application);
        var variables = runner?.Program is ProjectProgram project
            ? await project.InjectedAsync(runner.Copy, context.RequestAborted)
            : new Dictionary<string, string>();
        await WriteJsonAsync(context, variables.Select(variable => new { variable.Key, Value = application.Mask(variable.Value) }));
    }

    private static async Task ExecuteAsync(HttpContext context, LocalApplication application)
    {
        var result = await application.ExecuteAsync(
            (string)context.Request.RouteValues["id"]!, (string)context.Request.RouteValues["command"]!, context.RequestAborted);
        if (!result.Success)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }

        await WriteJsonAsync(context, result);
    }

    /// <summary>Sends the kept lines and then each new one; <c>?after=</c> leaves out those that the reader has.</summary>
    private static Task StreamLogAsync(HttpContext context, LocalApplication application) => StreamAsync(context, async (write, over) =>
    {
        var asked = (string)context.Request.RouteValues["id"]!;
        var ids = application.LogIds.Where(id => asked == AllLogs || id == asked).ToList();
        var seen = asked != AllLogs && long.TryParse(context.Request.Query["after"], out var after) ? after : 0;
        var positions = ids.ToDictionary(id => id, _ => seen);
        while (true)
        {
            var news = ids.Select(id => (Id: id, News: application.Logs.Of(id).After(positions[id]))).ToList();
            var lines = news.SelectMany(entry => entry.News.Lines.Select(line => (entry.Id, Line: line)))
                .OrderBy(entry => entry.Line.At)
                .TakeLast(ProgramLog.KeptLines)
                .ToList();
            foreach (var entry in lines)
            {
                positions[entry.Id] = Math.Max(positions[entry.Id], entry.Line.Number);
            }

            // Also when there are none: the reader learns that it has seen all.
            await write(lines.Select(entry => new { Source = entry.Id, entry.Line.Number, entry.Line.At, entry.Line.Text }));
            await Task.WhenAny(news.Select(entry => entry.News.More)).WaitAsync(over);
        }
    });

    /// <summary>The output on disk, which reaches further back than the page does.</summary>
    private static async Task SendLogFileAsync(HttpContext context, LocalApplication application)
    {
        var id = application.LogIds.FirstOrDefault(known => known == (string?)context.Request.RouteValues["id"]);
        if (id is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{id}.log\"";
        var current = Path.Combine(application.Data.Logs, $"{id}.log");
        foreach (var path in new[] { current + ".1", current }.Where(File.Exists))
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await file.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }

    private static CopyRunner? Find(HttpContext context, LocalApplication application) =>
        application.Runners.FirstOrDefault(runner => runner.Id == (string?)context.Request.RouteValues["id"]);

    private static async Task<object> StateAsync(LocalApplication application, CancellationToken cancellationToken)
    {
        var resources = new List<object>();
        foreach (var state in application.Board.All)
        {
            var runner = application.Runners.FirstOrDefault(candidate => candidate.Id == state.Id);
            var urls = runner is null ? [] : await AddressList.UrlsOfAsync(state.Resource, runner.Copy, cancellationToken);
            resources.Add(new
            {
                state.Id,
                Kind = runner?.Program.Kind ?? "Database",
                state.State,
                Health = state.HasHealthCheck ? state.Health?.ToString() : null,
                Ready = state.IsReady || state.State == KnownResourceStates.Finished,
                state.HealthText,
                state.Note,
                state.Pid,
                state.ExitCode,
                state.StartedAt,
                state.Restarts,
                Parent = state.Resource is PortMapperResource mapper ? mapper.Broker : (state.Resource as IResourceWithParent)?.Parent.Name,
                CanStart = runner is not null && (state.AtRest || IsBetweenStarts(state)),
                CanStop = runner is not null && !state.AtRest,
                HasEnvironment = runner?.Program is ProjectProgram,
                // Whoever reads this has the token of this page; links with the token of another one are for them too.
                Urls = urls.Select(url => new { url.Url, Text = url.DisplayText, Name = url.Endpoint?.EndpointName }),
            });
        }

        return new
        {
            application.StartedAt,
            DataDirectory = application.Data.Path,
            Logs = application.LogIds,
            Resources = resources,
        };
    }

    /// <summary>It has ended and waits to be started again, which need not be waited for.</summary>
    private static bool IsBetweenStarts(CopyState state) =>
        state.State == KnownResourceStates.Exited || state.State == KnownResourceStates.FailedToStart;

    private static Task WriteJsonAsync<T>(HttpContext context, T value)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return JsonSerializer.SerializeAsync(context.Response.Body, value, Json, context.RequestAborted);
    }

    private static async Task StreamAsync(HttpContext context, Func<Func<object, Task>, CancellationToken, Task> produce)
    {
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.Response.ContentType = "application/x-ndjson; charset=utf-8";
        try
        {
            await produce(
                async value =>
                {
                    await JsonSerializer.SerializeAsync(context.Response.Body, value, Json, over.Token);
                    await context.Response.Body.WriteAsync("\n"u8.ToArray(), over.Token);
                    await context.Response.Body.FlushAsync(over.Token);
                },
                over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The reader has gone, or the page is being stopped.
        }
    }
}
