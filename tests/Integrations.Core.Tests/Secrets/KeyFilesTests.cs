using System.Text;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Integrations.Testing;

namespace Integrations.Core.Tests.Secrets;

public sealed class KeyFilesTests : IClassFixture<CoreDatabase>, IDisposable
{
    private static readonly byte[] Clear = Encoding.UTF8.GetBytes("a very secret session");

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("integrations-keys-");
    private readonly CoreDatabase _database;
    private readonly TestClock _clock = new();
    private readonly List<DataKeys> _keys = [];

    public KeyFilesTests(CoreDatabase database) => _database = database;

    private string KeyDirectory => Path.Combine(_parent.FullName, "keys");

    public void Dispose()
    {
        _keys.ForEach(keys => keys.Dispose());
        _parent.Delete(recursive: true);
    }

    [Fact]
    public async Task What_was_sealed_opens_at_its_address_in_another_process_too()
    {
        var address = await AnAddressAsync();
        var sealed_ = await AProtector().ProtectAsync(address, Clear, _cancel);

        Assert.Equal(Clear, await AProtector(_database.ApiTenants).UnprotectAsync(address, sealed_, _cancel));
        Assert.DoesNotContain("secret", Encoding.Latin1.GetString(sealed_), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_secret_is_sealed_differently_each_time()
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());

        Assert.NotEqual(await protector.ProtectAsync(address, Clear, _cancel), await protector.ProtectAsync(address, Clear, _cancel));
    }

    [Fact]
    public async Task An_empty_secret_is_a_secret()
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());

        Assert.Empty(await protector.UnprotectAsync(address, await protector.ProtectAsync(address, ReadOnlyMemory<byte>.Empty, _cancel), _cancel));
    }

    [Fact]
    public async Task A_copy_does_not_open_in_another_row_column_table_or_tenant()
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(address, Clear, _cancel);
        var other = await _database.AddTenantAsync();
        await protector.ProtectAsync(address with { Tenant = other }, Clear, _cancel);

        foreach (var elsewhere in new[]
        {
            address with { Row = CoreDatabase.NewId() },
            address with { Column = "resume_sealed" },
            address with { Table = "telegram_logins" },
            address with { Tenant = other },
        })
        {
            await UnavailableAsync(() => protector.UnprotectAsync(elsewhere, sealed_, _cancel));
        }
    }

    [Fact]
    public async Task A_changed_byte_anywhere_is_noticed()
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(address, Clear, _cancel);

        for (var i = 0; i < sealed_.Length; i++)
        {
            var changed = sealed_.ToArray();
            changed[i] ^= 1;
            await UnavailableAsync(() => protector.UnprotectAsync(address, changed, _cancel));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("01010000000100000000000000000000000000000000000000000000000000")]
    public async Task What_is_no_ciphertext_is_refused(string hex)
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());

        await UnavailableAsync(() => protector.UnprotectAsync(address, Convert.FromHexString(hex), _cancel));
    }

    [Fact]
    public async Task Errors_name_the_address_and_never_the_secret()
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(address, Clear, _cancel);

        var error = await UnavailableAsync(() => protector.UnprotectAsync(address with { Column = "other" }, sealed_, _cancel));

        Assert.Contains($"telegram_accounts.other of {address.Row}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret session", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(sealed_)[..20], error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrapped_data_key_does_not_open_for_another_tenant_or_version()
    {
        var (address, other) = (await AnAddressAsync(), await AnAddressAsync());
        var sealed_ = await AProtector().ProtectAsync(address, Clear, _cancel);
        await AProtector().ProtectAsync(other, Clear, _cancel);
        await CoreDatabase.ExecuteAsync(_database.Admin, $"update data_keys set wrapped = (select wrapped from data_keys where tenant_id = '{other.Tenant}') where tenant_id = '{address.Tenant}'");

        var error = await UnavailableAsync(() => AProtector().UnprotectAsync(address, sealed_, _cancel));
        Assert.Contains("does not open data key 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_data_key_seals_after_seven_days_and_the_old_one_still_opens()
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());
        var first = await protector.ProtectAsync(address, Clear, _cancel);
        _clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.Equal(1, Version(await protector.ProtectAsync(address, Clear, _cancel)));
        _clock.Advance(TimeSpan.FromSeconds(1));

        var second = await protector.ProtectAsync(address, Clear, _cancel);

        Assert.Equal((1, 2), (Version(first), Version(second)));
        Assert.Equal(Clear, await protector.UnprotectAsync(address, first, _cancel));
        Assert.Equal(Clear, await AProtector().UnprotectAsync(address, second, _cancel));
        Assert.Equal(2L, await KeysAsync(address.Tenant));
    }

    [Fact]
    public async Task Processes_that_seal_for_the_first_time_at_once_agree_on_one_key()
    {
        var address = await AnAddressAsync();
        var protectors = Enumerable.Range(0, 6).Select(_ => AProtector()).ToArray();

        var results = await Task.WhenAll(protectors.Select(protector => Task.Run(() => protector.ProtectAsync(address, Clear, _cancel).AsTask())));

        Assert.All(results, sealed_ => Assert.Equal(1, Version(sealed_)));
        foreach (var sealed_ in results)
            Assert.Equal(Clear, await protectors[0].UnprotectAsync(address, sealed_, _cancel));

        Assert.Equal(1L, await KeysAsync(address.Tenant));
        Assert.Single(Directory.GetFiles(KeyDirectory));
    }

    [Fact]
    public async Task Key_files_are_for_their_owner_alone()
    {
        var address = await AnAddressAsync();
        await AProtector().ProtectAsync(address, Clear, _cancel);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(KeyDirectory));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile(address.Tenant)));
    }

    [Fact]
    public async Task A_key_file_that_others_may_read_is_refused()
    {
        var address = await AnAddressAsync();
        var sealed_ = await AProtector().ProtectAsync(address, Clear, _cancel);
        File.SetUnixFileMode(KeyFile(address.Tenant), UnixFileMode.UserRead | UnixFileMode.GroupRead);

        var error = await UnavailableAsync(() => AProtector().UnprotectAsync(address, sealed_, _cancel));
        Assert.Contains("chmod 600", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_others_may_enter_is_refused_when_the_host_starts()
    {
        Directory.CreateDirectory(KeyDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);

        var result = new KeyDirectoryValidation().Validate(null, new SecretsOptions { Directory = KeyDirectory });

        Assert.Contains($"chmod 700 {KeyDirectory}", result.FailureMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("integrations-key-2 AAAA\n")]
    [InlineData("integrations-key-1 AAAA\n")]
    public async Task A_damaged_key_file_is_reported_and_not_replaced(string content)
    {
        var address = await AnAddressAsync();
        await AProtector().ProtectAsync(address, Clear, _cancel);
        await File.WriteAllTextAsync(KeyFile(address.Tenant), content, _cancel);

        var error = await UnavailableAsync(() => AProtector().ProtectAsync(address, Clear, _cancel));

        Assert.Contains("is not a key file", error.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(KeyFile(address.Tenant), _cancel));
    }

    [Fact]
    public async Task A_lost_key_file_is_reported_and_no_other_key_is_made_over_the_stored_ones()
    {
        var address = await AnAddressAsync();
        await AProtector().ProtectAsync(address, Clear, _cancel);
        File.Delete(KeyFile(address.Tenant));
        _clock.Advance(TimeSpan.FromDays(8));

        await UnavailableAsync(() => AProtector().ProtectAsync(address, Clear, _cancel));
        Assert.False(File.Exists(KeyFile(address.Tenant)));
    }

    [Fact]
    public async Task A_destroyed_tenant_opens_and_seals_nothing_any_more()
    {
        var (protector, address) = (AProtector(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(address, Clear, _cancel);

        await protector.DestroyTenantAsync(address.Tenant, _cancel);
        await protector.DestroyTenantAsync(address.Tenant, _cancel);

        await UnavailableAsync(() => protector.UnprotectAsync(address, sealed_, _cancel));
        await UnavailableAsync(() => protector.ProtectAsync(address, Clear, _cancel));
        await UnavailableAsync(() => AProtector().ProtectAsync(address, Clear, _cancel));
        Assert.Equal([$"{address.Tenant}.destroyed"], Directory.GetFiles(KeyDirectory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Another_process_forgets_a_destroyed_tenant_when_its_cached_key_runs_out()
    {
        var (protector, other, address) = (AProtector(), AProtector(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(address, Clear, _cancel);
        await other.UnprotectAsync(address, sealed_, _cancel);
        await protector.DestroyTenantAsync(address.Tenant, _cancel);

        _clock.Advance(TimeSpan.FromMinutes(5));

        await UnavailableAsync(() => other.UnprotectAsync(address, sealed_, _cancel));
    }

    [Fact]
    public async Task The_installations_own_secrets_need_no_tenant_row()
    {
        var address = new SecretAddress(TenantId.Installation, "data_protection_keys", "sealed", CoreDatabase.NewId());
        var sealed_ = await AProtector().ProtectAsync(address, Clear, _cancel);

        Assert.Equal(Clear, await AProtector().UnprotectAsync(address, sealed_, _cancel));
        await UnavailableAsync(() => AProtector().UnprotectAsync(address with { Row = CoreDatabase.NewId() }, sealed_, _cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => AProtector().DestroyTenantAsync(TenantId.Installation, _cancel));
        Assert.Equal(["installation.key"], Directory.GetFiles(KeyDirectory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task An_address_with_a_bar_in_it_is_a_mistake()
    {
        var address = await AnAddressAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => AProtector().ProtectAsync(address with { Column = "a|b" }, Clear, _cancel).AsTask());
    }

    private EnvelopeProtector AProtector(TenantDatabase? tenants = null)
    {
        var keys = new DataKeys(new DataKeyRows(tenants ?? _database.WorkerTenants), [new KeyFiles(KeyDirectory)], new SecretsOptions { Directory = KeyDirectory }, _clock);
        _keys.Add(keys);
        return new EnvelopeProtector(keys);
    }

    private async Task<SecretAddress> AnAddressAsync() => new(await _database.AddTenantAsync(), "telegram_accounts", "session_payload", CoreDatabase.NewId());

    private string KeyFile(TenantId tenant) => Path.Combine(KeyDirectory, $"{tenant}.key");

    private Task<long> KeysAsync(TenantId tenant) => CoreDatabase.ScalarAsync<long>(_database.Admin, $"select count(*) from data_keys where tenant_id = '{tenant}'");

    private static int Version(byte[] sealed_)
    {
        Assert.True(SealedSecret.TryReadHeader(sealed_, out _, out var version));
        return version;
    }

    private static Task<SecretUnavailableException> UnavailableAsync(Func<ValueTask<byte[]>> act) =>
        Assert.ThrowsAsync<SecretUnavailableException>(() => act().AsTask());
}
