using System.Net;
using Integrations.Core.Outbound;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Sending;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Testing;
using Integrations.Workers.Tests.Ownership;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Recipient = Integrations.Core.Telegram.Sending.Recipient;

namespace Integrations.Workers.Tests.Sending;

/// <summary>Files that are fetched from addresses of callers before they are sent.</summary>
public sealed class AddressTests(Servers servers)
{
    private static readonly Recipient Boris = new(Username: "boris");
    private static readonly (string, string?)[] Here = [("Outbound:AllowLoopback", "true"), ("Sending:FirstRetryDelay", "00:00:00.1")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_fetched_kept_and_sent_under_its_own_name_and_kind()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, Here);
        var picture = Pictures.Png(64, 32);
        await using var server = await FileServer.StartAsync(picture);
        var account = await installation.Customer.ConnectAsync("anna");

        var message = await SendAsync(installation, account, server.Address("/shop/price%20list.png?x=1"));

        await installation.Customer.UntilMessageAsync(message, "delivered");
        Assert.Equal(
            ["photo ready price list.png image/png 64 32"],
            await installation.Customer.RowsAsync($"select concat_ws(' ', kind, state, file_name, mime_type, width, height) from media f join messages m on m.media_id = f.id where m.id = '{message}'"));
        Assert.Equal(1, server.Asked);
        // Neither in clear nor sealed is the address needed any more.
        Assert.Equal(1L, await installation.ScalarAsync<long>("select count(*) from media where source = 'url' and location_sealed is null"));
    }

    [Fact]
    public async Task What_is_said_after_a_slow_address_waits_behind_it_and_other_dialogs_do_not()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, Here);
        var open = new TaskCompletionSource();
        await using var server = await FileServer.StartAsync(async context =>
        {
            await open.Task.WaitAsync(context.RequestAborted);
            await context.Response.Body.WriteAsync(Pictures.Noise(600_000), context.RequestAborted);
        });
        var account = await installation.Customer.ConnectAsync("anna");

        var file = await SendAsync(installation, account, server.Address("/slow.bin"), "first");
        var behind = await installation.Customer.AskToSendAsync(account, Boris, "second");
        var elsewhere = await installation.Customer.SendAsync(account, "vera", "elsewhere");
        await installation.Customer.UntilMessageAsync(elsewhere, "delivered");
        Assert.Equal(("pending", "pending"), ((await installation.Customer.MessageAsync(file)).Status, (await installation.Customer.MessageAsync(behind)).Status));
        open.SetResult();

        await installation.Customer.UntilMessageAsync(behind, "delivered");
        await installation.Customer.UntilMessageAsync(file, "delivered");
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        Assert.Equal(["first", "second"], installation.Telegram.PhoneOf("boris").Messages(anna).Where(message => !message.Out).Select(message => message.Text));
    }

    [Theory]
    [InlineData("https://127.0.0.1/x")]
    [InlineData("https://[::ffff:127.0.0.1]/x")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://10.1.2.3/x")]
    [InlineData("https://rebinding.example.com/x")]
    [InlineData("https://inside.example.com/x")]
    public async Task What_stands_behind_this_service_is_not_asked(string address)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(
            installation,
            services => services.AddSingleton<ResolveHost>((host, _) => Task.FromResult<IPAddress[]>(
                host.StartsWith("rebinding", StringComparison.Ordinal) ? [IPAddress.Parse("93.184.215.14"), IPAddress.Loopback] : [IPAddress.Parse("192.168.1.5")])));
        var account = await installation.Customer.ConnectAsync("anna");

        var seen = await installation.Customer.UntilMessageAsync(await SendAsync(installation, account, new Uri(address)), "failed");

        Assert.Equal("MEDIA_URL_REFUSED", seen.ErrorCode);
        Assert.Equal(["failed MEDIA_URL_REFUSED"], await installation.Customer.RowsAsync("select state || ' ' || error_code from media"));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, Here);
        await using var inside = await FileServer.StartAsync(Pictures.Png(1, 1));
        await using var server = await FileServer.StartAsync(context =>
        {
            context.Response.Redirect(inside.Address("/secret").AbsoluteUri);
            return Task.CompletedTask;
        });
        var account = await installation.Customer.ConnectAsync("anna");

        var seen = await installation.Customer.UntilMessageAsync(await SendAsync(installation, account, server.Address("/x")), "failed");

        Assert.Equal("MEDIA_URL_REFUSED", seen.ErrorCode);
        Assert.Equal(0, inside.Asked);
    }

    [Fact]
    public async Task A_file_that_does_not_end_is_cut_off_at_the_limit()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, [.. Here, ("MEDIA_MAX_BYTES", "2000000")]);
        await using var server = await FileServer.StartAsync(async context =>
        {
            // Until whoever reads it has enough.
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(Pictures.Noise(64 * 1024), context.RequestAborted);
        });
        var account = await installation.Customer.ConnectAsync("anna");

        var seen = await installation.Customer.UntilMessageAsync(await SendAsync(installation, account, server.Address("/endless")), "failed");

        Assert.Equal("MEDIA_TOO_BIG", seen.ErrorCode);
        Assert.Equal(["too_big"], await installation.Customer.RowsAsync("select state from media"));
        Assert.Equal(0L, await installation.ScalarAsync<long>("select count(*) from media_parts"));
    }

    [Theory]
    [InlineData(404, "MEDIA_UNREACHABLE", 1)]
    [InlineData(503, "MEDIA_UNREACHABLE", 3)]
    [InlineData(200, "MEDIA_TYPE", 1)]
    public async Task A_failure_says_which_and_is_tried_again_only_where_that_may_help(int status, string code, int asked)
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, [.. Here, ("Sending:FetchAttempts", "3")]);
        await using var server = await FileServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "image/png";
            return context.Response.WriteAsync("<html>not a picture</html>", context.RequestAborted);
        });
        var account = await installation.Customer.ConnectAsync("anna");

        var seen = await installation.Customer.UntilMessageAsync(await SendAsync(installation, account, server.Address("/x.png"), kind: MediaKind.Photo), "failed");

        Assert.Equal((code, asked), (seen.ErrorCode, server.Asked));
    }

    [Fact]
    public async Task One_of_an_album_that_failed_is_sent_again_alone()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, Here);
        var broken = true;
        await using var server = await FileServer.StartAsync(context =>
        {
            if (Volatile.Read(ref broken))
            {
                context.Response.StatusCode = 410;
                return Task.CompletedTask;
            }

            return context.Response.Body.WriteAsync(Pictures.Png(9, 9), context.RequestAborted).AsTask();
        });
        var account = await installation.Customer.ConnectAsync("anna");
        var sent = await installation.Customer.AskToSendAsync(
            account, Boris, "Two", await installation.Customer.UploadAsync(Pictures.Png(5, 5), "a.png"), new OutgoingMedia(null, server.Address("/b.png"), MediaKind.Photo, null, false));
        await installation.Customer.UntilMessageAsync(sent[0], "delivered");
        Assert.Equal("MEDIA_UNREACHABLE", (await installation.Customer.UntilMessageAsync(sent[1], "failed")).ErrorCode);
        Volatile.Write(ref broken, false);

        await installation.Customer.RetryAsync(sent[1]);

        await installation.Customer.UntilMessageAsync(sent[1], "delivered");
        var anna = PeerRef.User(installation.Telegram.PhoneOf("anna").Owner.Id);
        Assert.Equal(["Two", ""], installation.Telegram.PhoneOf("boris").Messages(anna).Where(message => !message.Out).Select(message => message.Text));
    }

    [Fact]
    public async Task A_worker_killed_while_it_fetches_is_followed_by_one_that_fetches_all_of_it()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var content = Pictures.Noise(1_500_000);
        var hangs = true;
        await using var server = await FileServer.StartAsync(async context =>
        {
            await context.Response.Body.WriteAsync(content.AsMemory(0, 700_000), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (Volatile.Read(ref hangs))
                await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await context.Response.Body.WriteAsync(content.AsMemory(700_000), context.RequestAborted);
        });
        var worker = await WorkerProcess.StartAsync(installation, ("Outbound:AllowLoopback", "true"));
        try
        {
            var account = await installation.Customer.ConnectAsync("anna");
            var message = await SendAsync(installation, account, server.Address("/half.bin"));
            await Eventually.BecomesAsync("a piece is here", _ => installation.ScalarAsync<long>("select count(*) from media_parts"), count => count > 0, TimeSpan.FromSeconds(30));
            worker.Signal("KILL");
            Volatile.Write(ref hangs, false);
            await worker.DisposeAsync();
            worker = await WorkerProcess.StartAsync(installation, ("Outbound:AllowLoopback", "true"));

            await installation.Customer.UntilMessageAsync(message, "delivered", TimeSpan.FromSeconds(60));

            Assert.Equal(content.Length, await installation.ScalarAsync<long>("select sum(octet_length(content))::bigint from media_parts"));
            Assert.Equal(2, server.Asked);
        }
        finally
        {
            await worker.DisposeAsync();
        }
    }

    private static async Task<Guid> SendAsync(TestInstallation installation, Guid account, Uri address, string text = "", MediaKind? kind = null) =>
        (await installation.Customer.AskToSendAsync(account, Boris, text, new OutgoingMedia(null, address, kind, null, false)))[0];
}
