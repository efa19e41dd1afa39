using Integrations.AppHost.LocalHosting.Running;

namespace Integrations.AppHost.LocalHosting.DeveloperPage;

internal sealed class Page : IAsyncDisposable
{
    public string Link { get; } = "";

    public static Task<Page> StartAsync(LocalApplication application, int port, CancellationToken cancellationToken) => Task.FromResult(new Page());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
