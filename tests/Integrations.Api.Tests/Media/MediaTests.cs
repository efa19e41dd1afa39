using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Integrations.Api.Tests.Access;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Media;

/// <summary>The files of messages, as callers get them.</summary>
[Collection(ApiCollection.Name)]
public sealed class MediaTests(ApiHost host)
{
    private const int PartSize = 512 * 1024;
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_shows_its_file_and_the_file_comes_byte_for_byte_and_in_parts()
    {
        var objects = await ArrangeAsync(2301);
        var content = RandomNumberGenerator.GetBytes((2 * PartSize) + 99);
        await FillAsync(objects.Media, content, "image/png", "A view.png");
        await host.ExecuteAsync("update messages set album_id = 13512345678901234, edited_at = now(), deleted_at = now() where id = $1", objects.Message);
        using var client = host.User(2301);

        var message = (await client.GetAsync($"/api/v1/telegram/messages/{objects.Message}")).Expect(200);
        Assert.Equal(
            ("photo", "A view.png", "image/png", $"{content.Length}", "ready", "13512345678901234"),
            (message.Text("media.kind"), message.Text("media.file_name"), message.Text("media.mime_type"), message.Text("media.size"), message.Text("media.state"), message.Text("media.album_id")));
        Assert.NotNull(message["edited_at"]);
        Assert.NotNull(message["deleted_at"]);
        var listed = (await client.GetAsync($"/api/v1/telegram/messages?dialog_id={objects.Dialog}")).Expect(200);
        Assert.Equal($"{objects.Media}", listed.Body!["items"]![0]!["media"]!["id"]!.ToString());
        Assert.Equal("photo", (await client.GetAsync($"/api/v1/telegram/dialogs/{objects.Dialog}")).Expect(200).Text("last_message.media_kind"));

        using var whole = await AskAsync(client, objects.Media);
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(content, await whole.Content.ReadAsByteArrayAsync(_cancel));
        Assert.Equal("image/png", whole.Content.Headers.ContentType!.MediaType);
        Assert.Equal("inline; filename=\"A view.png\"", whole.Content.Headers.ContentDisposition!.ToString());
        Assert.Equal("nosniff", whole.Headers.GetValues("X-Content-Type-Options").Single());

        using var part = await AskAsync(client, objects.Media, new RangeHeaderValue(PartSize - 5, PartSize + 4));
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(content[(PartSize - 5)..(PartSize + 5)], await part.Content.ReadAsByteArrayAsync(_cancel));
    }

    [Theory]
    [InlineData("image/svg+xml", "picture.svg", "application/octet-stream", "attachment; filename=\"picture.svg\"")]
    [InlineData("text/html", "page.html", "application/octet-stream", "attachment; filename=\"page.html\"")]
    [InlineData("application/pdf", "..\\report\n.pdf", "application/pdf", "attachment; filename=\"_report_.pdf\"")]
    [InlineData("audio/ogg", null, "audio/ogg", "inline; filename=\"photo.ogg\"")]
    [InlineData("no type at all", null, "application/octet-stream", "attachment; filename=\"photo\"")]
    public async Task Only_what_browsers_show_and_do_not_run_is_shown(string type, string? name, string sentType, string disposition)
    {
        var objects = await ArrangeAsync(2302);
        await FillAsync(objects.Media, [1, 2, 3], type, name);
        using var client = host.User(2302);

        using var answer = await AskAsync(client, objects.Media);

        Assert.Equal(sentType, answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(disposition, answer.Content.Headers.GetValues("Content-Disposition").Single());
    }

    [Theory]
    [InlineData("waiting", 409, "MEDIA_NOT_READY", true)]
    [InlineData("failed", 409, "MEDIA_UNAVAILABLE", false)]
    [InlineData("too_big", 409, "MEDIA_TOO_BIG", false)]
    public async Task What_is_not_there_says_why_and_when_to_ask_again(string state, int status, string code, bool again)
    {
        var objects = await ArrangeAsync(2303);
        await host.ExecuteAsync("update media set state = $2 where id = $1", objects.Media, state);
        using var client = host.User(2303);

        var answer = (await client.GetAsync($"/api/v1/telegram/media/{objects.Media}")).Expect(status, code);

        Assert.Equal(again, answer.Headers.RetryAfter is not null);
    }

    [Fact]
    public async Task Whoever_may_not_read_the_message_gets_the_answer_of_a_missing_file()
    {
        var objects = await ArrangeAsync(2304);
        using var owner = host.User(2305, "owner");
        using var foreign = host.User(2304, "owner", await host.AddTenantAsync());
        using var own = host.User(2304, "viewer");

        foreach (var client in new[] { owner, foreign })
        {
            var real = (await client.GetAsync($"/api/v1/telegram/media/{objects.Media}")).Expect(404, "NOT_FOUND");
            var missing = (await client.GetAsync($"/api/v1/telegram/media/{Guid.CreateVersion7()}")).Expect(404, "NOT_FOUND");
            Assert.Equal(missing.Fields, real.Fields);
            Assert.Equal(missing.Text("detail"), real.Text("detail"));
        }

        (await own.GetAsync($"/api/v1/telegram/media/{objects.Media}")).Expect(200);
        // A member of the account's project reads it, too, as long as he is one.
        using var member = host.User(2305);
        (await member.GetAsync("/api/v1/telegram/accounts")).Expect(200);
        await host.ExecuteAsync(
            """
            with member as (insert into project_members (tenant_id, project_id, user_id) values ($1, $2, 2305))
            update telegram_accounts set project_id = $2 where id = $3
            """,
            host.Tenant, objects.Project, objects.Account);
        (await member.GetAsync($"/api/v1/telegram/media/{objects.Media}")).Expect(200);
        await host.ExecuteAsync("delete from project_members where user_id = 2305 and project_id = $1", objects.Project);
        (await member.GetAsync($"/api/v1/telegram/media/{objects.Media}")).Expect(404);
    }

    private async Task<TenantObjects> ArrangeAsync(int user)
    {
        // A user is there from his first request on.
        using var client = host.User(user);
        (await client.GetAsync("/api/v1/telegram/accounts")).Expect(200);
        return await TenantObjects.ArrangeAsync(host, host.Tenant, user);
    }

    private static async Task<HttpResponseMessage> AskAsync(TestClient client, Guid media, RangeHeaderValue? range = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/telegram/media/{media}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        request.Headers.Range = range;
        return await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private async Task FillAsync(Guid media, byte[] content, string type, string? name)
    {
        await host.ExecuteAsync("delete from media_parts where media_id = $1", media);
        for (var part = 0; part * PartSize < content.Length; part++)
            await host.ExecuteAsync(
                "insert into media_parts (tenant_id, media_id, part, content) values ($1, $2, $3, $4)",
                host.Tenant, media, part, content[(part * PartSize)..Math.Min(content.Length, (part + 1) * PartSize)]);
        await host.ExecuteAsync(
            "update media set size = $2, sha256 = $3, mime_type = $4, file_name = nullif($5, '') where id = $1", media, (long)content.Length, SHA256.HashData(content), type, name ?? "");
    }
}
