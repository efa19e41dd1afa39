using Integrations.Core.Secrets;
using Integrations.Core.Secrets.Rotation;
using Integrations.Core.Secrets.Vault;
using Integrations.Core.Tenancy;
using Integrations.Core.Tests.Secrets.Vault;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Tests.Secrets.Rotation;

public sealed class MoveSecretsTests(CoreDatabase database, Integrations.Testing.Servers servers) : RotationTest(database), IClassFixture<CoreDatabase>
{
    private static readonly SecretAddress Ring = new(TenantId.Installation, "data_protection_keys", "sealed", CoreDatabase.NewId());

    private TestVault _vault = null!;
    private VaultOptions? _options;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _vault = await TestVault.StartAsync(role: "operator");
    }

    public override async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Everything_moves_to_Vault_and_back_and_opens_at_every_moment()
    {
        var vault = await _vault.KeysAsync();
        var (files, _) = AProcess();
        var (a, b) = (await Database.AddTenantAsync(), await Database.AddTenantAsync());
        SecretAddress[] sessions = [await ASessionAsync(files, a), await ASessionAsync(files, b)];
        Clock.Advance(TimeSpan.FromDays(8));
        sessions = [.. sessions, await ASessionAsync(files, a)];
        var ring = await files.ProtectAsync(Ring, Clear, Cancel);
        var fingerprint = await files.FingerprintAsync("test", Clear, Cancel);
        var before = await Task.WhenAll(sessions.Select(StoredAsync));

        // A host that has both configured already opens what the files wrapped, and wraps what is new by Vault.
        var (both, _) = AProcess(vault, Files);
        foreach (var address in sessions)
            Assert.True(await OpensAsync(both, address));
        Assert.Equal(fingerprint, await both.FingerprintAsync("test", Clear, Cancel));

        Assert.Equal((2, 3), await MoveAsync(vault, "vault"));
        Assert.Equal(["1 vault", "2 vault"], await KeysAsync(a));
        await OpenAllAsync(AProcess(vault).Secrets);
        Assert.Equal((2, 0), await MoveAsync(vault, "vault"));

        Directory.Delete(Options.Directory, recursive: true);
        Assert.Equal((2, 3), await MoveAsync(vault, "local"));
        Assert.Equal(["1 local", "2 local"], await KeysAsync(a));
        await OpenAllAsync(AProcess().Secrets);
        Assert.Equal(before, await Task.WhenAll(sessions.Select(StoredAsync)));

        async Task OpenAllAsync(EnvelopeProtector secrets)
        {
            foreach (var address in sessions)
                Assert.True(await OpensAsync(secrets, address));
            Assert.Equal(Clear, await secrets.UnprotectAsync(Ring, ring, Cancel));
            Assert.Equal(fingerprint, await secrets.FingerprintAsync("test", Clear, Cancel));
        }
    }

    [Fact]
    public async Task An_interrupted_move_has_moved_whole_tenants_and_is_taken_up_again()
    {
        var vault = await _vault.KeysAsync();
        var (files, _) = AProcess();
        List<SecretAddress> sessions = [];
        for (var i = 0; i < 3; i++)
            sessions.Add(await ASessionAsync(files, await Database.AddTenantAsync()));
        var last = sessions.OrderBy(address => address.Tenant.Value).Last();

        // The move of the last tenant waits for a row that somebody holds, and is killed there.
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using (var connection = await Database.Admin.OpenConnectionAsync(Cancel))
        await using (var transaction = await connection.BeginTransactionAsync(Cancel))
        {
            await using var hold = new Npgsql.NpgsqlCommand($"select 1 from data_keys where tenant_id = '{last.Tenant}' for update", connection, transaction);
            await hold.ExecuteNonQueryAsync(Cancel);
            var move = new MoveSecrets(Database.WorkerTenants, [vault, Files]).RunAsync("vault", again: false, kill.Token);
            await Eventually.IsAsync(
                async () => await CoreDatabase.ScalarAsync<long>(
                    Database.Admin, "select count(*) from pg_stat_activity where datname = current_database() and usename = 'integrations_worker' and wait_event_type = 'Lock'") > 0,
                () => "nobody waits for the row");
            await kill.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => move);
        }

        Assert.Equal(2L, await CoreDatabase.ScalarAsync<long>(Database.Admin, "select count(*) from data_keys where provider = 'vault'"));
        foreach (var address in sessions)
            Assert.True(await OpensAsync(AProcess(vault, Files).Secrets, address));
        Assert.Equal((3, 1), await MoveAsync(vault, "vault"));
        Assert.True(await OpensAsync(AProcess(vault).Secrets, last));
    }

    [Fact]
    public async Task Two_different_keys_of_the_installation_are_not_mixed()
    {
        var vault = await _vault.KeysAsync();
        await AProcess().Secrets.ProtectAsync(Ring, Clear, Cancel);
        await AProcess(vault).Secrets.ProtectAsync(Ring, Clear, Cancel);

        var error = await Assert.ThrowsAsync<SecretUnavailableException>(() => MoveAsync(vault, "vault"));
        Assert.Contains("hold different ones", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_moves_rotates_and_says_what_it_did()
    {
        var (files, _) = AProcess();
        var tenant = await Database.AddTenantAsync();
        var address = await ASessionAsync(files, tenant);

        Assert.Equal((0, "The data keys of 1 tenants are in Vault; 1 were wrapped anew."), await CommandAsync("move", "--to", "vault"));
        var (code, said) = await CommandAsync("rotate");

        Assert.Equal(0, code);
        Assert.Contains("1 data keys were made, 1 secrets sealed anew, 0 old data keys forgotten", said, StringComparison.Ordinal);
        Assert.Equal(2, await VersionAsync(address));
        Assert.Equal(
            ["1 vault:v2", "2 vault:v2"],
            await CoreDatabase.RowsAsync(Database.Admin, $"select version, substring(convert_from(wrapped, 'UTF8') from 1 for 8) from data_keys where tenant_id = '{tenant}' order by 1"));
        Assert.True(await OpensAsync(AProcess(await _vault.KeysAsync()).Secrets, address));
        Assert.Equal(2, (await CommandAsync("forget")).Code);

        _vault.State.SealNow();
        (code, said) = await CommandAsync("move", "--to", "files");
        Assert.Equal(1, code);
        Assert.Contains("Vault is sealed", said, StringComparison.Ordinal);
    }

    private async Task<(int Tenants, int DataKeys)> MoveAsync(TransitKeys vault, string provider)
    {
        var report = await new MoveSecrets(Database.WorkerTenants, [vault, Files]).RunAsync(provider, again: false, Cancel);
        Assert.Empty(report.Failed);
        return (report.Tenants, report.DataKeys);
    }

    private async Task<(int Code, string Said)> CommandAsync(params string[] args)
    {
        var options = _options ??= await _vault.OptionsAsync();
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(
        [
            new("Vault:Address", _vault.Address.ToString()),
            new("Vault:Auth:RoleId", options.Auth.RoleId),
            new("Vault:Auth:SecretIdFile", options.Auth.SecretIdFile),
            new("Secrets:Directory", Options.Directory),
            new("ConnectionStrings:integrations", CoreDatabase.LogIn(Database.Admin.ConnectionString, "integrations_worker", CoreDatabase.WorkerPassword)),
            new("ConnectionStrings:rabbitmq", servers.RabbitMq),
            new("Ownership:ShardCount", $"{CoreDatabase.ShardCount}"),
        ]);
        builder.Services.AddMetrics();
        await using var output = new StringWriter();
        var code = await SecretsCommand.RunAsync(builder, builder.Build, args, output, Cancel);
        return (code, output.ToString().Trim());
    }
}
