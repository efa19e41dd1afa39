using Integrations.Core.Telegram.Media;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Testing;
using Integrations.Workers.Tests.Ownership;

namespace Integrations.Workers.Tests.Media;

/// <summary>What people send to a connected account besides texts, and what becomes of it there.</summary>
public sealed class AccountMediaTests(Servers servers)
{
    private const string Columns = "concat_ws(' ', f.kind, f.state, coalesce(f.file_name, '-'), coalesce(f.mime_type, '-'), f.size, coalesce(f.width, 0), coalesce(f.height, 0), coalesce(f.duration, 0))";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Whatever_is_sent_arrives_with_its_description_and_byte_for_byte()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");
        var anna = await boris.FindAsync("anna");
        var (photo, report, voice, sticker) = (Pictures.Png(320, 200), Pictures.Noise((3 * MediaStore.PartSize) + 17), Pictures.Noise(5000, 2), Pictures.Noise(900, 3));

        await boris.SendPhotoAsync(anna, photo, "Look");
        await boris.SendDocumentAsync(anna, report, "report.pdf", "application/pdf");
        await boris.SendVoiceAsync(anna, voice);
        await boris.SendDocumentAsync(
            anna, sticker, "sticker.webp", "image/webp", new DocumentAttributeImageSize { W = 512, H = 512 },
            new DocumentAttributeSticker { Alt = "!", Stickerset = new InputStickerSetEmpty() });

        await UntilReadyAsync(installation, account, 4);
        Assert.Equal(
            [
                $"photo ready - image/jpeg {photo.Length} 320 200 0", $"document ready report.pdf application/pdf {report.Length} 0 0 0", $"voice ready voice.ogg audio/ogg {voice.Length} 0 0 3",
                $"sticker ready sticker.webp image/webp {sticker.Length} 512 512 0",
            ],
            await FilesAsync(installation, account, Columns));
        Assert.Equal(["Look", "", "", ""], await installation.Customer.TextsAsync(account, "personal_telegram_in"));
        Assert.Equal([photo, report, voice, sticker], await ContentsAsync(installation, account));
        // Told when it came, and again when its content was there.
        Assert.Equal(
            [.. Enumerable.Repeat("message.created waiting", 4), .. Enumerable.Repeat("message.updated ready", 4)],
            (await installation.Customer.RowsAsync($"select type || ' ' || (data -> 'media' ->> 'state') from {Events} where data -> 'media' is not null")).Order());
    }

    [Fact]
    public async Task The_messages_of_an_album_know_that_they_are_one()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");

        await boris.SendAlbumAsync(await boris.FindAsync("anna"), "Three of them", Pictures.Png(10, 10), Pictures.Png(20, 10), Pictures.Png(30, 10));

        await UntilReadyAsync(installation, account, 3);
        Assert.Equal(["Three of them", "", ""], await installation.Customer.TextsAsync(account, "personal_telegram_in"));
        Assert.Equal(["1"], await installation.Customer.RowsAsync($"select count(distinct album_id) from messages where account_id = '{account}' and album_id is not null"));
    }

    [Fact]
    public async Task An_edit_changes_the_stored_message_and_a_deletion_marks_it()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var customer = installation.Customer;
        var account = await customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");
        var anna = await boris.FindAsync("anna");
        var picture = Pictures.Png(10, 10);
        var first = await boris.SendTextAsync(anna, "Good morming");
        var second = await boris.SendPhotoAsync(anna, picture, "Befor");
        await boris.SendTextAsync(anna, "It stays");
        await customer.UntilStoredAsync(account, "It stays");

        await boris.EditAsync(anna, first, "Good morning");
        await boris.EditAsync(anna, second, "Before");
        await customer.UntilStoredAsync(account, "Good morning");
        await customer.UntilStoredAsync(account, "Before");
        await boris.DeleteAsync(anna, first, second);
        await Eventually.BecomesAsync(
            "both are marked", async _ => await installation.ScalarAsync<long>($"select count(*) from messages where account_id = '{account}' and deleted_at is not null"), count => count == 2);

        Assert.Equal(
            ["Good morning edited deleted", "Before edited deleted", "It stays"],
            await customer.RowsAsync(
                $"select concat_ws(' ', text, case when edited_at is not null then 'edited' end, case when deleted_at is not null then 'deleted' end) from messages where account_id = '{account}' order by seq"));
        Assert.Equal(["Before", "Good morning"], (await customer.RowsAsync($"select data ->> 'text' from {Events} where type = 'message.updated' and data ? 'edited_at'")).Order());
        Assert.Equal(2, (await customer.RowsAsync($"select data ->> 'id' from {Events} where type = 'message.deleted'")).Count);
        // What was said stays, its picture too.
        await UntilReadyAsync(installation, account, 1);
        Assert.Equal([picture], await ContentsAsync(installation, account));
    }

    [Fact]
    public async Task What_was_edited_and_deleted_while_no_worker_ran_is_so_after_the_start()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var first = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");
        var anna = await boris.FindAsync("anna");
        var (edited, deleted) = (await boris.SendTextAsync(anna, "One"), await boris.SendTextAsync(anna, "Two"));
        await installation.Customer.UntilStoredAsync(account, "Two");
        await first.KillAsync();
        await boris.EditAsync(anna, edited, "One!");
        await boris.DeleteAsync(anna, deleted);

        await using var second = await TestWorker.StartAsync(installation);

        await installation.Customer.UntilStoredAsync(account, "One!");
        await Eventually.BecomesAsync(
            "the other one is marked", async _ => await installation.ScalarAsync<long>($"select count(*) from messages where account_id = '{account}' and text = 'Two' and deleted_at is not null"), count => count == 1);
    }

    [Fact]
    public async Task A_deletion_in_private_leaves_a_message_of_a_group_with_the_same_number_alone()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");
        var anna = await boris.FindAsync("anna");
        var message = await boris.SendTextAsync(anna, "In private");
        await installation.Customer.UntilStoredAsync(account, "In private");
        // A supergroup counts for itself, so its numbers meet those of the account.
        await installation.ExecuteAsync(
            $"""
             with d as (insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id) values (gen_random_uuid(), '{installation.Customer.Tenant}', 'personal_telegram', '{account}', 'channel', 99) returning id)
             insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, telegram_message_id)
             select gen_random_uuid(), m.tenant_id, m.account_id, d.id, m.shard, m.direction, m.status, 'In a group', m.telegram_message_id from messages m, d where m.text = 'In private'
             """);

        await boris.DeleteAsync(anna, message);

        await Eventually.BecomesAsync(
            "it is marked", async _ => await installation.ScalarAsync<long>("select count(*) from messages where text = 'In private' and deleted_at is not null"), count => count == 1);
        Assert.Equal(1L, await installation.ScalarAsync<long>("select count(*) from messages where text = 'In a group' and deleted_at is null"));
    }

    [Fact]
    public async Task What_is_over_the_limit_is_told_and_never_fetched()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("MEDIA_MAX_BYTES", "1000"));
        var account = await installation.Customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");
        var anna = await boris.FindAsync("anna");

        await boris.SendDocumentAsync(anna, Pictures.Noise(1001), "large.bin", "application/octet-stream");
        await boris.SendDocumentAsync(anna, Pictures.Noise(1000), "small.bin", "application/octet-stream");

        await UntilReadyAsync(installation, account, 1);
        Assert.Equal(["large.bin too_big MEDIA_TOO_BIG", "small.bin ready"], await FilesAsync(installation, account, "concat_ws(' ', f.file_name, f.state, f.error_code)"));
        Assert.Equal(1L, await installation.ScalarAsync<long>("select count(*) from media_parts"));
    }

    [Fact]
    public async Task A_flood_wait_for_files_holds_up_neither_receiving_nor_sending_and_is_waited_out()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var customer = installation.Customer;
        var account = await customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");
        var anna = await boris.FindAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Method = "upload.getFile", Seconds = 4, Times = 1 });

        await boris.SendPhotoAsync(anna, Pictures.Png(10, 10), "A picture");
        await Eventually.BecomesAsync(
            "the wait is known", async _ => await installation.ScalarAsync<long>($"select count(*) from telegram_flood_waits where account_id = '{account}' and method = 'upload.getFile'"), count => count == 1);
        await boris.SendTextAsync(anna, "And a text");
        await customer.UntilStoredAsync(account, "And a text");
        await customer.UntilMessageAsync(await customer.SendAsync(account, "boris", "An answer"), "delivered");

        Assert.Equal(["waiting 0"], await FilesAsync(installation, account, "f.state || ' ' || f.attempts"));
        await UntilReadyAsync(installation, account, 1);
    }

    [Fact]
    public async Task A_file_that_is_gone_before_it_was_fetched_is_given_up()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation);
        var account = await installation.Customer.ConnectAsync("anna");
        await using var boris = await SignInAsync(installation, "boris");
        var anna = await boris.FindAsync("anna");
        installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.FloodWait, Method = "upload.getFile", Seconds = 2, Times = 1 });

        var gone = await boris.SendPhotoAsync(anna, Pictures.Png(10, 10), "Gone");
        await installation.Customer.UntilStoredAsync(account, "Gone");
        await boris.DeleteAsync(anna, gone);

        await Eventually.BecomesAsync("it is given up", async _ => (await FilesAsync(installation, account, "f.state || ' ' || coalesce(f.error_code, '-')"))[0], state => state == "failed MEDIA_UNAVAILABLE", Patience);
        Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(*) from {Events} where type = 'message.updated' and data -> 'media' ->> 'state' = 'failed'"));
    }

    [Fact]
    public async Task A_worker_that_is_killed_in_the_middle_of_a_download_leaves_a_file_that_is_ready_once()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        var content = Pictures.Noise(6 << 20);
        var worker = await WorkerProcess.StartAsync(installation);
        try
        {
            var account = await installation.Customer.ConnectAsync("anna");
            await using var boris = await SignInAsync(installation, "boris");
            installation.Telegram.Faults.Add(new Fault { Kind = FaultKind.DelayAnswer, Method = "upload.getFile", Milliseconds = 300, Times = 1000 });
            await boris.SendDocumentAsync(await boris.FindAsync("anna"), content, "large.bin", "application/octet-stream");
            await Eventually.BecomesAsync("some of it is here", async _ => await installation.ScalarAsync<long>("select count(*) from media_parts"), count => count > 0, Patience);

            worker.Signal("KILL");
            Assert.Equal(["waiting"], await FilesAsync(installation, account, "f.state"));
            await worker.DisposeAsync();
            installation.Telegram.Faults.Clear();
            worker = await WorkerProcess.StartAsync(installation);

            await UntilReadyAsync(installation, account, 1);
            Assert.Equal([content], await ContentsAsync(installation, account));
            Assert.Equal(1L, await installation.ScalarAsync<long>($"select count(*) from {Events} where type = 'message.updated' and data -> 'media' ->> 'state' = 'ready'"));
        }
        finally
        {
            await worker.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_the_account_does_not_accept_brings_no_file_either()
    {
        await using var installation = await TestInstallation.StartAsync(servers);
        await using var worker = await TestWorker.StartAsync(installation, ("Accounts:ReconcileInterval", "00:00:00.5"));
        var account = await installation.Customer.ConnectAsync("egor");
        await using var boris = await SignInAsync(installation, "boris");
        await installation.Customer.AcceptAsync(account, privateChats: false, groups: true, channels: false);
        var town = PeerRef.Channel(3000001);
        await Eventually.BecomesAsync(
            "private messages are not stored any more",
            async _ =>
            {
                var text = $"Text {Customer.NewId()}";
                await boris.SendTextAsync(await boris.FindAsync("egor"), text);
                installation.Telegram.PhoneOf("boris").Send(town, $"Behind {text}");
                await installation.Customer.UntilStoredAsync(account, $"Behind {text}");
                return (await installation.Customer.StoredAsync(account, text)).Count;
            },
            count => count == 0);

        await boris.SendPhotoAsync(await boris.FindAsync("egor"), Pictures.Png(10, 10), "A picture");
        installation.Telegram.PhoneOf("boris").Send(town, "In the square");
        await installation.Customer.UntilStoredAsync(account, "In the square");

        Assert.Equal(0L, await installation.ScalarAsync<long>("select count(*) from media"));
    }

    private const string Events = "(select type, data from outbox union all select type, data from events) e";

    internal static Task<OtherSide> SignInAsync(TestInstallation installation, string username)
    {
        var (sandbox, person) = (installation.Telegram, installation.Telegram.PhoneOf(username).Owner);
        var servers = new TelegramServers(
            SandboxTelegram.MainDc, [.. sandbox.Dcs.Select(dc => new TelegramDc(dc.Id, dc.Host, dc.Port))], [RsaPublicKey.FromPem(sandbox.PublicKeyPem)]);
        return OtherSide.SignInAsync(servers, person.Phone, person.Code, person.Password);
    }

    private static Task<int> UntilReadyAsync(TestInstallation installation, Guid account, int count) => Eventually.BecomesAsync(
        $"{count} files are ready", async _ => (await FilesAsync(installation, account, "f.state")).Count(state => state == "ready"), ready => ready == count, Patience);

    private static Task<IReadOnlyList<string>> FilesAsync(TestInstallation installation, Guid account, string columns) =>
        installation.Customer.RowsAsync($"select {columns} from messages m join media f on f.id = m.media_id where m.account_id = '{account}' order by m.seq");

    private static async Task<List<byte[]>> ContentsAsync(TestInstallation installation, Guid account)
    {
        var store = new MediaStore(installation.Customer.Database);
        List<byte[]> contents = [];
        foreach (var id in await FilesAsync(installation, account, "f.id"))
        {
            await using var stream = (await store.OpenAsync(installation.Customer.Tenant, Guid.Parse(id), TestContext.Current.CancellationToken))!;
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);
            contents.Add(copy.ToArray());
        }

        return contents;
    }
}
