using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Integrations.Bench.Product;

/// <summary>The sandbox phone over HTTP: what a person would do with the telephone in the hand.</summary>
internal sealed class PhoneClient : IDisposable
{
    private readonly HttpClient _http;

    public PhoneClient(Uri address, string token)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(15) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>The people of the world by their username.</summary>
    public async Task<IReadOnlyDictionary<string, Person>> PeopleAsync(CancellationToken cancellationToken)
    {
        var world = await GetAsync("sandbox/telegram", cancellationToken);
        return world["people"]!.AsArray().Select(p => new Person(
                p!["id"]!.GetValue<long>(), p.OptionalText("username") ?? "", p.Text("phone"), p.OptionalText("password")))
            .ToDictionary(p => p.Username, StringComparer.Ordinal);
    }

    public Task ScanAsync(Person person, string url, CancellationToken cancellationToken) =>
        PostAsync($"sandbox/people/{person.Id}/scan", new { url }, cancellationToken);

    public async Task<string?> NewestCodeAsync(Person person, CancellationToken cancellationToken) =>
        (await GetAsync($"sandbox/people/{person.Id}/codes", cancellationToken)).AsArray().FirstOrDefault().OptionalText("code");

    /// <summary>When the newest code was sent; codes of test numbers are all alike, so a new one is told by this. Null before the first.</summary>
    public async Task<string?> NewestCodeSentAtAsync(Person person, CancellationToken cancellationToken) =>
        (await GetAsync($"sandbox/people/{person.Id}/codes", cancellationToken)).AsArray().FirstOrDefault().OptionalText("sent_at");

    /// <summary>The newest code that came to the person's recovery address.</summary>
    public async Task<string?> NewestEmailCodeAsync(Person person, CancellationToken cancellationToken) =>
        (await GetAsync($"sandbox/people/{person.Id}/emails", cancellationToken)).AsArray().FirstOrDefault().OptionalText("code");

    public async Task<int> DeviceCountAsync(Person person, CancellationToken cancellationToken) =>
        (await GetAsync($"sandbox/people/{person.Id}/devices", cancellationToken)).AsArray().Count;

    /// <summary>Ends all sessions of a person, as somebody does who has lost a phone.</summary>
    public async Task EndDevicesAsync(Person person, CancellationToken cancellationToken)
    {
        foreach (var device in (await GetAsync($"sandbox/people/{person.Id}/devices", cancellationToken)).AsArray())
        {
            using var response = await _http.DeleteAsync(new Uri($"sandbox/people/{person.Id}/devices/{device.Text("hash")}", UriKind.Relative), cancellationToken);
            response.EnsureSuccessStatusCode();
        }
    }

    public Task WriteAsync(Person from, Person to, string text, CancellationToken cancellationToken) =>
        PostAsync($"sandbox/people/{from.Id}/chats/{to.Id}/messages", new { text }, cancellationToken);

    /// <summary>How often a text stands in the chat as this person sees it.</summary>
    public async Task<int> CountAsync(Person reader, Person with, string text, CancellationToken cancellationToken, long after = 0)
    {
        using var response = await _http.GetAsync(new Uri($"sandbox/people/{reader.Id}/chats/{with.Id}/messages?after={after}", UriKind.Relative), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return 0;
        response.EnsureSuccessStatusCode();
        var messages = await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
        return messages!.AsArray().Count(m => m.OptionalText("text") == text);
    }

    /// <summary>Messages of a room from one number on, oldest first.</summary>
    public async Task<IReadOnlyList<(int Id, string Text)>> MessagesAsync(Person reader, string room, int after, CancellationToken cancellationToken) =>
        [.. (await GetAsync($"sandbox/people/{reader.Id}/chats/{room}/messages?after={after}", cancellationToken)).AsArray()
            .Select(message => (message!["id"]!.GetValue<int>(), message.OptionalText("text") ?? ""))];

    /// <summary>Waits until something in the world is newer than a version, or for a while.</summary>
    /// <returns>The version of the world now.</returns>
    public async Task<long> ChangedSinceAsync(long version, CancellationToken cancellationToken) =>
        (await GetAsync($"sandbox/changes?after={version}", cancellationToken))["version"]!.GetValue<long>();

    /// <summary>Answers a message of a room, in its topic if it has one.</summary>
    public Task AnswerAsync(Person from, string room, string text, int replyTo, CancellationToken cancellationToken) =>
        PostAsync($"sandbox/people/{from.Id}/chats/{room}/messages", new { text, reply_to = replyTo }, cancellationToken);

    /// <summary>Sorts a supergroup's messages into topics.</summary>
    public Task SortIntoTopicsAsync(Person owner, string room, CancellationToken cancellationToken) =>
        PatchAsync($"sandbox/people/{owner.Id}/chats/{room}", new { topics = true }, cancellationToken);

    /// <summary>Makes a bot, as with BotFather.</summary>
    public async Task<(long Id, string Token)> MakeBotAsync(Person owner, string name, string username, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsJsonAsync(new Uri($"sandbox/people/{owner.Id}/bots", UriKind.Relative), new { name, username }, cancellationToken);
        response.EnsureSuccessStatusCode();
        var bot = await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
        return (bot!["id"]!.GetValue<long>(), bot.Text("token"));
    }

    /// <summary>Brings a bot into a room, and gives it a right there.</summary>
    public async Task AdmitAsync(Person owner, string room, long bot, string right, CancellationToken cancellationToken)
    {
        await PostAsync($"sandbox/people/{owner.Id}/chats/{room}/members", new { user_id = bot }, cancellationToken);
        await PatchAsync($"sandbox/people/{owner.Id}/chats/{room}/members/{bot}", new { rights = new[] { right } }, cancellationToken);
    }

    public async Task<int> ViolationsAsync(CancellationToken cancellationToken) =>
        (await GetAsync("sandbox/violations", cancellationToken)) is JsonArray list ? list.Count : throw new ScenarioException("violations is not a list");

    private async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken) =>
        await _http.GetFromJsonAsync<JsonNode>(new Uri(path, UriKind.Relative), cancellationToken)
        ?? throw new ScenarioException($"{path} answered nothing");

    private Task PostAsync(string path, object body, CancellationToken cancellationToken) =>
        DoAsync(path, _http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, cancellationToken), cancellationToken);

    private Task PatchAsync(string path, object body, CancellationToken cancellationToken) =>
        DoAsync(path, _http.PatchAsJsonAsync(new Uri(path, UriKind.Relative), body, cancellationToken), cancellationToken);

    private static async Task DoAsync(string path, Task<HttpResponseMessage> request, CancellationToken cancellationToken)
    {
        using var response = await request;
        if (!response.IsSuccessStatusCode)
            throw new ScenarioException($"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>A person of the sandbox world.</summary>
internal sealed record Person(long Id, string Username, string Phone, string? Password);
