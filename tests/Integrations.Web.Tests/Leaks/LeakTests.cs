using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Integrations.Bench.Product;
using Integrations.Web.Tests.Browser;

namespace Integrations.Web.Tests.Leaks;

/// <summary>Secrets go through every flow, and are looked for in everything that the product writes.</summary>
[Collection(ConsoleTests.Name)]
public sealed class LeakTests(ConsoleFixture console)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("clear")]
    [InlineData("UTF-16")]
    [InlineData("hex")]
    [InlineData("URL")]
    [InlineData("Base64")]
    [InlineData("gzip")]
    public void A_secret_is_found_in_every_form(string form)
    {
        const string Secret = "a secret that is long enough ÿ";
        var clear = Encoding.UTF8.GetBytes(Secret);
        var text = form switch
        {
            "UTF-16" => Encoding.Unicode.GetBytes("before " + Secret + " after"),
            "hex" => Encoding.ASCII.GetBytes("x" + Convert.ToHexStringLower(clear) + "y"),
            "URL" => Encoding.ASCII.GetBytes("?q=" + Uri.EscapeDataString(Secret) + "&"),
            "Base64" => Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes("{\"p\":\"" + Secret + "\"}"))),
            "gzip" => Gzip(Encoding.UTF8.GetBytes("before " + Secret + " after")),
            _ => Encoding.UTF8.GetBytes("before " + Secret + " after"),
        };
        var search = new SecretSearch(new Dictionary<string, string> { ["it"] = Secret });

        Assert.NotEmpty(search.In(text));
        Assert.Empty(search.In("nothing of the kind"u8));

        static byte[] Gzip(byte[] bytes)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
                gzip.Write(bytes);
            return [.. "in front"u8, .. packed.ToArray()];
        }
    }

    [Fact]
    public async Task No_secret_lies_in_the_database_in_Redis_in_the_queues_in_metrics_in_traces_or_in_any_log()
    {
        var mark = Guid.CreateVersion7().ToString("N");
        Dictionary<string, string> secrets = new(StringComparer.Ordinal);
        await using var user = await console.NewUserAsync(_cancel);
        console.Collector.Keep();
        var account = await UseThemAsync(user, mark, secrets);
        var code = await SignInByCodeAsync(user, secrets);
        var traced = await TracedAsync(user, account);
        Assert.All(secrets, secret => Assert.True(secret.Value.Length >= 8, $"{secret.Key} is too short to be looked for."));
        var search = new SecretSearch(secrets);

        List<string> found = [];
        List<string> places = [];
        var stored = new StoredBytes(console.Product);
        // What is no secret lies there in clear: the search finds what there is.
        Assert.NotEmpty(new SecretSearch(new Dictionary<string, string> { ["text"] = $"no secret {mark}" }).In(await stored.DumpAsync(_cancel)));
        await foreach (var (place, bytes) in stored.ReadAsync(_cancel))
            Look(place, bytes);

        var exported = console.Collector.Kept();
        foreach (var signal in exported.GroupBy(message => message.Signal, message => message.Bytes))
            Look($"exported {signal.Key}, {signal.Count()} messages", [.. signal.SelectMany(bytes => bytes)]);
        Assert.Equal(["logs", "metrics", "traces"], exported.Select(message => message.Signal).Distinct().Order(StringComparer.Ordinal));
        // What is no secret is there: the search finds what there is.
        Assert.Contains(exported, message => IsOf(message, "api", traced));
        Assert.Contains(exported, message => IsOf(message, "workers", "telegram send"u8));

        using var http = new HttpClient();
        foreach (var host in new[] { console.Product.Addresses.Api, console.Product.Addresses.Web })
            Look($"metrics of {host.Port}", await http.GetByteArrayAsync(new Uri(host, "metrics"), _cancel));
        foreach (var path in new[] { "api/v1/telegram/logs?all=true&size=100", "api/v1/audit?limit=200", $"api/personal-telegram-accounts/{account}/timeline", "api/v1/overview", "api/v1/system" })
            Look(path, Encoding.UTF8.GetBytes((await user.Api.GetAsync(path, _cancel)).Expect(HttpStatusCode.OK).Body!.ToJsonString()));

        await File.WriteAllLinesAsync(
            Path.Combine(Screens.Directory, "..", "leaks.txt"), [$"{secrets.Count} secrets, {places.Count} places, {found.Count} hits", .. secrets.Keys, "", .. places], _cancel);
        Assert.True(found.Count == 0, string.Join('\n', found));
        Assert.True(places.Count > 15, $"only {places.Count} places were looked at");

        void Look(string place, byte[] bytes)
        {
            places.Add($"{place}, {bytes.Length} bytes");
            found.AddRange(search.In(bytes).Select(what => $"{what} in {place}"));
            if (Regex.IsMatch(Encoding.Latin1.GetString(bytes), $"code[^0-9a-z]{{0,12}}{code}(?![0-9])", RegexOptions.IgnoreCase))
                found.Add($"login code in {place}");
        }
    }

    /// <summary>Each secret is used as its owner would, rightly and wrongly.</summary>
    private async Task<string> UseThemAsync(ConsoleUser user, string mark, Dictionary<string, string> secrets)
    {
        var api = user.Api;
        secrets["token of the user service"] = api.Bearer!;
        secrets["owner's password"] = ConsoleFixture.OwnerPassword;
        secrets["owner's session"] = await console.OwnerSessionAsync(_cancel);
        secrets["wrong console password"] = $"wrong-{mark}-password";
        using (var anonymous = new ApiClient(console.Product.Addresses.Api))
            (await anonymous.PostAsync("api/v1/auth/sign-in", new { email = ConsoleFixture.OwnerEmail, password = secrets["wrong console password"] }, _cancel)).Expect(HttpStatusCode.Unauthorized);
        using (var forged = new ApiClient(console.Product.Addresses.Api, secrets["forged token"] = $"ses_{mark}forged"))
            (await forged.GetAsync("api/v1/auth/me", _cancel)).Expect(HttpStatusCode.Unauthorized);

        var key = (await api.PostAsync("api/v1/api-keys", new { name = "Leak", scopes = new[] { "read" } }, _cancel)).Expect(HttpStatusCode.Created);
        secrets["API key"] = key.Body.Text("key");
        using (var holder = new ApiClient(console.Product.Addresses.Api, secrets["API key"]))
            (await holder.GetAsync("api/v1/telegram/accounts", _cancel)).Expect(HttpStatusCode.OK);
        var invited = (await api.PostAsync("api/v1/invitations", new { email = $"{mark}@example.org", role = "viewer" }, _cancel)).Expect(HttpStatusCode.Created);
        secrets["invitation"] = invited.Body.Text("token");

        // Telegram: a two-step password, wrong and right, and a session of another program that is none.
        var vera = console.People["vera"];
        secrets["two-step password"] = vera.Password!;
        secrets["wrong two-step password"] = $"twostep-{mark}-wrong";
        var (login, link) = await user.Office.StartQrAsync(_cancel);
        secrets["login token"] = link.Split("token=")[^1];
        await console.Phone.ScanAsync(vera, link, _cancel);
        await user.Office.UntilLoginAsync(login, "password_required", TimeSpan.FromSeconds(120), _cancel);
        await user.Office.PasswordAsync(login, secrets["wrong two-step password"], _cancel);
        await user.Office.PasswordAsync(login, vera.Password!, _cancel);
        await user.Office.UntilLoginAsync(login, "completed", TimeSpan.FromSeconds(120), _cancel);
        secrets["session of another program"] = $"1{mark}{mark}NotOne";
        await api.PostAsync("api/personal-telegram-accounts/import", new { sessions = new[] { new { session = secrets["session of another program"] } } }, _cancel);
        await UseBotsAsync(mark, secrets);
        var message = await user.Office.SendAsync(login, console.People["gleb"], $"no secret {mark}", mark, _cancel);
        await Office.UntilAsync("the message is delivered", async () => await user.Office.MessageStatusAsync(message, _cancel) == "delivered", TimeSpan.FromSeconds(120), _cancel);
        return login;
    }

    /// <summary>A bot of another customer: connected, looked at, and called at the addresses that have its token in them.</summary>
    private async Task UseBotsAsync(string mark, Dictionary<string, string> secrets)
    {
        var tenant = Guid.CreateVersion7();
        await console.ExecuteAsync("insert into tenants (id, name) values ($1, 'With a bot')", _cancel, tenant);
        var addresses = console.Product.Addresses;
        using var admin = new ApiClient(addresses.Api, ApiClient.Jwt(addresses.JwtSecret, tenant, 1, "admin", TimeProvider.System, null));
        var token = await console.MakeBotAsync("Leaky", _cancel);
        secrets["secret of a bot"] = token[(token.IndexOf(':', StringComparison.Ordinal) + 1)..];
        secrets["secret of no bot"] = $"none-{mark}";
        var bot = (await admin.PostAsync("api/v1/telegram/bots", new { bot_token = token }, _cancel)).Expect(HttpStatusCode.Created).Body.Text("id");
        (await admin.GetAsync($"api/v1/telegram/bots/{bot}/webhook", _cancel)).Expect(HttpStatusCode.OK);
        (await admin.PostAsync("api/v1/telegram/bots", new { bot_token = $"1:{secrets["secret of no bot"]}" }, _cancel)).Expect(HttpStatusCode.BadRequest);

        using var anybody = new ApiClient(addresses.Api);
        foreach (var path in new[] { "webhooks/telegram", "api/integrations/webhooks/telegram" })
        {
            (await anybody.PostAsync($"{path}/{token}/", new { update_id = 1 }, _cancel)).Expect(HttpStatusCode.Unauthorized);
            (await anybody.PostAsync($"{path}/1:{secrets["secret of no bot"]}/", new { update_id = 1 }, _cancel)).Expect(HttpStatusCode.NotFound);
        }
    }

    /// <summary>
    /// An account signs in by phone with a wrong code of ten digits, which cannot be mistaken, and then with the right one. Telegram's test
    /// numbers have five equal digits, which stand everywhere; that one is looked for beside the word.
    /// </summary>
    private async Task<string> SignInByCodeAsync(ConsoleUser user, Dictionary<string, string> secrets)
    {
        var person = console.People["gleb"];
        var begun = (await user.Api.PostAsync("api/personal-telegram-accounts/login", new { method = "phone", phone = "+" + person.Phone.TrimStart('+') }, _cancel)).Expect(HttpStatusCode.OK);
        var login = begun.Body.Text("login_id");
        string? code = null;
        await Office.UntilAsync("the code has come", async () => (code = await console.Phone.NewestCodeAsync(person, _cancel)) is not null, TimeSpan.FromSeconds(120), _cancel);
        secrets["wrong login code"] = $"{RandomNumberGenerator.GetInt32(10_000, 100_000)}{RandomNumberGenerator.GetInt32(10_000, 100_000)}";
        await user.Api.PostAsync($"api/personal-telegram-accounts/login/{login}/code", new { code = secrets["wrong login code"] }, _cancel);
        await user.Api.PostAsync($"api/personal-telegram-accounts/login/{login}/code", new { code }, _cancel);
        if (person.Password is { } password)
        {
            await user.Office.UntilLoginAsync(login, "password_required", TimeSpan.FromSeconds(120), _cancel);
            await user.Office.PasswordAsync(login, password, _cancel);
        }

        await user.Office.UntilLoginAsync(login, "completed", TimeSpan.FromSeconds(120), _cancel);
        return code!;
    }

    /// <summary>The trace of one more message, once both hosts have told of it; what came before has then been sent too.</summary>
    private async Task<byte[]> TracedAsync(ConsoleUser user, string account)
    {
        var trace = RandomNumberGenerator.GetBytes(16);
        var before = console.Collector.Kept().Count;
        using var http = new HttpClient { BaseAddress = console.Product.Addresses.Api };
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/telegram/send")
        {
            Content = System.Net.Http.Json.JsonContent.Create(new { account_id = account, to = new { username = console.People["gleb"].Username }, text = "the last one" }),
        };
        request.Headers.Authorization = new("Bearer", user.Api.Bearer);
        request.Headers.Add("traceparent", $"00-{Convert.ToHexStringLower(trace)}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}-01");
        using var response = await http.SendAsync(request, _cancel);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await Office.UntilAsync(
            "both hosts have told of the message",
            () => Task.FromResult(console.Collector.Kept().Skip(before).ToArray() is var kept
                && kept.Any(message => IsOf(message, "api", trace)) && kept.Any(message => IsOf(message, "workers", "telegram send"u8))),
            TimeSpan.FromSeconds(120),
            _cancel);
        return trace;
    }

    /// <summary>Between the name of an attribute and its value lie the tags and lengths of two messages.</summary>
    private static bool IsOf((string Signal, byte[] Bytes) message, string host, ReadOnlySpan<byte> content) =>
        message.Signal is "traces" && message.Bytes.AsSpan().IndexOf(content) >= 0 && Regex.IsMatch(Encoding.Latin1.GetString(message.Bytes), $@"service\.name[\s\S]{{4}}{host}");
}
