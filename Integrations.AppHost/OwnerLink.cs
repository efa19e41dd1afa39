using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Integrations.AppHost;

internal static class OwnerLinkExtensions
{
    /// <summary>Prints the link by which the first user sets a password, until it has been used.</summary>
    public static void AddOwnerLink(
        this IDistributedApplicationBuilder builder,
        IResourceBuilder<ProjectResource> api,
        IResourceBuilder<ProjectResource> web,
        IResourceBuilder<ParameterResource> internalServiceKey) =>
        builder.Services.AddSingleton<IHostedService>(services => new OwnerLink(
            services.GetRequiredService<ResourceNotificationService>(),
            api.GetEndpoint("http"),
            web.GetEndpoint("http"),
            internalServiceKey.Resource,
            TimeProvider.System,
            Console.Out));
}

/// <summary>
/// Asks the Api for a one-time token and prints the console's address with it in the fragment; asks again whenever a token has lapsed
/// unused. It goes to the terminal alone: whoever has the link becomes the owner, so it is in no log.
/// </summary>
internal sealed class OwnerLink(
    ResourceNotificationService resources,
    EndpointReference api,
    EndpointReference web,
    ParameterResource internalServiceKey,
    TimeProvider time,
    TextWriter terminal) : BackgroundService
{
    /// <summary>Pause after an answer that says nothing: the Api may be restarting.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await resources.WaitForResourceHealthyAsync(api.Resource.Name, stoppingToken);
        await resources.WaitForResourceHealthyAsync(web.Resource.Name, stoppingToken);
        using var client = new HttpClient { BaseAddress = new Uri(api.Url) };
        client.DefaultRequestHeaders.Add("X-Internal-Key", await internalServiceKey.GetValueAsync(stoppingToken));
        while (await AskAsync(client, stoppingToken) is { } pause)
        {
            await Task.Delay(pause, time, stoppingToken);
        }
    }

    /// <summary>Prints a link if there is one to print. Returns when to ask again; null when no link is needed any more.</summary>
    private async Task<TimeSpan?> AskAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.PostAsync(new Uri("/internal/owner-link", UriKind.Relative), null, cancellationToken);
            if (response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
            {
                // There is an owner already, or this Api knows no owner links.
                return null;
            }

            if (!response.IsSuccessStatusCode)
            {
                return Retry;
            }

            using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            var token = answer.RootElement.GetProperty("token").GetString();
            var expiresAt = answer.RootElement.GetProperty("expires_at").GetDateTimeOffset();
            await terminal.WriteLineAsync(
                $"""

                  Become the owner (once, before {expiresAt.ToLocalTime():HH:mm}):
                    {web.Url}/welcome#token={token}

                """);
            var left = expiresAt - time.GetUtcNow();
            return left > Retry ? left : Retry;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Not reached, or not answered within the client's own time.
            return Retry;
        }
    }
}
