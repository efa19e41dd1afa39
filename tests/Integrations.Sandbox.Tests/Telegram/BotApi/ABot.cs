using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Phone;

namespace Integrations.Sandbox.Tests.Telegram.BotApi;

/// <summary>A bot of anna's, called as its program calls it.</summary>
internal sealed class ABot(APhoneHost host, BotCard card)
{
    private static int _last;

    public long Id => card.Id;

    public string Token => card.Token;

    /// <summary>The private chat with it.</summary>
    public PeerRef Chat => PeerRef.User(card.Id);

    public static ABot Make(APhoneHost host) => new(
        host, host.Telegram.PhoneOf("anna").MakeBot("A bot", string.Create(CultureInfo.InvariantCulture, $"made{Interlocked.Increment(ref _last)}_bot")));

    /// <summary>How the Bot API numbers a supergroup or channel.</summary>
    public static long Number(long channelId) => -1_000_000_000_000 - channelId;

    public async Task<JsonElement> AskAsync(string method, object? parameters = null)
    {
        var (status, body) = await CallAsync(method, parameters);
        Assert.True(status == 200, body.ToString());
        return body.GetProperty("result");
    }

    public async Task RefusedAsync(int status, string description, string method, object? parameters)
    {
        var (answered, body) = await CallAsync(method, parameters);
        Assert.Equal((status, description), (answered, body.GetProperty("description").GetString()));
        Assert.Equal(status, body.GetProperty("error_code").GetInt32());
    }

    public async Task<(int Status, JsonElement Body)> CallAsync(string method, object? parameters)
    {
        using var response = parameters is HttpContent content
            ? await host.Http.PostAsync(Path(method), content, TestContext.Current.CancellationToken)
            : await host.Http.PostAsJsonAsync(Path(method), parameters ?? new { }, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await APhoneHost.ReadAsync(response));
    }

    /// <summary>What came since the last time, each confirmed.</summary>
    public async Task<IReadOnlyList<JsonElement>> NewsAsync()
    {
        JsonElement[] updates = [.. (await AskAsync("getUpdates")).EnumerateArray()];
        if (updates.Length > 0)
            await AskAsync("getUpdates", new { offset = updates[^1].GetProperty("update_id").GetInt32() + 1 });
        return updates;
    }

    /// <summary>What came of one kind since the last time; the others are forgotten.</summary>
    public async Task<IReadOnlyList<JsonElement>> NewsAsync(string kind) =>
        [.. (await NewsAsync()).Where(update => update.TryGetProperty(kind, out _)).Select(update => update.GetProperty(kind))];

    private Uri Path(string method) => APhoneHost.Path($"/bot{card.Token}/{method}");
}
