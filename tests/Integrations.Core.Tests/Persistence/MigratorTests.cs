using Integrations.Core.Persistence;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Core.Tests.Persistence;

public sealed class MigratorTests(Servers servers)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_empty_database_gets_every_migration_and_a_second_run_changes_nothing()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);

        Assert.Equal(Migration.Latest, await AMigrator(database).RunAsync(_cancel));
        await using var source = NpgsqlDataSource.Create(database);
        var before = await CoreDatabase.RowsAsync(source, "select version, checksum, applied_at from schema_migrations order by version");

        Assert.Equal(0, await AMigrator(database).RunAsync(_cancel));
        Assert.Equal(before, await CoreDatabase.RowsAsync(source, "select version, checksum, applied_at from schema_migrations order by version"));
    }

    [Fact]
    public async Task The_installation_gets_its_number_of_shards()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        await AMigrator(database, shards: 7).RunAsync(_cancel);
        await using var source = NpgsqlDataSource.Create(database);

        Assert.Equal(["7 0 6 7"], await CoreDatabase.RowsAsync(source, "select shard_count, min(s.id), max(s.id), count(*) from installation, shards s group by 1"));
    }

    [Fact]
    public async Task The_number_of_shards_is_not_changed_afterwards()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        await AMigrator(database, shards: 4).RunAsync(_cancel);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => AMigrator(database, shards: 8).RunAsync(_cancel));

        Assert.Contains("ShardCount is 8, but this installation has 4 shards", refused.Message, StringComparison.Ordinal);
        await using var source = NpgsqlDataSource.Create(database);
        Assert.Equal(4L, await CoreDatabase.ScalarAsync<long>(source, "select count(*) from shards"));
    }

    [Fact]
    public async Task A_migration_whose_text_has_changed_is_refused()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        await AMigrator(database).RunAsync(_cancel);
        Migration[] edited = [Migration.All[0] with { Sql = "select 1", Checksum = new string('0', 64) }, .. Migration.All.Skip(1)];

        var refused = await Assert.ThrowsAsync<MigrationException>(() => AMigrator(database).RunAsync(edited, _cancel));

        Assert.Contains("0001_foundation was applied with another text", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_migration_is_rolled_back_and_those_before_it_stay()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        Migration[] migrations =
        [
            .. Migration.All,
            Migration.Parse("0900_good.sql", "create table good (id int);") with { Version = Migration.Latest + 1 },
            Migration.Parse("0901_bad.sql", "create table half (id int); select 1 / 0;") with { Version = Migration.Latest + 2 },
        ];

        var failure = await Assert.ThrowsAsync<MigrationException>(() => AMigrator(database).RunAsync(migrations, _cancel));

        Assert.Contains("_bad failed and was rolled back: division by zero", failure.Message, StringComparison.Ordinal);
        await using var source = NpgsqlDataSource.Create(database);
        Assert.Equal(["good -"], await CoreDatabase.RowsAsync(source, "select to_regclass('good')::text, to_regclass('half')::text"));
    }

    [Fact]
    public async Task A_build_older_than_the_database_is_refused()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        await AMigrator(database).RunAsync(_cancel);

        var refused = await Assert.ThrowsAsync<MigrationException>(() => AMigrator(database).RunAsync([Migration.All[0]], _cancel));

        Assert.Contains("older than the database", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_migrators_on_one_cluster_and_on_one_database_do_not_disturb_each_other()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => servers.CreateDatabaseAsync(_cancel)));

        var applied = await Task.WhenAll(databases.SelectMany(database => new[] { database, database, database })
            .Select(database => AMigrator(database).RunAsync(_cancel)));

        Assert.Equal(3 * Migration.Latest, applied.Sum());
    }

    [Fact]
    public async Task The_hosts_log_in_with_the_passwords_that_were_given()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        await AMigrator(database).RunAsync(_cancel);

        await using var api = NpgsqlDataSource.Create(CoreDatabase.LogIn(database, "integrations_api", CoreDatabase.ApiPassword));
        await using var worker = NpgsqlDataSource.Create(CoreDatabase.LogIn(database, "integrations_worker", CoreDatabase.WorkerPassword));
        Assert.Equal("integrations_api", await CoreDatabase.ScalarAsync<string>(api, "select current_user::text"));
        Assert.Equal("integrations_worker", await CoreDatabase.ScalarAsync<string>(worker, "select current_user::text"));
    }

    [Fact]
    public async Task Roles_that_somebody_has_given_more_rights_lose_them_again()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        await AMigrator(database).RunAsync(_cancel);
        await using var source = NpgsqlDataSource.Create(database);
        // Under the migrators' own lock: other tests migrate on the same cluster meanwhile.
        await using var cluster = NpgsqlDataSource.Create(servers.PostgresAdmin);
        await CoreDatabase.ExecuteAsync(cluster, "begin; select pg_advisory_xact_lock(7299); alter role integrations_owner login createrole; commit");

        await AMigrator(database).RunAsync(_cancel);

        Assert.Equal(
            ["integrations_api True False False False False", "integrations_doors False False True False False", "integrations_owner False False False False False", "integrations_worker True False False False False"],
            await CoreDatabase.RowsAsync(
                source,
                "select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname like 'integrations\\_%' and rolname !~ 'test' order by rolname"));
    }

    [Fact]
    public async Task The_command_says_in_plain_words_what_is_missing_and_exits_with_1()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        var (code, text) = await MigrateAsync(new() { ["ConnectionStrings:integrations"] = database, ["Database:WorkerPassword"] = "x" });

        Assert.Equal(1, code);
        Assert.Equal("The migration failed: Database:ApiPassword is not set: the migrator gives the hosts' roles their passwords.", text);
    }

    [Fact]
    public async Task The_command_refuses_to_run_as_anybody_but_a_superuser()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        await AMigrator(database).RunAsync(_cancel);

        var (code, text) = await MigrateAsync(new()
        {
            ["ConnectionStrings:integrations"] = CoreDatabase.LogIn(database, "integrations_api", CoreDatabase.ApiPassword),
            ["Database:ApiPassword"] = "x",
            ["Database:WorkerPassword"] = "x",
        });

        Assert.Equal(1, code);
        Assert.StartsWith("The migration failed: The migrator needs a superuser", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_migrates_and_exits_with_0()
    {
        var database = await servers.CreateDatabaseAsync(_cancel);
        var (code, text) = await MigrateAsync(new()
        {
            ["ConnectionStrings:integrations"] = database,
            ["Database:ApiPassword"] = CoreDatabase.ApiPassword,
            ["Database:WorkerPassword"] = CoreDatabase.WorkerPassword,
        });

        Assert.Equal((0, $"The database is up to date; {Migration.Latest} migrations were applied."), (code, text));
        await using var source = NpgsqlDataSource.Create(database);
        Assert.Equal(16, await CoreDatabase.ScalarAsync<int>(source, "select shard_count from installation"));
    }

    private static Migrator AMigrator(string database, int shards = CoreDatabase.ShardCount) =>
        new(new MigratorSettings(database, CoreDatabase.ApiPassword, CoreDatabase.WorkerPassword, shards), NullLogger<Migrator>.Instance);

    private async Task<(int Code, string Text)> MigrateAsync(Dictionary<string, string?> settings)
    {
        var output = new StringWriter();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        var code = await MigrateCommand.RunAsync(configuration, NullLoggerFactory.Instance, TimeProvider.System, output, _cancel);
        return (code, output.ToString().Trim());
    }
}
