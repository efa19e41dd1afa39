using Aspire.Hosting.ApplicationModel;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>The addresses, as they are printed on the terminal once everything works.</summary>
internal sealed class AddressList(LocalApplication application)
{
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);

    public async Task PrintWhenReadyAsync(TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync($"Starting with the data in {application.Data.Path} …");
        if (application.DeveloperPageLink is { } early)
        {
            await output.WriteLineAsync($"Developer page: {early}");
        }

        var saidAt = application.Time.GetTimestamp();
        var said = "";
        while (true)
        {
            var changed = application.Board.Changed;
            var missing = application.Board.All.Where(state => !state.IsReady && state.State != KnownResourceStates.Finished).ToList();
            if (missing.Count == 0)
            {
                break;
            }

            var waiting = "Not ready yet: " + string.Join(", ", missing.Select(Describe));
            if (application.Time.GetElapsedTime(saidAt) > Progress && waiting != said)
            {
                saidAt = application.Time.GetTimestamp();
                said = waiting;
                await output.WriteLineAsync(waiting);
            }

            await Task.WhenAny(changed, Task.Delay(Progress, application.Time, cancellationToken)).WaitAsync(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }

        var seconds = (application.Time.GetUtcNow() - application.StartedAt).TotalSeconds;
        await output.WriteLineAsync($"Everything runs, after {seconds:0.0} s.{Environment.NewLine}");
        foreach (var (text, url) in await LinksAsync(cancellationToken))
        {
            await output.WriteLineAsync($"  {text,-20} {url}");
        }

        if (SshTunnel() is { } tunnel)
        {
            await output.WriteLineAsync();
            await output.WriteLineAsync("You are connected over SSH. To reach these addresses, run on your own machine:");
            await output.WriteLineAsync($"  {tunnel}");
        }

        await output.WriteLineAsync($"{Environment.NewLine}Ctrl-C stops everything.");
    }

    /// <summary>The addresses of one resource as its model wants them shown.</summary>
    public static async Task<IReadOnlyList<ResourceUrlAnnotation>> UrlsOfAsync(
        IResource resource, int copy, CancellationToken cancellationToken)
    {
        var urls = resource is not IResourceWithEndpoints owner ? [] : resource.Endpoints().Where(e => e.Ports.Length > copy)
            .Select(e => new ResourceUrlAnnotation
            {
                Url = $"{e.Scheme}://{LocalEndpoint.Loopback}:{e.Ports[copy]}",
                Endpoint = new EndpointReference(owner, e.Name),
            }).ToList();
        var context = new ResourceUrlsCallbackContext(resource, urls, cancellationToken);
        foreach (var callback in resource.Annotations.OfType<LocalUrls>())
        {
            await callback.Callback(context);
        }

        return context.Urls;
    }

    private static string Describe(CopyState state) => $"{state.Id} ({(state.Note ?? state.HealthText ?? state.State).TrimEnd('.')})";

    private async Task<List<(string Text, string Url)>> LinksAsync(CancellationToken cancellationToken)
    {
        var links = new List<(string, string)>();
        foreach (var runner in application.Runners)
        {
            foreach (var url in await UrlsOfAsync(runner.Resource, runner.Copy, cancellationToken))
            {
                if (url.DisplayText is { } text)
                {
                    links.Add((text, url.Url));
                }
            }
        }

        if (application.DeveloperPageLink is { } page)
        {
            links.Add(("Developer page", page));
        }

        return links;
    }

    /// <summary>The command that brings the printed addresses to the machine at the other end of the SSH connection.</summary>
    private string? SshTunnel()
    {
        // client-address client-port server-address server-port
        if (Environment.GetEnvironmentVariable("SSH_CONNECTION")?.Split(' ') is not [_, _, var server, ..])
        {
            return null;
        }

        var ports = application.Runners
            .SelectMany(runner => runner.Resource.Endpoints().Where(e => e.Scheme is "http").Select(e => e.Ports[runner.Copy]))
            .ToList();
        if (application.DeveloperPageLink is { } page)
        {
            ports.Add(new Uri(page).Port);
        }

        return $"ssh {string.Join(' ', ports.Select(p => $"-L {p}:{LocalEndpoint.Loopback}:{p}"))} {Environment.UserName}@{server}";
    }
}
