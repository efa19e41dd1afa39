using System.Buffers.Binary;
using System.Text;
using Integrations.Core.Secrets;
using Integrations.Core.Secrets.Rotation;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Core.Tests.Secrets.Rotation;

/// <summary>Tenants with sealed sessions, and processes that use and rotate their keys.</summary>
public abstract class RotationTest : IAsyncLifetime
{
    internal static readonly byte[] Clear = Encoding.UTF8.GetBytes("a very secret session");

    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("integrations-keys-");
    private readonly List<IDisposable> _made = [];

    protected RotationTest(CoreDatabase database) => Database = database;

    protected CancellationToken Cancel { get; } = TestContext.Current.CancellationToken;

    protected CoreDatabase Database { get; }

    protected TestClock Clock { get; } = new();

    internal SecretsOptions Options => new() { Directory = Path.Combine(_parent.FullName, "keys") };

    internal KeyFiles Files => new(Options.Directory);

    /// <summary>Each test counts its own tenants.</summary>
    public virtual async ValueTask InitializeAsync() => await CoreDatabase.ExecuteAsync(Database.Admin, "delete from data_keys");

    public virtual ValueTask DisposeAsync()
    {
        _made.ForEach(made => made.Dispose());
        _parent.Delete(recursive: true);
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    internal (EnvelopeProtector Secrets, SecretRotation Rotation) AProcess(params IReadOnlyList<IWrappingKeys> wrapping)
    {
        var keys = new DataKeys(new DataKeyRows(Database.WorkerTenants), wrapping.Count == 0 ? [Files] : wrapping, Options, Clock);
        _made.Add(keys);
        var secrets = new EnvelopeProtector(keys);
        return (secrets, new SecretRotation(Database.WorkerTenants, keys, secrets, Options, Clock, Database.Meters, NullLogger<SecretRotation>.Instance));
    }

    internal async Task<SecretAddress> ASessionAsync(ISecretProtector secrets, TenantId tenant)
    {
        var address = new SecretAddress(tenant, "telegram_accounts", "session_payload", await Database.AddAccountAsync(tenant));
        await PutAsync(address, await secrets.ProtectAsync(address, Clear, Cancel));
        return address;
    }

    internal async Task PutAsync(SecretAddress address, byte[] sealed_)
    {
        await using var command = Database.Admin.CreateCommand($"update {address.Table} set {address.Column} = $1 where id = $2");
        command.Parameters.Add(new NpgsqlParameter { Value = sealed_ });
        command.Parameters.Add(new NpgsqlParameter { Value = address.Row });
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancel));
    }

    internal Task<byte[]> StoredAsync(SecretAddress address) =>
        CoreDatabase.ScalarAsync<byte[]>(Database.Admin, $"select {address.Column} from {address.Table} where id = '{address.Row}'");

    internal async Task<int> VersionAsync(SecretAddress address)
    {
        var stored = await StoredAsync(address);
        return BinaryPrimitives.ReadInt32BigEndian(stored.AsSpan(2));
    }

    internal async Task<bool> OpensAsync(ISecretProtector secrets, SecretAddress address)
    {
        var opened = await secrets.UnprotectAsync(address, await StoredAsync(address), Cancel);
        return opened.AsSpan().SequenceEqual(Clear);
    }

    /// <summary><c>version provider</c> of each data key.</summary>
    internal Task<string[]> KeysAsync(TenantId tenant) =>
        CoreDatabase.RowsAsync(Database.Admin, $"select version, provider from data_keys where tenant_id = '{tenant}' order by version");
}
