using System.Text.Json.Nodes;
using Integrations.Bench.Product;

namespace Integrations.Web.Tests.Browser;

/// <summary>One person who works with the console, seen over the API; at the end the accounts are given back, so that other tests can have them.</summary>
internal sealed class ConsoleUser(ApiClient api) : IAsyncDisposable
{
    private const string Accounts = "api/personal-telegram-accounts";

    public ApiClient Api => api;

    public Office Office { get; } = new(api);

    public async ValueTask DisposeAsync()
    {
        // Also when the test was cancelled.
        var accounts = await api.GetAsync(Accounts, CancellationToken.None);
        foreach (var account in (accounts.Body as JsonArray ?? []).Where(account => account.Text("status") is not ("pending" or "disconnected")))
            await api.DeleteAsync($"{Accounts}/{account.Text("id")}", CancellationToken.None);
        api.Dispose();
    }
}
