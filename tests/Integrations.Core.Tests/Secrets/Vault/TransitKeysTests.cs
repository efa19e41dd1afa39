using System.Text;
using Integrations.Core.Secrets;
using Integrations.Core.Secrets.Vault;
using Integrations.Core.Tenancy;
using Integrations.Testing;

namespace Integrations.Core.Tests.Secrets.Vault;

public sealed class TransitKeysTests : IClassFixture<CoreDatabase>, IAsyncLifetime
{
    private static readonly byte[] Clear = Encoding.UTF8.GetBytes("a very secret session");

    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly CoreDatabase _database;
    private readonly TestClock _clock = new();
    private readonly List<DataKeys> _keys = [];
    private TestVault _vault = null!;

    public TransitKeysTests(CoreDatabase database) => _database = database;

    public async ValueTask InitializeAsync() => _vault = await TestVault.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _keys.ForEach(keys => keys.Dispose());
        await _vault.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_sealed_opens_at_its_address_in_another_process_and_nowhere_else()
    {
        var address = await AnAddressAsync();
        var sealed_ = await (await AProtectorAsync()).ProtectAsync(address, Clear, _cancel);
        var other = await AProtectorAsync();

        Assert.Equal(Clear, await other.UnprotectAsync(address, sealed_, _cancel));
        await UnavailableAsync(SecretObstacle.Lasting, () => other.UnprotectAsync(address with { Row = CoreDatabase.NewId() }, sealed_, _cancel));
        Assert.StartsWith("vault:v1:", await WrappedAsync(address.Tenant), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_sessions_that_are_opened_at_once_ask_Vault_once_for_each_tenant()
    {
        var protector = await AProtectorAsync();
        var sealed_ = new List<(SecretAddress Address, byte[] Sealed)>();
        foreach (var address in new[] { await AnAddressAsync(), await AnAddressAsync(), await AnAddressAsync(), await AnAddressAsync() })
        {
            // Some were sealed before the last rotation, and wait to be sealed again.
            foreach (var age in new[] { 0, 8 })
            {
                _clock.Advance(TimeSpan.FromDays(age));
                for (var i = 0; i < 125; i++)
                {
                    var session = address with { Row = CoreDatabase.NewId() };
                    sealed_.Add((session, await protector.ProtectAsync(session, Clear, _cancel)));
                }
            }
        }

        var fresh = await AProtectorAsync();
        _vault.State.ForgetCalls();
        var opened = await Task.WhenAll(sealed_.OrderBy(pair => pair.Address.Row.GetHashCode()).Select(pair => Task.Run(() => fresh.UnprotectAsync(pair.Address, pair.Sealed, _cancel).AsTask())));

        Assert.Equal(1000, opened.Length);
        Assert.All(opened, clear => Assert.Equal(Clear, clear));
        Assert.Equal(4, _vault.Calls("transit/"));
        Assert.Equal(1, _vault.Calls("auth/"));
    }

    [Fact]
    public async Task While_Vault_is_sealed_what_is_in_memory_serves_until_its_time_is_over_and_nothing_else()
    {
        var (protector, known, unknown) = (await AProtectorAsync(), await AnAddressAsync(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(known, Clear, _cancel);
        var elsewhere = await (await AProtectorAsync()).ProtectAsync(unknown, Clear, _cancel);

        _vault.State.SealNow();
        Assert.Equal(Clear, await protector.UnprotectAsync(known, sealed_, _cancel));
        Assert.Equal(Clear, await protector.UnprotectAsync(known, await protector.ProtectAsync(known, Clear, _cancel), _cancel));
        var error = await UnavailableAsync(SecretObstacle.Sealed, () => protector.UnprotectAsync(unknown, elsewhere, _cancel));
        Assert.Contains("Vault is sealed", error.Message, StringComparison.Ordinal);

        _clock.Advance(new SecretsOptions().KeyCacheLifetime);
        await UnavailableAsync(SecretObstacle.Sealed, () => protector.UnprotectAsync(known, sealed_, _cancel));
        await UnavailableAsync(SecretObstacle.Sealed, () => protector.ProtectAsync(known, Clear, _cancel));

        _vault.State.UnsealNow();
        Assert.Equal(Clear, await protector.UnprotectAsync(known, sealed_, _cancel));
        Assert.Equal(Clear, await protector.UnprotectAsync(unknown, elsewhere, _cancel));
    }

    /// <summary>Each by itself would try until its time is over, one after the other.</summary>
    [Fact]
    public async Task Those_who_wait_for_a_Vault_that_fails_are_told_at_once_and_the_next_one_tries_again()
    {
        var address = await AnAddressAsync();
        var sealed_ = await (await AProtectorAsync()).ProtectAsync(address, Clear, _cancel);
        var protector = await AProtectorAsync();
        await protector.FingerprintAsync("logged in", Clear, _cancel);
        _vault.State.ForgetCalls();
        _vault.State.Fault = 500;

        // Each runs until it has to wait, so that all have asked before the first one is answered.
        var opening = Enumerable.Range(0, 100).Select(_ => protector.UnprotectAsync(address, sealed_, _cancel).AsTask()).ToList();
        foreach (var one in opening)
            await UnavailableAsync(SecretObstacle.Unreachable, () => new(one));
        Assert.Equal(3, _vault.Calls("transit/decrypt/"));

        _vault.State.Fault = null;
        Assert.Equal(Clear, await protector.UnprotectAsync(address, sealed_, _cancel));
    }

    [Fact]
    public async Task A_Vault_that_does_not_answer_is_told_apart_from_a_lost_key()
    {
        var (protector, address) = (await AProtectorAsync(), await AnAddressAsync());
        _vault.State.Fault = 500;

        await UnavailableAsync(SecretObstacle.Unreachable, () => protector.ProtectAsync(address, Clear, _cancel));
    }

    [Fact]
    public async Task A_destroyed_tenants_key_is_gone_from_Vault_and_no_other_is_made()
    {
        var (protector, address) = (await AProtectorAsync(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(address, Clear, _cancel);

        await protector.DestroyTenantAsync(address.Tenant, _cancel);
        await protector.DestroyTenantAsync(address.Tenant, _cancel);

        await UnavailableAsync(SecretObstacle.Lasting, () => protector.UnprotectAsync(address, sealed_, _cancel));
        _clock.Advance(TimeSpan.FromDays(8));
        await UnavailableAsync(SecretObstacle.Lasting, () => protector.ProtectAsync(address, Clear, _cancel));
        Assert.False(await _vault.ClientOf(await _vault.OptionsAsync()).KeyExistsAsync($"integrations-{address.Tenant}", _cancel));
    }

    [Fact]
    public async Task A_wrapped_data_key_does_not_open_for_another_tenant_or_version()
    {
        var (protector, address, other) = (await AProtectorAsync(), await AnAddressAsync(), await AnAddressAsync());
        var sealed_ = await protector.ProtectAsync(address, Clear, _cancel);
        await protector.ProtectAsync(other, Clear, _cancel);
        await CoreDatabase.ExecuteAsync(
            _database.Admin, $"update data_keys set wrapped = (select wrapped from data_keys where tenant_id = '{other.Tenant}') where tenant_id = '{address.Tenant}'");

        var error = await UnavailableAsync(SecretObstacle.Lasting, async () => await (await AProtectorAsync()).UnprotectAsync(address, sealed_, _cancel));
        Assert.Contains("does not open data key 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_that_start_at_once_agree_on_one_data_key_and_one_key_of_the_installation()
    {
        var address = await AnAddressAsync();
        var ring = new SecretAddress(TenantId.Installation, "data_protection_keys", "sealed", CoreDatabase.NewId());
        var protectors = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AProtectorAsync()));

        var sealed_ = await Task.WhenAll(protectors.Select(protector => Task.Run(() => protector.ProtectAsync(address, Clear, _cancel).AsTask())));
        var rings = await Task.WhenAll(protectors.Select(protector => Task.Run(() => protector.ProtectAsync(ring, Clear, _cancel).AsTask())));

        var other = await AProtectorAsync();
        foreach (var secret in sealed_)
            Assert.Equal(Clear, await other.UnprotectAsync(address, secret, _cancel));
        foreach (var secret in rings)
            Assert.Equal(Clear, await other.UnprotectAsync(ring, secret, _cancel));
        Assert.Equal(await other.FingerprintAsync("test", Clear, _cancel), await protectors[0].FingerprintAsync("test", Clear, _cancel));
    }

    [Fact]
    public async Task A_deleted_key_of_the_installation_is_reported_and_not_replaced()
    {
        var ring = new SecretAddress(TenantId.Installation, "data_protection_keys", "sealed", CoreDatabase.NewId());
        await (await AProtectorAsync()).ProtectAsync(ring, Clear, _cancel);
        await _vault.WriteAsync("secret/delete/integrations/installation", new { versions = new[] { 1 } });

        await UnavailableAsync(SecretObstacle.Lasting, async () => await (await AProtectorAsync()).ProtectAsync(ring, Clear, _cancel));
    }

    [Fact]
    public async Task Errors_hold_neither_token_nor_ciphertext()
    {
        var (protector, address) = (await AProtectorAsync(), await AnAddressAsync());
        await protector.ProtectAsync(address, Clear, _cancel);
        var wrapped = await WrappedAsync(address.Tenant);
        _vault.State.SealNow();

        var error = (await UnavailableAsync(SecretObstacle.Sealed, async () => await (await AProtectorAsync(login: false)).ProtectAsync(address, Clear, _cancel))).ToString();

        Assert.DoesNotContain(TestVault.RootToken, error, StringComparison.Ordinal);
        Assert.DoesNotContain("hvs.", error, StringComparison.Ordinal);
        Assert.DoesNotContain(wrapped, error, StringComparison.Ordinal);
    }

    private async Task<EnvelopeProtector> AProtectorAsync(bool login = true)
    {
        IWrappingKeys wrapping;
        if (login)
        {
            wrapping = await _vault.KeysAsync();
        }
        else
        {
            var options = new VaultOptions { Address = _vault.Address, Auth = new VaultAuthOptions { Token = TestVault.RootToken } };
            wrapping = new TransitKeys(_vault.ClientOf(options), options);
        }

        var keys = new DataKeys(new DataKeyRows(_database.WorkerTenants), [wrapping], new SecretsOptions(), _clock);
        _keys.Add(keys);
        return new EnvelopeProtector(keys);
    }

    private async Task<SecretAddress> AnAddressAsync() => new(await _database.AddTenantAsync(), "telegram_accounts", "session_payload", CoreDatabase.NewId());

    private Task<string> WrappedAsync(TenantId tenant) =>
        CoreDatabase.ScalarAsync<string>(_database.Admin, $"select convert_from(wrapped, 'UTF8') from data_keys where tenant_id = '{tenant}' order by version limit 1");

    private static async Task<SecretUnavailableException> UnavailableAsync(SecretObstacle obstacle, Func<ValueTask<byte[]>> use)
    {
        var error = await Assert.ThrowsAsync<SecretUnavailableException>(() => use().AsTask());
        Assert.Equal(obstacle, error.Obstacle);
        return error;
    }
}
