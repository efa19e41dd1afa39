using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Sending;

/// <summary>Files that callers upload, and messages that take them.</summary>
[Collection(ApiCollection.Name)]
public sealed class FileTests(ApiHost host)
{
    private const string Send = "/api/v1/telegram/send";
    private const string Upload = "/api/v1/telegram/media";

    private static readonly byte[] Png =
    [
        0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R', 0, 0, 0, 40, 0, 0, 0, 30, 8, 0, 0, 0, 0, 1, 2, 3, 4,
    ];

    [Fact]
    public async Task A_form_and_a_bare_body_give_the_same_file()
    {
        using var client = host.User(2201);

        var form = (await FormAsync(client, Png, "C:\\pictures\\\u202Egnp.shelf.png", "text/html")).Expect(201);
        var bare = (await BareAsync(client, Png, "shelf.png", "image/gif")).Expect(201);

        Assert.Equal(["id", "kind", "file_name", "mime_type", "size", "width", "height", "duration", "sha256", "created_at", "expires_at"], form.Fields);
        Assert.Equal(("photo", "gnp.shelf.png", "image/png", "40", "30"), (form.Text("kind"), form.Text("file_name"), form.Text("mime_type"), form.Text("width"), form.Text("height")));
        Assert.Equal(("photo", "shelf.png", "image/png"), (bare.Text("kind"), bare.Text("file_name"), bare.Text("mime_type")));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Png)), form.Text("sha256"));
        Assert.Equal(Png, await host.ScalarAsync<byte[]>("select content from media_parts where media_id = $1", form.Id()));
        Assert.Equal("2201 ready upload", await host.ScalarAsync<string>("select user_id || ' ' || state || ' ' || source from media where id = $1", form.Id()));
    }

    [Theory]
    [InlineData("image/png", "<svg onload='x()'>", "application/octet-stream")]
    [InlineData("text/html", "<html>", "application/octet-stream")]
    [InlineData("text/plain", "plain", "text/plain")]
    [InlineData("application/pdf", "not one", "application/octet-stream")]
    public async Task A_forged_type_is_not_believed_where_it_would_be_shown(string declared, string content, string kept)
    {
        using var client = host.User(2202);

        var media = (await BareAsync(client, System.Text.Encoding.UTF8.GetBytes(content), "x.png", declared)).Expect(201);

        Assert.Equal(("document", kept), (media.Text("kind"), media.Text("mime_type")));
        var account = await ActiveAsync(client, 220201 + declared.Length + (100 * content.Length));
        Assert.Contains("media[0].kind", (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, media = new[] { new { media_id = media.Id(), kind = "photo" } } })).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }

    [Fact]
    public async Task A_file_over_the_limit_is_refused_announced_or_not_and_nothing_of_it_stays()
    {
        using var client = host.User(2203);
        var big = new byte[(20 * 1024 * 1024) + 1];

        (await BareAsync(client, big, "big.bin", null)).Expect(413, "BODY_TOO_LARGE");
        using var content = new ChunkedContent(big);
        (await client.SendAsync(HttpMethod.Post, Upload, content)).Expect(413, "BODY_TOO_LARGE");
        (await FormAsync(client, big, "big.bin", null)).Expect(413, "BODY_TOO_LARGE");
        (await BareAsync(client, [], "empty.bin", null)).Expect(400, "VALIDATION_FAILED");
        (await client.PostAsync(Send, new { text = new string('x', 2 * 1024 * 1024) })).Expect(413, "BODY_TOO_LARGE");

        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from media where user_id = 2203"));
        (await BareAsync(client, big[..^1], "just.bin", null)).Expect(201);
    }

    [Theory]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=b", "no form")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nno end")]
    public async Task A_broken_form_is_refused_in_plain_words(string type, string body)
    {
        using var client = host.User(2204);
        using var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        (await client.SendAsync(HttpMethod.Post, Upload, content)).Expect(400, "BODY_INVALID");

        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from media where user_id = 2204"));
    }

    [Fact]
    public async Task An_upload_that_is_repeated_is_one_file_and_another_under_its_key_is_refused()
    {
        using var client = host.User(2205);

        var first = (await BareAsync(client, Png, "a.png", null, ("Idempotency-Key", "up"))).Expect(201);
        var again = (await BareAsync(client, Png, "a.png", null, ("Idempotency-Key", "up"))).Expect(201);
        (await BareAsync(client, [1, 2, 3], "a.png", null, ("Idempotency-Key", "up"))).Expect(422, "IDEMPOTENCY_MISMATCH");

        Assert.Equal(first.Raw, again.Raw);
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal(1L, await host.ScalarAsync<long>("select count(*) from media where user_id = 2205"));
    }

    [Fact]
    public async Task What_a_tenant_has_uploaded_and_not_sent_is_bounded_and_says_so()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(2206, tenant: tenant);
        var account = await ActiveAsync(client, 220601);
        var waiting = (await BareAsync(client, Png, "a.png", null)).Expect(201);
        // As if it were a gigabyte.
        await host.ExecuteAsync("update media set size = 1024 * 1024 * 1024 - 10 where id = $1", waiting.Id());

        (await BareAsync(client, Png, "b.png", null)).Expect(409, "MEDIA_QUOTA");
        await host.ExecuteAsync("update media set size = 33 where id = $1", waiting.Id());
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, media = new[] { new { media_id = waiting.Id() } } })).Expect(202);
        await host.ExecuteAsync("update media set size = 1024 * 1024 * 1024 - 10 where id = $1", waiting.Id());

        // It is sent, and counts no more.
        (await BareAsync(client, Png, "b.png", null)).Expect(201);
    }

    [Fact]
    public async Task An_upload_is_its_owners_alone()
    {
        using var client = host.User(2207);
        using var colleague = host.User(2208);
        using var stranger = host.User(2209, tenant: await host.AddTenantAsync());
        var media = (await BareAsync(client, Png, "a.png", null)).Expect(201).Id();

        foreach (var (other, number) in new[] { (colleague, 220801L), (stranger, 220901L) })
        {
            var account = await ActiveAsync(other, number);
            var foreign = (await other.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, media = new[] { new { media_id = media } } })).Expect(404, "NOT_FOUND");
            var missing = (await other.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, media = new[] { new { media_id = Guid.NewGuid() } } })).Expect(404, "NOT_FOUND");
            Assert.Equal(missing.Text("detail"), foreign.Text("detail"));
            Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from messages where account_id = $1", account));
        }
    }

    [Fact]
    public async Task An_album_is_one_request_and_a_message_for_each_file_counted_as_such_and_repeated_as_one()
    {
        var tenant = await host.AddTenantAsync();
        using var client = host.User(2210, tenant: tenant);
        var account = await ActiveAsync(client, 221001);
        List<object> media = [];
        for (var n = 0; n < 3; n++)
            media.Add(new { media_id = (await BareAsync(client, Png, $"{n}.png", null)).Expect(201).Id(), spoiler = n == 1 });
        var body = new { account_id = account, to = new { username = "boris_example" }, text = " The caption ", media };

        using (await host.Worker.HoldMessagesAsync())
        {
            var accepted = (await client.PostAsync(Send, body, ("Idempotency-Key", "album"))).Expect(202);
            var again = (await client.PostAsync(Send, body, ("Idempotency-Key", "album"))).Expect(202);
            (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = "The caption", media = media.Take(2) }, ("Idempotency-Key", "album"))).Expect(422, "IDEMPOTENCY_MISMATCH");

            Assert.Equal(accepted.Raw, again.Raw);
            var ids = accepted.Body!["message_ids"]!.AsArray().Select(id => id!.ToString()).ToArray();
            Assert.Equal(3, ids.Length);
            Assert.Equal(ids[0], accepted.Text("id"));
            Assert.Equal(
                "The caption,,",
                await host.ScalarAsync<string>("select string_agg(text, ',' order by seq) from messages where account_id = $1", account));
            Assert.Equal(
                "3 1 3 1",
                await host.ScalarAsync<string>(
                    "select concat_ws(' ', count(*), count(distinct album_id), count(distinct random_id), count(*) filter (where spoiler)) from messages where account_id = $1", account));
            Assert.Equal(string.Join(',', ids), await host.ScalarAsync<string>("select string_agg(id::text, ',' order by seq) from messages where account_id = $1", account));
            Assert.Equal(3L, await host.ScalarAsync<long>("select sum(accepted)::bigint from message_counters where tenant_id = $1", tenant));
            Assert.Equal(
                "photo 33, photo 33, photo 33",
                await host.ScalarAsync<string>(
                    """
                    select string_agg((m ->> 'kind') || ' ' || (m ->> 'size'), ', ') from audit_entries e, jsonb_array_elements(e.changes) c, jsonb_array_elements(c -> 'details' -> 'media') m
                     where e.tenant_id = $1 and e.action = 'SendMessage'
                    """,
                    tenant));
            Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from audit_entries where tenant_id = $1 and changes::text like '%caption%'", tenant));
        }
    }

    [Theory]
    [InlineData("""{"media":[]}""", "media")]
    [InlineData("""{"media":[{}]}""", "media[0]")]
    [InlineData("""{"media":[{"media_id":"0198c3a2-7d10-7000-8000-000000000001","url":"https://example.com/x"}]}""", "media[0]")]
    [InlineData("""{"media":[{"url":"http://example.com/x"}]}""", "media[0].url")]
    [InlineData("""{"media":[{"url":"https://127.0.0.1/x"}]}""", "media[0].url")]
    [InlineData("""{"media":[{"url":"https://169.254.169.254/latest"}]}""", "media[0].url")]
    [InlineData("""{"media":[{"url":"https://[::ffff:10.0.0.1]/x"}]}""", "media[0].url")]
    [InlineData("""{"media":[{"url":"https://user:pass@example.com/x"}]}""", "media[0].url")]
    [InlineData("""{"media":[{"url":"https://example.com/x","kind":"sticker"}]}""", "media[0].kind")]
    [InlineData("""{"media":[{"url":"https://example.com/x"},{"url":"https://example.com/y","kind":"photo"}]}""", "media[0].kind")]
    [InlineData("""{"media":[{"url":"https://example.com/x","kind":"document"},{"url":"https://example.com/y","kind":"photo"}]}""", "media")]
    [InlineData("""{"media":[{"url":"https://example.com/x","kind":"voice"},{"url":"https://example.com/y","kind":"voice"}]}""", "media")]
    [InlineData("""{"media":[{"url":"https://example.com/x","kind":"voice","spoiler":true}]}""", "media[0].spoiler")]
    [InlineData("""{}""", "text")]
    public async Task What_cannot_be_sent_is_refused_by_the_name_of_its_field(string fields, string field)
    {
        using var client = host.User(2211);
        var account = await ActiveAsync(client, 221101 + fields.Length);

        var refused = await client.PostAsync(Send, string.Create(CultureInfo.InvariantCulture, $$"""{"account_id":"{{account}}","to":{"username":"boris_example"}{{(fields == "{}" ? "" : ",")}}{{fields[1..]}}"""));

        Assert.Equal([field], refused.Expect(400, "VALIDATION_FAILED").ErrorFields);
        Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from messages where account_id = $1", account));
    }

    [Fact]
    public async Task A_caption_has_its_own_limit()
    {
        using var client = host.User(2212);
        var account = await ActiveAsync(client, 221201);
        var media = new[] { new { media_id = (await BareAsync(client, Png, "a.png", null)).Expect(201).Id() } };

        Assert.Equal(["text"], (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = new string('x', 1025), media })).Expect(400, "VALIDATION_FAILED").ErrorFields);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, text = new string('x', 1024), media })).Expect(202);
        (await client.PostAsync(Send, new { account_id = account, to = new { username = "boris_example" }, media })).Expect(202);
    }

    [Fact]
    public async Task An_address_is_accepted_at_once_and_stored_sealed()
    {
        using var client = host.User(2213);
        var account = await ActiveAsync(client, 221301);

        using (await host.Worker.HoldMessagesAsync())
        {
            var accepted = (await client.PostAsync(
                Send, new { account_id = account, to = new { username = "boris_example" }, media = new[] { new { url = "https://files.example.com/secret-path?token=abc", kind = "photo" } } })).Expect(202);

            Assert.Equal(
                "url waiting photo true",
                await host.ScalarAsync<string>("select concat_ws(' ', f.source, f.state, f.kind, f.kind_asked::text) from media f join messages m on m.media_id = f.id where m.id = $1", accepted.Id()));
            Assert.False(await host.ScalarAsync<bool>(
                "select position('secret-path'::bytea in f.location_sealed) > 0 from media f join messages m on m.media_id = f.id where m.id = $1", accepted.Id()));
            Assert.Equal(0L, await host.ScalarAsync<long>("select count(*) from audit_entries where changes::text like '%secret-path%'") + await host.ScalarAsync<long>("select count(*) from events where data::text like '%secret-path%'"));
        }
    }

    private async Task<Guid> ActiveAsync(TestClient client, long telegramUser)
    {
        var session = (await client.GetAsync("/api/v1/telegram/qr-code")).Expect(200).Id("session_id");
        await host.Worker.ScanAsync(session, telegramUser);
        return session;
    }

    private static async Task<Answer> FormAsync(TestClient client, byte[] content, string name, string? type)
    {
        using var form = new MultipartFormDataContent();
        var file = new ByteArrayContent(content);
        if (type is not null)
            file.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        form.Add(file, "file", name);
        return await client.SendAsync(HttpMethod.Post, Upload, form);
    }

    private static async Task<Answer> BareAsync(TestClient client, byte[] content, string name, string? type, params (string, string)[] headers)
    {
        using var body = new ByteArrayContent(content);
        if (type is not null)
            body.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return await client.SendAsync(HttpMethod.Post, $"{Upload}?file_name={Uri.EscapeDataString(name)}", body, headers);
    }

    /// <summary>Does not say how long it is.</summary>
    private sealed class ChunkedContent(byte[] content) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => stream.WriteAsync(content).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
