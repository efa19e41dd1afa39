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
        var me = (await api.GetAsync("api/v1/auth/me", CancellationToken.None)).Body!["user_id"]!.GetValue<int>();
        var accounts = await api.GetAsync(Accounts, CancellationToken.None);
        foreach (var account in (accounts.Body as JsonArray ?? []).Where(account => account!["user_id"]!.GetValue<int>() == me))
        {
            // A login that is still open is an account that waits; administrators would see it in the next test.
            var path = account.Text("status") == "pending" ? $"{Accounts}/login/{account.Text("id")}" : $"{Accounts}/{account.Text("id")}";
            await api.DeleteAsync(path, CancellationToken.None);
        }

        // Signing out of Telegram takes a moment, in which administrators would still see the account.
        await Office.UntilAsync(
            "the accounts are given back",
            async () => (await api.GetAsync(Accounts, CancellationToken.None)).Body is not JsonArray left
                || !left.Any(account => account!["user_id"]!.GetValue<int>() == me && account["telegram_user_id"] is not null),
            TimeSpan.FromSeconds(60),
            CancellationToken.None);
        api.Dispose();
    }
}
