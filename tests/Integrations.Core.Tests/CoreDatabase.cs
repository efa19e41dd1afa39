using System.Diagnostics.Metrics;
using System.Globalization;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Core.Tests;

/// <summary>A migrated database for one test class, seen as the superuser and as the two hosts.</summary>
public sealed class CoreDatabase(Servers servers) : IAsyncLifetime
{
    public const string ApiPassword = "api-test-password";
    public const string WorkerPassword = "worker-test-password";
    public const int ShardCount = 4;

    private static readonly SemaphoreSlim TemplateLock = new(1);
    private static string? _template;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private string _admin = "";

    /// <summary>The superuser: to set up and to look, never the thing under test.</summary>
    public NpgsqlDataSource Admin { get; private set; } = null!;

    public NpgsqlDataSource Api { get; private set; } = null!;

    public NpgsqlDataSource Worker { get; private set; } = null!;

    public TenantDatabase ApiTenants { get; private set; } = null!;

    public TenantDatabase WorkerTenants { get; private set; } = null!;

    /// <summary>Never started: it drops every ring.</summary>
    public Doorbell SilentDoorbell { get; private set; } = null!;

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public async ValueTask InitializeAsync()
    {
        _admin = await CloneAsync(servers);
        Admin = NpgsqlDataSource.Create(_admin);
        Api = NpgsqlDataSource.Create(LogIn(_admin, "integrations_api", ApiPassword));
        Worker = NpgsqlDataSource.Create(LogIn(_admin, "integrations_worker", WorkerPassword));
        SilentDoorbell = new Doorbell(new Uri(servers.RabbitMq), new DoorbellOptions(), TimeProvider.System, Meters, NullLogger<Doorbell>.Instance);
        ApiTenants = new TenantDatabase(Api, SilentDoorbell);
        WorkerTenants = new TenantDatabase(Worker, SilentDoorbell);
    }

    public async ValueTask DisposeAsync()
    {
        await Admin.DisposeAsync();
        await Api.DisposeAsync();
        await Worker.DisposeAsync();
        SilentDoorbell.Dispose();
        await _services.DisposeAsync();
    }

    /// <summary>Every database is a copy of one that was migrated; migrating each would take longer than most tests.</summary>
    private static async Task<string> CloneAsync(Servers servers)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await TemplateLock.WaitAsync(cancellationToken);
        try
        {
            if (_template is null)
            {
                var template = await servers.CreateDatabaseAsync(cancellationToken);
                await new Migrator(new MigratorSettings(template, ApiPassword, WorkerPassword, ShardCount), NullLogger<Migrator>.Instance).RunAsync(cancellationToken);
                NpgsqlConnection.ClearAllPools();
                _template = template;
            }

            var name = $"test_{NewId():n}";
            await using var source = NpgsqlDataSource.Create(servers.PostgresAdmin);
            // A copy has the tables and functions, but not the privileges of the database itself.
            foreach (var sql in new[]
            {
                $"create database {name} template {new NpgsqlConnectionStringBuilder(_template).Database}",
                $"revoke all on database {name} from public",
                $"grant connect on database {name} to integrations_api, integrations_worker",
            })
            {
                await using var command = source.CreateCommand(sql);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }

            return new NpgsqlConnectionStringBuilder(_template) { Database = name }.ConnectionString;
        }
        finally
        {
            TemplateLock.Release();
        }
    }

    /// <summary>The Api's way in with some settings more, such as <c>Command Timeout=1</c> or <c>Options=-c enable_seqscan=off</c>.</summary>
    public NpgsqlDataSource ApiWith(string settings) => NpgsqlDataSource.Create($"{LogIn(_admin, "integrations_api", ApiPassword)};{settings}");

    /// <summary>Sessions of the hosts that wait for somebody's lock.</summary>
    public Task<long> WaitingSessionsAsync() =>
        ScalarAsync<long>(Admin, "select count(*) from pg_stat_activity where datname = current_database() and usename like 'integrations%' and wait_event_type = 'Lock'");

    public static string LogIn(string admin, string user, string password) =>
        new NpgsqlConnectionStringBuilder(admin) { Username = user, Password = password, MaxPoolSize = 20 }.ConnectionString;

    /// <summary>A fresh id, as the product makes them.</summary>
    public static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    /// <summary>A tenant with an owner, who is its user 1.</summary>
    public async Task<TenantId> AddTenantAsync()
    {
        var tenant = NewId();
        await ExecuteAsync(
            Admin,
            $"""
             insert into tenants (id, name) values ('{tenant}', 'Tenant');
             insert into users (id, tenant_id, user_id, subject, role) values ('{NewId()}', '{tenant}', 1, '1', 'owner');
             """);
        return new TenantId(tenant);
    }

    public Task AddUserAsync(TenantId tenant, int userId) =>
        ExecuteAsync(Admin, $"insert into users (id, tenant_id, user_id, subject, role) values ('{NewId()}', '{tenant}', {userId}, '{userId}', 'operator')");

    /// <summary>An active account of the tenant's user 1 in a shard of choice.</summary>
    public async Task<Guid> AddAccountAsync(TenantId tenant, int shard = 0, string status = "active", string world = "sandbox", int userId = 1)
    {
        var account = NewId();
        await ExecuteAsync(
            Admin,
            $"insert into telegram_accounts (id, tenant_id, user_id, shard, world, status) values ('{account}', '{tenant}', {userId}, {shard}, '{world}', '{status}')");
        return account;
    }

    /// <summary>A bot that the tenant's user 1 connected; its hook's id is its own id, and so is its Telegram user's.</summary>
    public async Task<Guid> AddBotAsync(TenantId tenant, int shard = 0, string world = "sandbox", string name = "bot")
    {
        var bot = NewId();
        await ExecuteAsync(
            Admin,
            $"""
             insert into integrations (id, tenant_id, user_id, integration_type, status) values ('{bot}', '{tenant}', 1, 'telegram_bot', 'active');
             insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, display_name, token_sealed, token_fingerprint, hook_id, hook_secret_sealed, hook_secret_hash, registered_at)
             values ('{bot}', '{tenant}', {shard}, '{world}', {Math.Abs((long)bot.GetHashCode())}, '{name}', 'a secret', sha256('token {bot}'), '{bot}', 'a secret', sha256('secret {bot}'), now());
             """);
        return bot;
    }

    public async Task<Guid> AddDialogAsync(TenantId tenant, Guid account, long peer = 1000002)
    {
        var dialog = NewId();
        await ExecuteAsync(
            Admin,
            $"""
             insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id)
             values ('{dialog}', '{tenant}', 'personal_telegram', '{account}', 'user', {peer})
             """);
        return dialog;
    }

    /// <summary>An accepted outgoing message, not counted in <c>message_counters</c>.</summary>
    public async Task<Guid> AddMessageAsync(
        TenantId tenant, Guid account, Guid dialog, int shard = 0, string status = "pending", int priority = 1, long epoch = 0)
    {
        var message = NewId();
        await ExecuteAsync(
            Admin,
            $"""
             insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, priority, text, random_id, accepted_at, epoch)
             values ('{message}', '{tenant}', '{account}', '{dialog}', {shard}, 'personal_telegram_out', '{status}', {priority}, 'hello',
                     {message.GetHashCode()}, now(), {epoch})
             """);
        return message;
    }

    /// <summary>Gives a shard to somebody without any lease ever running out.</summary>
    public async Task<ShardClaim> OwnAsync(int shard)
    {
        var epoch = await ScalarAsync<long>(
            Admin, $"update shards set owner = '{NewId()}', epoch = epoch + 1, lease_until = 'infinity' where id = {shard} returning epoch");
        return new ShardClaim(shard, epoch);
    }

    public static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public static async Task<T> ScalarAsync<T>(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Rows as text, columns joined by a space, in the order of the query.</summary>
    public static async Task<string[]> RowsAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        return await ReadRowsAsync(reader);
    }

    public static async Task<string[]> ReadRowsAsync(NpgsqlDataReader reader)
    {
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount)
                .Select(i => reader.IsDBNull(i) ? "-" : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return [.. rows];
    }
}
