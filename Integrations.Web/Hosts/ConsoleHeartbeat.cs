using Integrations.Web.Api;

namespace Integrations.Web.Hosts;

/// <summary>Tells the Api every five seconds that this copy of the console lives, so that it stands among the hosts on the system's page.</summary>
internal sealed partial class ConsoleHeartbeat(IHttpClientFactory clients, IConfiguration configuration, TimeProvider time, ILogger<ConsoleHeartbeat> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly long _started = time.GetTimestamp();
    private readonly Guid _id = Guid.CreateVersion7(time.GetUtcNow());

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(new HttpRequestMessage(HttpMethod.Delete, Path), cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await TryAsync(
                new HttpRequestMessage(HttpMethod.Put, Path)
                {
                    Content = JsonContent.Create(
                        new { name = Environment.MachineName, version = configuration["VERSION"] is { Length: > 0 } version ? version : "1.0.0", running_seconds = (int)time.GetElapsedTime(_started).TotalSeconds }),
                },
                stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private string Path => $"internal/hosts/{_id}";

    private async Task TryAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            try
            {
                request.Headers.Add("X-Internal-Key", configuration["INTERNAL_SERVICE_KEY"]);
                using var response = await clients.CreateClient(nameof(IntegrationsApi)).SendAsync(request, cancellationToken);
                response.EnsureSuccessStatusCode();
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // The next sign comes in five seconds; until then this copy looks as silent as it is.
                LogNotTold(logger, e);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The console stops; the last word is StopAsync's.
            }
        }
    }

    [LoggerMessage(EventId = 4102, Level = LogLevel.Debug, Message = "The Api did not take this console's sign of life")]
    private static partial void LogNotTold(ILogger logger, Exception exception);
}
