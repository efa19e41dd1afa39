using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.Privacy;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Tests.Privacy;

/// <summary>Export, erasure and receipt over rows of every table, with the rights that the hosts have.</summary>
public sealed class PrivacyTests(Servers servers) : IAsyncLifetime
{
    private const int Owner = PeopleRows.Owner;
    private const int Victim = PeopleRows.Victim;
    private const int Colleague = PeopleRows.Colleague;
    private const long Contact = PeopleRows.Contact;

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("integrations-privacy-");
    private readonly TestClock _clock = new();
    private readonly CoreDatabase _database = new(servers);
    private readonly PrivacyOptions _options = new() { SettleFor = TimeSpan.Zero };
    private DataKeys _keys = null!;
    private EnvelopeProtector _secrets = null!;
    private TenantId _tenant;
    private Guid _dialog;
    private readonly ScriptedTelegram _telegram = new();

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        var keys = Path.Combine(_parent.FullName, "keys");
        _keys = new DataKeys(new DataKeyRows(_database.WorkerTenants), [new KeyFiles(keys)], new SecretsOptions { Directory = keys }, _clock);
        _secrets = new EnvelopeProtector(_keys);
        _tenant = await _database.AddTenantAsync();
        _dialog = await PeopleRows.FillAsync(_database, _secrets, _tenant, "zoya");
    }

    public async ValueTask DisposeAsync()
    {
        _keys.Dispose();
        await _database.DisposeAsync();
        _parent.Delete(recursive: true);
    }

    [Fact]
    public async Task Every_table_has_rows_before_anything_is_erased_so_that_what_is_missing_afterwards_went()
    {
        foreach (var table in KeptData.All.Where(table => table.Table is not ("erasures" or "telegram_login_inputs" or "data_keys")))
            Assert.True(await CountAsync($"select count(*) from {table.Table}") > 0, table.Table);
    }

    [Theory]
    [InlineData(SubjectKind.User)]
    [InlineData(SubjectKind.Person)]
    [InlineData(SubjectKind.Tenant)]
    public async Task What_the_export_shows_the_erasure_takes_away_and_others_keep_theirs(SubjectKind kind)
    {
        var other = await _database.AddTenantAsync();
        await PeopleRows.FillAsync(_database, _secrets, other, "bob");
        var (mark, left) = kind switch
        {
            SubjectKind.User => ("zoya-user", ["zoya-contact", "zoya-stranger", "zoya-colleague", "zoya-tenant"]),
            SubjectKind.Person => ("zoya-contact", ["zoya-user", "zoya-stranger", "zoya-colleague", "zoya-tenant"]),
            _ => ("zoya-", Array.Empty<string>()),
        };
        Assert.NotEmpty(await FindAsync(mark));

        var (files, manifest) = await ExportAsync(Of(kind));
        Assert.All(manifest.RootElement.GetProperty("files").EnumerateArray(), file =>
        {
            var bytes = files[file.GetProperty("name").GetString()!];
            Assert.Equal(file.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
            if (file.GetProperty("name").GetString()!.EndsWith(".json", StringComparison.Ordinal))
                Assert.Equal(file.GetProperty("rows").GetInt64(), JsonDocument.Parse(bytes).RootElement.GetArrayLength());
        });
        Assert.Contains(files, file => file.Key.StartsWith("media/", StringComparison.Ordinal) && Encoding.UTF8.GetString(file.Value).Contains(mark, StringComparison.Ordinal));
        // Each table that has the mark and is exported at all shows it.
        foreach (var table in (await FindAsync(mark)).Intersect(KeptData.All.Where(table => table.NotExported is null && table.Of(kind).Count > 0).Select(table => table.Table)))
            Assert.Contains(mark, Encoding.UTF8.GetString(files[$"{table}.json"]), StringComparison.Ordinal);
        Assert.DoesNotContain(files.Values, bytes => Encoding.UTF8.GetString(bytes).Contains("bob-", StringComparison.Ordinal));
        Assert.DoesNotContain(files.Values, bytes => Encoding.UTF8.GetString(bytes).Contains("a secret", StringComparison.Ordinal));

        var untouched = await OthersAsync(other);
        var erasure = await EraseAsync(Of(kind));

        Assert.Empty(await FindAsync(mark));
        foreach (var kept in left)
            Assert.NotEmpty(await FindAsync(kept));
        Assert.Equal(untouched, await OthersAsync(other));
        Assert.Equal(["0"], (await CoreDatabase.RowsAsync(_database.Admin, "select distinct accepted - delivered - failed - in_flight from doors.message_balance()")).DefaultIfEmpty("0"));
        var receipt = JsonDocument.Parse(erasure.Receipt!).RootElement;
        Assert.True(receipt.GetProperty("rows").GetProperty("messages").GetInt64() > 0, erasure.Receipt);
        Assert.DoesNotContain("zoya", erasure.Receipt!, StringComparison.Ordinal);
        Assert.Equal(0, await CountAsync("select count(*) from erasures where traces is not null"));
        if (kind is not SubjectKind.Tenant)
        {
            var verdict = await new VerifyAudit(_database.ApiTenants, _secrets).ExecuteAsync(_tenant, null, _cancel);
            Assert.Null(verdict.Fault);
        }
    }

    [Fact]
    public async Task An_erased_user_is_a_number_that_nobody_can_use()
    {
        await EraseAsync(Of(SubjectKind.User));

        Assert.Equal(
            [$"erased:{Victim} - - viewer - False"],
            await CoreDatabase.RowsAsync(_database.Admin, $"select subject, email, display_name, role, password_hash, is_active from users where tenant_id = '{_tenant}' and user_id = {Victim}"));
        int[] expected = [Owner, Colleague];
        Assert.Equal(expected, await _database.ApiTenants.InTenantAsync(_tenant, transaction => Task.FromResult(transaction.Db.Users.Select(user => user.UserId).Order().ToArray()), _cancel));
        await Assert.ThrowsAsync<PostgresException>(() => CoreDatabase.ExecuteAsync(_database.Admin, $"update users set is_active = true where user_id = {Victim}"));
    }

    [Fact]
    public async Task An_erased_tenant_is_closed_and_its_key_is_destroyed_for_good()
    {
        var address = new SecretAddress(_tenant, "telegram_accounts", "session_payload", CoreDatabase.NewId());
        var sealed_ = await _secrets.ProtectAsync(address, "a session"u8.ToArray(), _cancel);

        var erasure = await EraseAsync(Of(SubjectKind.Tenant));

        Assert.False(await CoreDatabase.ScalarAsync<bool>(_database.Api, $"select doors.tenant_exists('{_tenant}')"));
        Assert.Equal(["erased"], await CoreDatabase.RowsAsync(_database.Admin, $"select name from tenants where id = '{_tenant}'"));
        Assert.True(JsonDocument.Parse(erasure.Receipt!).RootElement.GetProperty("wrapping_key_destroyed").GetBoolean());
        await Assert.ThrowsAsync<SecretUnavailableException>(() => _secrets.UnprotectAsync(address, sealed_, _cancel).AsTask());
        await Assert.ThrowsAsync<SecretUnavailableException>(() => _secrets.ProtectAsync(address, "another"u8.ToArray(), _cancel).AsTask());
        foreach (var table in KeptData.All.Where(table => table.Table is not ("erasures" or "tenants")))
            Assert.Equal(0, await CountAsync($"select count(*) from {table.Table} where tenant_id = '{_tenant}'"));
    }

    [Fact]
    public async Task Killed_in_the_middle_it_goes_on_where_it_stood_and_counts_each_row_once()
    {
        const int Many = 5 * EraseData.BatchSize;
        await CoreDatabase.ExecuteAsync(
            _database.Admin,
            $"""
             insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, random_id, accepted_at)
             select gen_random_uuid(), m.tenant_id, m.account_id, m.dialog_id, 0, 'personal_telegram_out', 'delivered', 'zoya-contact again', 700000 + n, now()
               from (select * from messages where dialog_id = '{_dialog}' limit 1) m, generate_series(1, {Many}) n;
             update message_counters set accepted = accepted + {Many} where tenant_id = '{_tenant}' and stripe = 3;
             """);
        var had = await CountAsync($"select count(*) from messages where dialog_id = '{_dialog}' or dialog_id in (select id from dialogs where bot_id is not null and tenant_id = '{_tenant}' and peer_id = {Contact}) or (from_peer_kind = 'user' and from_peer_id = {Contact})");
        var id = await RequestAsync(Of(SubjectKind.Person));
        var rounds = 0;
        while (await CoreDatabase.ScalarAsync<string>(_database.Admin, $"select state from erasures where id = '{id}'") != "done")
        {
            // The worker's connections are cut at every second batch, as by a kill: what was not committed is undone.
            await using var dying = new Dying(_database, killAfter: 20 + (rounds++ * 7));
            try
            {
                await Eraser(new TenantDatabase(dying.Source, _database.SilentDoorbell)).AdvanceAsync(_tenant, id, dying.Token);
            }
            catch (Exception e) when (dying.Token.IsCancellationRequested && e is OperationCanceledException or NpgsqlException)
            {
                // Killed.
            }
        }

        Assert.True(rounds > 2, $"{rounds} rounds");
        Assert.Empty(await FindAsync("zoya-contact"));
        var receipt = JsonDocument.Parse(await CoreDatabase.ScalarAsync<string>(_database.Admin, $"select receipt from erasures where id = '{id}'")).RootElement;
        Assert.Equal(had, receipt.GetProperty("rows").GetProperty("messages").GetInt64());
        Assert.Equal(["0"], await CoreDatabase.RowsAsync(_database.Admin, $"select distinct accepted - delivered - failed - in_flight from doors.message_balance() where tenant_id = '{_tenant}'"));
    }

    [Fact]
    public async Task It_waits_for_the_owners_of_the_accounts_to_sign_them_out_and_gives_up_in_time()
    {
        await CoreDatabase.ExecuteAsync(_database.Admin, $"update telegram_accounts set status = 'active', session_payload = 'a secret' where tenant_id = '{_tenant}' and user_id = {Victim}");
        var id = await RequestAsync(Of(SubjectKind.User));
        var erase = Eraser(_database.WorkerTenants);

        Assert.False(await erase.AdvanceAsync(_tenant, id, _cancel));
        Assert.False(await erase.AdvanceAsync(_tenant, id, _cancel));
        Assert.Equal(["deleted"], await CoreDatabase.RowsAsync(_database.Admin, $"select goal from telegram_accounts where tenant_id = '{_tenant}' and user_id = {Victim}"));
        Assert.NotEmpty(await FindAsync("zoya-user"));

        _clock.Advance(_options.GiveUpAfter);
        Assert.True(await erase.AdvanceAsync(_tenant, id, _cancel));
        var receipt = JsonDocument.Parse((await Read.FindAsync(_tenant, id, _cancel)).Receipt!).RootElement;
        Assert.Equal((0, 1), (receipt.GetProperty("sessions_revoked").GetInt32(), receipt.GetProperty("sessions_not_revoked").GetInt32()));
        Assert.Contains(receipt.GetProperty("remains").EnumerateArray(), sentence => sentence.GetString()!.Contains("Devices", StringComparison.Ordinal));
        Assert.Empty(await FindAsync("zoya-user"));
    }

    [Fact]
    public async Task A_session_that_was_ended_is_told_as_ended()
    {
        await CoreDatabase.ExecuteAsync(_database.Admin, $"update telegram_accounts set status = 'active', session_payload = 'a secret' where tenant_id = '{_tenant}' and user_id = {Victim}");
        var id = await RequestAsync(Of(SubjectKind.User));
        var erase = Eraser(_database.WorkerTenants);
        Assert.False(await erase.AdvanceAsync(_tenant, id, _cancel));

        await CoreDatabase.ExecuteAsync(_database.Admin, $"update telegram_accounts set status = 'disconnected', session_payload = null, deleted_at = now() where goal = 'deleted'");

        Assert.True(await erase.AdvanceAsync(_tenant, id, _cancel));
        var receipt = JsonDocument.Parse((await Read.FindAsync(_tenant, id, _cancel)).Receipt!).RootElement;
        Assert.Equal((1, 0), (receipt.GetProperty("sessions_revoked").GetInt32(), receipt.GetProperty("sessions_not_revoked").GetInt32()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_tenants_bots_are_taken_back_at_Telegram_before_its_key_goes_and_what_could_not_be_is_told(bool answers)
    {
        var bot = await _database.AddBotAsync(_tenant);
        var token = await _secrets.ProtectAsync(TelegramBot.TokenAddress(_tenant, bot), Encoding.ASCII.GetBytes("42:secret-of-a-bot-that-nobody-has"), _cancel);
        await CoreDatabase.ExecuteAsync(_database.Admin, $"update telegram_bots set token_sealed = decode('{Convert.ToHexString(token)}', 'hex') where id = '{bot}'");
        var id = await RequestAsync(Of(SubjectKind.Tenant));
        var erase = Eraser(_database.WorkerTenants);
        await CoreDatabase.ExecuteAsync(_database.Admin, $"update telegram_accounts set session_payload = null, status = 'disconnected', goal = 'deleted', deleted_at = now() where tenant_id = '{_tenant}'");
        _telegram.Status = 500;

        Assert.False(await erase.AdvanceAsync(_tenant, id, _cancel));
        Assert.Equal("sessions", await CoreDatabase.ScalarAsync<string>(_database.Admin, $"select state from erasures where id = '{id}'"));
        if (answers)
            _telegram.Status = 200;
        else
            _clock.Advance(_options.GiveUpAfter);
        Assert.True(await erase.AdvanceAsync(_tenant, id, _cancel));

        var receipt = JsonDocument.Parse((await Read.FindAsync(_tenant, id, _cancel)).Receipt!).RootElement;
        Assert.Equal(answers ? (1, 0) : (0, 1), (receipt.GetProperty("webhooks_removed").GetInt32(), receipt.GetProperty("webhooks_not_removed").GetInt32()));
        Assert.Equal(!answers, receipt.GetProperty("remains").EnumerateArray().Any(line => line.GetString()!.Contains("BotFather", StringComparison.Ordinal)));
        Assert.All(_telegram.Asked, asked => Assert.EndsWith("/deleteWebhook", asked, StringComparison.Ordinal));
        Assert.Equal(0L, await CountAsync($"select count(*) from telegram_bots where tenant_id = '{_tenant}'"));
    }

    [Fact]
    public async Task A_key_that_cannot_be_destroyed_is_tried_again_and_in_the_end_told()
    {
        var id = await RequestAsync(Of(SubjectKind.Tenant));
        var erase = Eraser(_database.WorkerTenants, new Locked(_secrets));

        Assert.False(await erase.AdvanceAsync(_tenant, id, _cancel));
        Assert.Equal("key", await CoreDatabase.ScalarAsync<string>(_database.Admin, $"select state from erasures where id = '{id}'"));
        Assert.False(await erase.AdvanceAsync(_tenant, id, _cancel));
        _clock.Advance(_options.GiveUpAfter);
        Assert.True(await erase.AdvanceAsync(_tenant, id, _cancel));

        Assert.False(JsonDocument.Parse((await Read.FindAsync(_tenant, id, _cancel)).Receipt!).RootElement.GetProperty("wrapping_key_destroyed").GetBoolean());
    }

    [Fact]
    public async Task Rows_of_a_user_are_looked_for_until_no_copy_of_the_Api_can_know_him_any_more()
    {
        _options.SettleFor = TimeSpan.FromMinutes(2);
        var id = await RequestAsync(Of(SubjectKind.User));
        var erase = Eraser(_database.WorkerTenants);
        Assert.False(await erase.AdvanceAsync(_tenant, id, _cancel));
        // By what he is looked for stands there until the end.
        Assert.Equal(["erasures"], await FindAsync("zoya-user"));

        // A copy that still takes him for somebody lets him write once more.
        await CoreDatabase.ExecuteAsync(
            _database.Admin,
            $"insert into integration_logs (id, tenant_id, user_id, integration_type, action, status, details) values (gen_random_uuid(), '{_tenant}', {Victim}, 'telegram', 'late', 'success', '{{\"text\": \"zoya-user\"}}')");
        _clock.Advance(_options.SettleFor);

        Assert.True(await erase.AdvanceAsync(_tenant, id, _cancel));
        Assert.Empty(await FindAsync("zoya-user"));
    }

    [Fact]
    public async Task A_person_is_the_same_whichever_way_he_is_named_and_a_group_is_nobody()
    {
        var digests = new HashSet<string>();
        foreach (var subject in new[]
        {
            new Subject(SubjectKind.Person, DialogId: _dialog), new Subject(SubjectKind.Person, TelegramUserId: Contact),
            new Subject(SubjectKind.Person, Phone: "+38050zoya-contact"), new Subject(SubjectKind.Person, Username: "@ZOYA-contact"),
        })
        {
            var traces = await _database.ApiTenants.InTenantAsync(_tenant, transaction => Traces.FindAsync(transaction, subject, _cancel), _cancel);
            Assert.Equal([Contact], traces.People);
            // The dialogs by his id, an account's and a bot's, and the one that was opened by his name before Telegram told whose it is.
            Assert.Equal(3, traces.Dialogs.Length);
            digests.Add(Convert.ToHexString(SubjectDigest.Of(_tenant, subject, traces)));
        }

        Assert.Single(digests);
        var group = await CoreDatabase.ScalarAsync<Guid>(_database.Admin, $"select id from dialogs where tenant_id = '{_tenant}' and peer_kind = 'chat'");
        var refused = await Assert.ThrowsAsync<IntegrationException>(() => RequestAsync(new Subject(SubjectKind.Person, DialogId: group)));
        Assert.Equal(ErrorCodes.NotFound, refused.Code);
    }

    [Fact]
    public async Task The_same_is_not_erased_twice_at_once_the_last_owner_stays_and_a_wrong_word_erases_nothing()
    {
        await Assert.ThrowsAsync<IntegrationException>(() => RequestAsync(Of(SubjectKind.User), "Erase"));
        await Assert.ThrowsAsync<IntegrationException>(() => RequestAsync(Of(SubjectKind.Tenant), RequestErasure.Confirmation));
        Assert.Equal(0, await CountAsync("select count(*) from erasures"));
        Assert.Equal(ErrorCodes.LastOwner, (await Assert.ThrowsAsync<IntegrationException>(() => RequestAsync(new Subject(SubjectKind.User, UserId: Owner)))).Code);
        Assert.Equal(ErrorCodes.NotFound, (await Assert.ThrowsAsync<IntegrationException>(() => RequestAsync(new Subject(SubjectKind.User, UserId: 4711)))).Code);

        await RequestAsync(Of(SubjectKind.Person));
        Assert.Equal(ErrorCodes.Conflict, (await Assert.ThrowsAsync<IntegrationException>(() => RequestAsync(new Subject(SubjectKind.Person, TelegramUserId: Contact)))).Code);
    }

    [Fact]
    public async Task The_doors_tell_of_an_erasure_by_its_token_alone_and_nothing_of_whom_it_is_about()
    {
        var id = await RequestAsync(Of(SubjectKind.User));

        Assert.Equal([$"{_tenant} {id}"], await CoreDatabase.RowsAsync(_database.Worker, "select * from doors.open_erasures(10)"));
        Assert.Empty(await CoreDatabase.RowsAsync(_database.Worker, "select * from doors.open_erasures(0)"));
        Assert.Equal(["sessions"], await CoreDatabase.RowsAsync(_database.Api, $"select state from doors.find_erasure(sha256('token {Victim}'))"));
        Assert.Empty(await CoreDatabase.RowsAsync(_database.Api, "select * from doors.find_erasure(sha256('another'))"));
        await Eraser(_database.WorkerTenants).AdvanceAsync(_tenant, id, _cancel);
        Assert.Empty(await CoreDatabase.RowsAsync(_database.Worker, "select * from doors.open_erasures(10)"));
        Assert.DoesNotContain("zoya", string.Join(' ', await CoreDatabase.RowsAsync(_database.Api, $"select * from doors.find_erasure(sha256('token {Victim}'))")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receipt_is_verified_by_anybody_with_the_public_key_and_not_when_a_letter_changed()
    {
        var receipts = new Receipts(_secrets);
        var signature = await receipts.SignAsync("""{"rows":{"messages":3}}""", _cancel);

        using var key = ECDsa.Create();
        key.ImportFromPem(await receipts.PublicKeyAsync(_cancel));
        Assert.True(key.VerifyData("""{"rows":{"messages":3}}"""u8, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        Assert.True(await new Receipts(_secrets).VerifyAsync("""{"rows":{"messages":3}}""", signature, _cancel));
        Assert.False(await receipts.VerifyAsync("""{"rows":{"messages":4}}""", signature, _cancel));
        Assert.False(await receipts.VerifyAsync("""{"rows":{"messages":3}}""", [1, 2, 3], _cancel));
    }

    [Fact]
    public async Task Consent_is_asked_for_until_it_is_given_and_again_once_it_was_taken_back_or_the_text_has_changed()
    {
        var person = new Principal(_tenant, Colleague, Role.Operator, null, null);
        var consents = new Consents(_database.ApiTenants, Options.Create(_options), _clock);
        Task RequireAsync(Consents asked, string? given = null) =>
            _database.ApiTenants.InTenantAsync(_tenant, transaction => asked.RequireAsync(transaction, person, given, _cancel), _cancel);

        Assert.Equal(ErrorCodes.ConsentRequired, (await Assert.ThrowsAsync<IntegrationException>(() => RequireAsync(consents))).Code);
        Assert.Equal(ErrorCodes.ValidationFailed, (await Assert.ThrowsAsync<IntegrationException>(() => RequireAsync(consents, "1999-01"))).Code);
        await RequireAsync(consents, consents.Version);
        await RequireAsync(consents);
        await RequireAsync(consents, consents.Version);
        Assert.Equal(1, await CountAsync($"select count(*) from consents where user_id = {Colleague} and withdrawn_at is null"));

        var newer = new Consents(_database.ApiTenants, Options.Create(new PrivacyOptions { ConsentVersion = "2027-01" }), _clock);
        await Assert.ThrowsAsync<IntegrationException>(() => RequireAsync(newer));
        await consents.WithdrawAsync(person, _cancel);
        await Assert.ThrowsAsync<IntegrationException>(() => RequireAsync(consents));
        Assert.Null((await consents.ReadAsync(person, "uk", _cancel)).GivenAt);
        await consents.GiveAsync(person, consents.Version, "uk", _cancel);
        Assert.NotNull((await consents.ReadAsync(person, "uk", _cancel)).GivenAt);
        // That it was given before, and taken back, stays written down.
        Assert.Equal(2, await CountAsync($"select count(*) from consents where user_id = {Colleague}"));
    }

    [Fact]
    public async Task One_export_of_a_person_runs_at_a_time_and_a_reader_who_goes_ends_it()
    {
        using var export = new ExportData(_database.ApiTenants, _secrets, Options.Create(_options), _clock);
        var me = new Principal(_tenant, Victim, Role.Operator, null, null);
        await using var stuck = new Stuck();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(_cancel);
        var first = export.ExecuteAsync(me, Of(SubjectKind.User), () => stuck, leaving.Token);
        await stuck.Reached.WaitAsync(_cancel);

        var refused = await Assert.ThrowsAsync<IntegrationException>(() => export.ExecuteAsync(me, Of(SubjectKind.User), () => throw new InvalidOperationException("It must not begin."), _cancel));
        Assert.Equal(ErrorCodes.Conflict, refused.Code);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        await export.ExecuteAsync(me, Of(SubjectKind.User), () => new MemoryStream(), _cancel);
    }

    private ReadErasures Read => new(_database.ApiTenants);

    private Subject Of(SubjectKind kind) => kind switch
    {
        SubjectKind.User => new(kind, UserId: Victim),
        SubjectKind.Person => new(kind, DialogId: _dialog),
        _ => new(kind),
    };

    private EraseData Eraser(TenantDatabase worker, ISecretProtector? secrets = null) =>
        new(worker, secrets ?? _secrets, new RegisterWebhook(new BotApiClient(_telegram, new()), secrets ?? _secrets, new()), Options.Create(_options), _clock, _database.Meters, NullLogger<EraseData>.Instance);

    private async Task<Guid> RequestAsync(Subject subject, string? confirm = null) =>
        (await new RequestErasure(_database.ApiTenants, _secrets, Options.Create(_options), _clock).ExecuteAsync(
            new Principal(_tenant, Owner, Role.Owner, null, null), subject, confirm ?? (subject.Kind is SubjectKind.Tenant ? RequestErasure.TenantConfirmation : RequestErasure.Confirmation),
            SHA256.HashData(Encoding.UTF8.GetBytes($"token {subject.UserId}{subject.TelegramUserId}")), _cancel)).Id;

    private async Task<Erasure> EraseAsync(Subject subject)
    {
        var id = await RequestAsync(subject);
        Assert.True(await Eraser(_database.WorkerTenants).AdvanceAsync(_tenant, id, _cancel));
        var erasure = await Read.FindAsync(_tenant, id, _cancel);
        Assert.True(await new Receipts(_secrets).VerifyAsync(erasure.Receipt!, erasure.Signature!, _cancel));
        return erasure;
    }

    private async Task<(Dictionary<string, byte[]> Files, JsonDocument Manifest)> ExportAsync(Subject subject)
    {
        using var export = new ExportData(_database.ApiTenants, _secrets, Options.Create(_options), _clock);
        using var zip = new MemoryStream();
        await export.ExecuteAsync(new Principal(_tenant, Owner, Role.Owner, null, null), subject, () => zip, _cancel);
        zip.Position = 0;
        await using var archive = new ZipArchive(zip);
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            using var bytes = new MemoryStream();
            await using var content = await entry.OpenAsync(_cancel);
            await content.CopyToAsync(bytes, _cancel);
            files[entry.FullName] = bytes.ToArray();
        }

        return (files, JsonDocument.Parse(files[ExportData.Manifest]));
    }

    /// <summary>The tables in which a mark stands, in whichever column.</summary>
    private async Task<string[]> FindAsync(string mark)
    {
        List<string> found = [];
        foreach (var table in KeptData.All)
        {
            if (await CountAsync($"select count(*) from {table.Table} t where strpos(t::text, '{mark}') > 0 or strpos(t::text, encode('{mark}', 'hex')) > 0") > 0)
                found.Add(table.Table);
        }

        return [.. found];
    }

    private async Task<string> OthersAsync(TenantId other)
    {
        var rows = new StringBuilder();
        foreach (var table in KeptData.All)
            rows.AppendJoin('\n', await CoreDatabase.RowsAsync(_database.Admin, $"select to_jsonb(t)::text from {table.Table} t where {(table.Table == "tenants" ? "id" : "tenant_id")} = '{other}' order by 1"));
        return rows.ToString();
    }

    private Task<long> CountAsync(string sql) => CoreDatabase.ScalarAsync<long>(_database.Admin, sql);

    /// <summary>A Bot API that answers everything alike.</summary>
    private sealed class ScriptedTelegram : HttpMessageHandler, IHttpClientFactory
    {
        public int Status { get; set; } = 200;

        public List<string> Asked { get; } = [];

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add(request.RequestUri!.AbsolutePath);
            return Task.FromResult(new HttpResponseMessage((System.Net.HttpStatusCode)Status)
            {
                Content = new StringContent(Status == 200 ? """{"ok":true,"result":true}""" : """{"ok":false,"error_code":500,"description":"Internal Server Error"}"""),
            });
        }
    }
}
