using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Bench.Product;

namespace Integrations.Web.Tests.Leaks;

/// <summary>A person, a user and a tenant go through the whole product and are erased; then they are looked for in everything that it has written.</summary>
public sealed class ErasureTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_erased_lies_nowhere_any_more_in_no_form_although_workers_are_killed_meanwhile()
    {
        await using var product = await ProductProcess.StartNewAsync(_cancel, new Dictionary<string, string> { ["Privacy__SettleFor"] = "00:00:20", ["RateLimits__Anonymous"] = "100000" });
        var stored = new StoredBytes(product);
        using var phone = new PhoneClient(product.Addresses.Sandbox, product.Addresses.SandboxToken);
        var people = await phone.PeopleAsync(_cancel);
        var (anna, boris) = (people["anna"], people["boris"]);
        var (owner, tenant) = await Office.OpenAsync(product.Addresses, _cancel);
        using var ownerApi = owner.Api;
        var mark = Guid.CreateVersion7().ToString("N");
        using var userApi = new ApiClient(product.Addresses.Api, ApiClient.Jwt(product.Addresses.JwtSecret, tenant, 4711, "admin", TimeProvider.System, $"Ursula {mark}"));
        var user = new Office(userApi);

        // A user connects an account, and talks with a person outside; everything that can be named bears a mark.
        var (account, link) = await user.StartQrAsync(_cancel);
        await phone.ScanAsync(anna, link, _cancel);
        await user.UntilLoginAsync(account, "completed", Limit, _cancel);
        var sent = await user.SendAsync(account, boris, $"asked {mark}", mark, _cancel);
        await Office.UntilAsync("the message is delivered", async () => await user.MessageStatusAsync(sent, _cancel) == "delivered", Limit, _cancel);
        await phone.WriteAsync(boris, anna, $"answered {mark}", _cancel);
        await Office.UntilAsync("the answer is here", async () => await user.CountAsync(account, $"answered {mark}", _cancel) == 1, Limit, _cancel);
        var dialog = (await userApi.GetAsync($"api/v1/telegram/dialogs?account_id={account}", _cancel)).Body!["items"]![0].Text("id");
        (await userApi.PostAsync($"api/v1/telegram/dialogs/{dialog}/notes", new { text = $"noted {mark}" }, _cancel)).Expect(HttpStatusCode.Created);
        (await userApi.PostAsync("api/v1/telegram/dialog-filters", new { name = "Him", show = "all", text = boris.Username }, _cancel)).Expect(HttpStatusCode.Created);
        await userApi.PostAsync($"api/v1/telegram/dialogs/{dialog}/presence", new { state = "viewing" }, _cancel);
        (await userApi.PostAsync("api/v1/api-keys", new { name = $"key {mark}", scopes = new[] { "read" } }, _cancel)).Expect(HttpStatusCode.Created);

        Dictionary<string, string> ofPerson = new()
        {
            ["username"] = boris.Username,
            ["phone"] = boris.Phone.TrimStart('+'),
            ["what he was asked"] = $"asked {mark}",
            ["what he answered"] = $"answered {mark}",
            ["note"] = $"noted {mark}",
        };
        Dictionary<string, string> ofUser = new() { ["name"] = $"Ursula {mark}", ["username"] = anna.Username, ["phone"] = anna.Phone.TrimStart('+'), ["key"] = $"key {mark}" };
        Dictionary<string, string> ofTenant = new() { ["owner's address"] = "owner@example.org", ["tenant"] = tenant.ToString() };
        // The search finds each of them before, and so tells something when it does not afterwards.
        var before = await stored.DumpAsync(_cancel);
        // But for his phone: Telegram tells it to contacts only.
        foreach (var marks in new[] { ofPerson.Where(one => one.Key != "phone"), ofUser, ofTenant })
            Assert.All(marks, one => Assert.True(new SecretSearch(new Dictionary<string, string> { [one.Key] = one.Value }).In(before).Any(), $"{one.Key} is not in the dump"));

        var own = await ExportAsync(userApi, "me", null);
        Assert.Contains($"answered {mark}", own["messages.json"], StringComparison.Ordinal);
        Assert.Contains($"Ursula {mark}", own["users.json"], StringComparison.Ordinal);
        Assert.Contains("\"version\"", own["consents.json"], StringComparison.Ordinal);
        var his = await ExportAsync(ownerApi, null, new { subject = "person", username = boris.Username });
        Assert.Contains($"asked {mark}", his["messages.json"], StringComparison.Ordinal);
        Assert.Contains(boris.Username, his["dialogs.json"], StringComparison.OrdinalIgnoreCase);
        (await userApi.PostAsync("api/v1/privacy/exports", new { subject = "tenant" }, _cancel)).Expect(HttpStatusCode.Forbidden);

        // The person; a worker is killed as soon as it has begun.
        var person = await EraseAsync(ownerApi, new { subject = "person", username = boris.Username, confirm = "erase" });
        product.Kill("workers");
        var receipt = await DoneAsync(product, person);
        Assert.True(receipt["rows"]!["messages"]!.GetValue<int>() >= 2, receipt.ToJsonString());
        await NowhereAsync(stored, ofPerson);

        // The user, whose account's session ends at Telegram.
        Assert.Equal(1, await phone.DeviceCountAsync(anna, _cancel));
        receipt = await DoneAsync(product, await EraseAsync(ownerApi, new { subject = "user", user_id = 4711, confirm = "erase" }));
        Assert.Equal((1, 0), (receipt["sessions_revoked"]!.GetValue<int>(), receipt["sessions_not_revoked"]!.GetValue<int>()));
        Assert.Equal(0, await phone.DeviceCountAsync(anna, _cancel));
        (await userApi.GetAsync("api/v1/auth/me", _cancel)).Expect(HttpStatusCode.Unauthorized);
        await NowhereAsync(stored, ofUser);

        // The tenant; its key file is gone.
        Assert.True(File.Exists(Path.Combine(product.DataDirectory, "keys", $"{tenant}.key")));
        receipt = await DoneAsync(product, await EraseAsync(ownerApi, new { subject = "tenant", confirm = "erase everything" }));
        Assert.True(receipt["wrapping_key_destroyed"]!.GetValue<bool>());
        Assert.False(File.Exists(Path.Combine(product.DataDirectory, "keys", $"{tenant}.key")));
        (await ownerApi.GetAsync("api/v1/auth/me", _cancel)).Expect(HttpStatusCode.Unauthorized);
        await NowhereAsync(stored, new Dictionary<string, string> { ["owner's address"] = ofTenant["owner's address"] });
        await using var source = Npgsql.NpgsqlDataSource.Create(product.Addresses.Database);
        await using var balance = source.CreateCommand("select count(*) from doors.message_balance() where accepted <> delivered + failed + in_flight");
        Assert.Equal(0L, await balance.ExecuteScalarAsync(_cancel));
    }

    private static async Task<string> EraseAsync(ApiClient api, object request) =>
        (await api.PostAsync("api/v1/privacy/erasures", request, TestContext.Current.CancellationToken)).Expect(HttpStatusCode.Accepted).Body.Text("token");

    /// <summary>Waits for the receipt, and proves it by the public key alone.</summary>
    private async Task<JsonNode> DoneAsync(ProductProcess product, string token)
    {
        using var anonymous = new ApiClient(product.Addresses.Api);
        Answer seen = null!;
        await Office.UntilAsync(
            "it is erased",
            async () =>
            {
                seen = (await anonymous.PostAsync("api/v1/privacy/receipts", new { token }, _cancel)).Expect(HttpStatusCode.OK);
                return seen.Body.Text("state") == "done";
            },
            2 * Limit,
            _cancel);
        var (receipt, signature) = (seen.Body.Text("receipt"), seen.Body.Text("signature"));
        Assert.True((await anonymous.PostAsync("api/v1/privacy/receipts/verify", new { receipt, signature }, _cancel)).Expect(HttpStatusCode.OK).Body!["valid"]!.GetValue<bool>());

        var directory = Directory.CreateTempSubdirectory("integrations-receipt-");
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "receipt.json"), receipt, _cancel);
        await File.WriteAllBytesAsync(Path.Combine(directory.FullName, "receipt.sig"), Convert.FromBase64String(signature), _cancel);
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "key.pem"), (await anonymous.GetAsync("api/v1/privacy/receipts/key", _cancel)).Body.Text("public_key"), _cancel);
        using var openssl = Process.Start(new ProcessStartInfo("openssl", ["dgst", "-sha256", "-verify", "key.pem", "-signature", "receipt.sig", "receipt.json"])
        {
            WorkingDirectory = directory.FullName,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("Verified OK", (await openssl.StandardOutput.ReadToEndAsync(_cancel)).Trim());
        directory.Delete(recursive: true);
        return JsonNode.Parse(receipt)!;
    }

    private async Task NowhereAsync(StoredBytes stored, IReadOnlyDictionary<string, string> marks)
    {
        var search = new SecretSearch(marks);
        List<string> found = [];
        var places = 0;
        await foreach (var (place, bytes) in stored.ReadAsync(_cancel))
        {
            places++;
            found.AddRange(search.In(bytes).Select(what => $"{what} in {place}"));
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
        Assert.True(places > 10, $"only {places} places were looked at");
    }

    private async Task<Dictionary<string, string>> ExportAsync(ApiClient api, string? own, object? subject)
    {
        using var http = new HttpClient { BaseAddress = api.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, own is null ? "api/v1/privacy/exports" : $"api/v1/privacy/exports/{own}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", api.Bearer);
        if (subject is not null)
            request.Content = JsonContent.Create(subject);
        using var response = await http.SendAsync(request, _cancel);
        Assert.Equal("application/zip", response.Content.Headers.ContentType?.MediaType);
        using var zip = new MemoryStream(await response.Content.ReadAsByteArrayAsync(_cancel));
        await using var archive = new ZipArchive(zip);
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync(_cancel), Encoding.UTF8);
            files[entry.FullName] = await reader.ReadToEndAsync(_cancel);
        }

        Assert.Contains("manifest.json", files.Keys);
        return files;
    }
}
