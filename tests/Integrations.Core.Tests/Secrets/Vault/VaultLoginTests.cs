using Integrations.Core.Persistence;
using Integrations.Core.Secrets.Vault;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Integrations.Core.Tests.Secrets.Vault;

public sealed class VaultLoginTests : IAsyncLifetime
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
    private readonly TestClock _clock = new();
    private TestVault _vault = null!;

    public async ValueTask InitializeAsync() => _vault = await TestVault.StartAsync(_clock);

    public async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Of_many_who_need_a_token_at_once_one_logs_in()
    {
        var login = _vault.LoginOf(await _vault.OptionsAsync(), _clock);

        var leases = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => login.CurrentAsync(_cancel).AsTask())));

        Assert.Single(leases.Distinct());
        Assert.Equal(1, _vault.Calls("auth/approle/login"));
        Assert.Equal((TimeSpan.FromMinutes(15), true), (leases[0].Duration, leases[0].IsRenewable));
    }

    [Fact]
    public async Task A_wrapped_secret_id_is_exchanged_once_and_serves_every_login()
    {
        var options = await WrappedAsync();
        var login = _vault.LoginOf(options, _clock);

        var first = await login.CurrentAsync(_cancel);
        var second = await login.ReplaceAsync(first, _cancel);

        Assert.NotEqual(first.Token, second.Token);
        Assert.Equal(1, _vault.Calls("sys/wrapping/unwrap"));
    }

    [Fact]
    public async Task A_wrapping_token_that_somebody_has_used_is_an_alarm()
    {
        var options = await WrappedAsync();
        await _vault.LoginOf(options, _clock).CurrentAsync(_cancel);

        var error = await Assert.ThrowsAsync<VaultException>(() => _vault.LoginOf(options, _clock).CurrentAsync(_cancel).AsTask());

        Assert.Equal(VaultFailure.Refused, error.Failure);
        Assert.Contains("somebody else has used it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_accounts_token_is_read_anew_at_each_login()
    {
        var file = _vault.WriteFile("jwt", "an.outdated.account");
        var login = _vault.LoginOf(new VaultOptions { Address = _vault.Address, Auth = new VaultAuthOptions { Method = VaultAuthMethod.Kubernetes, Role = "host", JwtFile = file } }, _clock);
        var error = await Assert.ThrowsAsync<VaultException>(() => login.CurrentAsync(_cancel).AsTask());
        Assert.Equal(VaultFailure.Denied, error.Failure);
        Assert.DoesNotContain("outdated", error.Message, StringComparison.Ordinal);

        _vault.WriteFile("jwt", TestVault.ServiceAccount);
        Assert.NotEmpty((await login.CurrentAsync(_cancel)).Token);
    }

    [Fact]
    public async Task A_renewal_prolongs_the_lease_and_near_its_maximum_a_login_takes_over()
    {
        var login = _vault.LoginOf(await _vault.OptionsAsync(), _clock);
        var lease = await login.CurrentAsync(_cancel);
        for (var i = 0; i < 143; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(10));
            var renewed = await login.RenewAsync(lease, _cancel);
            Assert.Equal(lease.Token, renewed.Token);
            lease = renewed;
        }

        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.NotEqual(lease.Token, (await login.RenewAsync(lease, _cancel)).Token);
        Assert.Equal(2, _vault.Calls("auth/approle/login"));
    }

    [Fact]
    public async Task The_host_renews_at_two_thirds_of_the_lease_and_gives_the_token_back_at_the_end()
    {
        var options = await _vault.OptionsAsync();
        var login = _vault.LoginOf(options, _clock);
        using var renewal = new VaultRenewal(_vault.ClientOf(options, login), login, _clock, NullLogger<VaultRenewal>.Instance);
        await renewal.StartingAsync(_cancel);
        await renewal.StartAsync(_cancel);
        await _clock.WaitForTimerAsync(TimeSpan.FromMinutes(10), _cancel);
        _clock.Advance(TimeSpan.FromMinutes(8.9));
        Assert.Equal(0, _vault.Calls("auth/token/renew-self"));
        _clock.Advance(TimeSpan.FromMinutes(1.1));
        await Eventually.IsAsync(() => _vault.Calls("auth/token/renew-self") == 1, () => "no renewal");

        var token = (await login.CurrentAsync(_cancel)).Token;
        await renewal.StopAsync(_cancel);
        await renewal.StoppedAsync(_cancel);

        Assert.Equal(1, _vault.Calls("auth/token/revoke-self"));
        Assert.NotEqual(token, (await login.CurrentAsync(_cancel)).Token);
    }

    [Fact]
    public async Task A_revoked_token_costs_one_login_and_a_missing_capability_no_more_than_one()
    {
        var client = _vault.ClientOf(await _vault.OptionsAsync());
        await client.CreateKeyAsync("integrations-a", _cancel);
        _vault.State.RevokeTokens();
        _vault.State.ForgetCalls();

        await client.CreateKeyAsync("integrations-a", _cancel);
        Assert.Equal((1, 2), (_vault.Calls("auth/approle/login"), _vault.Calls("transit/keys/")));

        var error = await Assert.ThrowsAsync<VaultException>(() => client.RotateKeyAsync("integrations-a", _cancel));
        Assert.Equal((VaultFailure.Denied, 2), (error.Failure, _vault.Calls("auth/approle/login")));
    }

    [Theory]
    [InlineData(500, 3)]
    [InlineData(429, 3)]
    [InlineData(412, 3)]
    [InlineData(503, 1)]
    [InlineData(400, 1)]
    [InlineData(405, 1)]
    public async Task Only_what_may_pass_is_tried_again_and_not_for_ever(int status, int tries)
    {
        var login = _vault.LoginOf(await _vault.OptionsAsync());
        await login.CurrentAsync(_cancel);
        var client = _vault.ClientOf(await _vault.OptionsAsync(), login);
        _vault.State.ForgetCalls();
        _vault.State.Fault = status;

        await Assert.ThrowsAsync<VaultException>(() => client.CreateKeyAsync("integrations-a", _cancel));

        Assert.Equal(tries, _vault.State.Calls.Count);
    }

    [Fact]
    public async Task A_root_token_is_refused_in_production_and_only_there()
    {
        var options = new VaultOptions { Address = _vault.Address, Auth = new VaultAuthOptions { Token = TestVault.RootToken } };
        Assert.Equal(TimeSpan.Zero, (await _vault.LoginOf(options).CurrentAsync(_cancel)).Duration);
        var login = _vault.LoginOf(options, isProduction: true);
        using var renewal = new VaultRenewal(_vault.ClientOf(options, login), login, _clock, NullLogger<VaultRenewal>.Instance);

        var error = await Assert.ThrowsAsync<HostRefusedException>(() => renewal.StartingAsync(_cancel));

        Assert.Contains("is a root token, and the environment is Production", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(TestVault.RootToken, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://vault.example:8200", "s.ordinary", "use https")]
    [InlineData("https://vault.example:8200", "root", "is a development token")]
    public void What_no_production_should_have_is_refused_there(string address, string token, string reason)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("VAULT_URL", address), new("VAULT_TOKEN", token)]).Build();

        Assert.Equal(new Uri(address), VaultOptions.Read(configuration, isProduction: false).Address);
        var error = Assert.Throws<InvalidOperationException>(() => VaultOptions.Read(configuration, isProduction: true));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_method_lacks_is_named()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Vault:Address", "https://vault.example:8200")]).Build();

        Assert.Contains("Vault:Auth:RoleId", Assert.Throws<InvalidOperationException>(() => VaultOptions.Read(configuration, isProduction: true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("workers")]
    public async Task The_delivered_policies_are_enough_and_without_them_the_host_says_what_is_missing(string role)
    {
        await using var vault = await TestVault.StartAsync(role: role);
        Assert.Empty(await vault.ClientOf(await vault.OptionsAsync()).MissingCapabilitiesAsync(_cancel));

        await vault.WriteAsync("auth/approle/role/host", new { token_policies = "operator" });
        await vault.WriteAsync("sys/policies/acl/operator", new { policy = """path "transit/encrypt/integrations-*" { capabilities = ["update"] }""" });
        var options = await vault.OptionsAsync();
        var login = vault.LoginOf(options);
        using var renewal = new VaultRenewal(vault.ClientOf(options, login), login, _clock, NullLogger<VaultRenewal>.Instance);

        var error = await Assert.ThrowsAsync<HostRefusedException>(() => renewal.StartingAsync(_cancel));
        Assert.Contains("update transit/decrypt/integrations-", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_starts_while_Vault_is_sealed()
    {
        var options = await _vault.OptionsAsync();
        var login = _vault.LoginOf(options);
        _vault.State.SealNow();
        using var renewal = new VaultRenewal(_vault.ClientOf(options, login), login, _clock, NullLogger<VaultRenewal>.Instance);

        await renewal.StartingAsync(_cancel);

        using var health = new VaultHealth(_vault.ClientOf(options, login), _clock);
        Assert.Equal(VaultState.Sealed, await health.StateAsync(_cancel));
        _vault.State.UnsealNow();
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(VaultState.Ok, await health.StateAsync(_cancel));
        await _vault.StopAsync();
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(VaultState.Unreachable, await health.StateAsync(_cancel));
    }

    [Fact]
    public async Task The_settings_of_Telegram_come_from_the_key_value_engine()
    {
        await _vault.WriteAsync("secret/data/integrations/telegram", new { data = new { api_id = 4711, api_hash = "the hash" } });
        var builder = ABuilder(await WrappedAsync());

        Assert.Equal(VaultState.Ok, await builder.TryAddVaultSettingsAsync(_cancel));
        builder.AddSecrets();

        Assert.Equal(("4711", "the hash"), (builder.Configuration["PERSONAL_TELEGRAM_API_ID"], builder.Configuration["PERSONAL_TELEGRAM_API_HASH"]));
        using var services = builder.Services.BuildServiceProvider();
        // The host goes on with the login that has read the settings: the wrapping token has opened once.
        Assert.Empty(await services.GetRequiredService<VaultClient>().MissingCapabilitiesAsync(_cancel));
        Assert.Equal(1, _vault.Calls("sys/wrapping/unwrap"));
    }

    [Fact]
    public async Task Settings_are_waited_for_while_Vault_is_sealed_or_away_and_absent_ones_are_not()
    {
        var builder = ABuilder(await _vault.OptionsAsync());
        Assert.Equal(VaultState.Ok, await builder.TryAddVaultSettingsAsync(_cancel));
        Assert.Null(builder.Configuration["PERSONAL_TELEGRAM_API_ID"]);

        await _vault.WriteAsync("secret/data/integrations/telegram", new { data = new { api_id = 4711, api_hash = "the hash" } });
        var other = ABuilder(await _vault.OptionsAsync());
        _vault.State.SealNow();
        Assert.Equal(VaultState.Sealed, await other.TryAddVaultSettingsAsync(_cancel));
        _vault.State.UnsealNow();
        // The same builder goes on, with the login that it has.
        Assert.Equal(VaultState.Ok, await other.TryAddVaultSettingsAsync(_cancel));
        Assert.Equal("4711", other.Configuration["PERSONAL_TELEGRAM_API_ID"]);

        await _vault.StopAsync();
        Assert.Equal(VaultState.Unreachable, await other.TryAddVaultSettingsAsync(_cancel));
    }

    [Fact]
    public async Task A_Vault_that_does_not_let_the_host_in_stops_it()
    {
        var options = await _vault.OptionsAsync();
        options.Auth.SecretIdFile = _vault.WriteFile("secret-id", "00000000-0000-0000-0000-000000000000");

        await Assert.ThrowsAsync<InvalidOperationException>(() => ABuilder(options).TryAddVaultSettingsAsync(_cancel));
    }

    private async Task<VaultOptions> WrappedAsync()
    {
        var options = await _vault.OptionsAsync();
        var wrapped = await _vault.WriteAsync("auth/approle/role/host/secret-id", new { }, wrapFor: "120s");
        options.Auth.SecretIdFile = null;
        options.Auth.WrappedSecretIdFile = _vault.WriteFile("wrapped", (string)wrapped!["wrap_info"]!["token"]!);
        return options;
    }

    private HostApplicationBuilder ABuilder(VaultOptions? options)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(
        [
            new("Vault:Address", _vault.Address.ToString()),
            new("Vault:Auth:RoleId", options?.Auth.RoleId ?? "none"),
            new("Vault:Auth:SecretIdFile", options is null ? _vault.WriteFile("none", "none") : options.Auth.SecretIdFile),
            new("Vault:Auth:WrappedSecretIdFile", options?.Auth.WrappedSecretIdFile),
            new("ConnectionStrings:integrations", "Host=127.0.0.1"),
            new("ConnectionStrings:rabbitmq", "amqp://127.0.0.1"),
        ]);
        builder.Services.AddMetrics();
        return builder;
    }
}
