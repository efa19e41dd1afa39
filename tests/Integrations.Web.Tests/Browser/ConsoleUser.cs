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

        // Again and again: a login may be completed between the look and the deletion, and signing out of Telegram takes a moment, in which
        // administrators would still see the account.
        await Office.UntilAsync("the accounts are given back", () => GiveBackAsync(me), TimeSpan.FromSeconds(120), CancellationToken.None);
        api.Dispose();
    }

    /// <summary>True when none is left.</summary>
    private async Task<bool> GiveBackAsync(int user)
    {
        var all = await api.GetAsync(Accounts, CancellationToken.None);
        var own = (all.Body as JsonArray ?? []).Where(account => account!["user_id"]!.GetValue<int>() == user).ToArray();
        foreach (var account in own)
        {
            // A login that is still open is an account that waits; administrators would see it in the next test.
            var path = account.Text("status") == "pending" ? $"{Accounts}/login/{account.Text("id")}" : $"{Accounts}/{account.Text("id")}";
            await api.DeleteAsync(path, CancellationToken.None);
        }

        return own.All(account => account!["telegram_user_id"] is null);
    }
}
