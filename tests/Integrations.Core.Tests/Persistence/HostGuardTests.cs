using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Tests.Persistence;

public sealed class HostGuardTests(CoreDatabase database, Servers servers) : IClassFixture<CoreDatabase>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_hosts_own_roles_may_start()
    {
        await AGuard(database.Api).StartingAsync(_cancel);
        await AGuard(database.Worker).StartingAsync(_cancel);
    }

    [Fact]
    public Task A_superuser_may_not_start() => RefusedAsync(database.Admin, "postgres is a superuser");

    [Theory]
    [InlineData("bypassrls", null, "may bypass row-level security")]
    [InlineData("", "integrations_doors", "may bypass row-level security")]
    [InlineData("", "integrations_owner", "owns tables")]
    public async Task A_role_that_could_get_round_row_security_may_not_start(string attributes, string? member, string reason)
    {
        var role = $"guard_test_{CoreDatabase.NewId():n}";
        await CoreDatabase.ExecuteAsync(database.Admin, $"create role {role} login {attributes} password 'guard'");
        try
        {
            if (member is not null)
                await CoreDatabase.ExecuteAsync(database.Admin, $"grant {member} to {role}");

            await CoreDatabase.ExecuteAsync(database.Admin, $"do $$ begin execute format('grant connect on database %I to {role}', current_database()); end $$");
            await using var source = NpgsqlDataSource.Create(CoreDatabase.LogIn(database.Admin.ConnectionString, role, "guard"));
            await RefusedAsync(source, reason);
        }
        finally
        {
            await CoreDatabase.ExecuteAsync(database.Admin, $"drop owned by {role}; drop role {role}");
        }
    }

    [Fact]
    public Task Another_number_of_shards_may_not_start() =>
        RefusedAsync(database.Worker, "Ownership:ShardCount is 16, but this installation has 4 shards", shards: 16);

    [Fact]
    public async Task A_database_without_the_schema_sends_to_the_migrator()
    {
        var empty = await servers.CreateDatabaseAsync(_cancel);
        await using var source = NpgsqlDataSource.Create(CoreDatabase.LogIn(empty, "integrations_api", CoreDatabase.ApiPassword));

        await RefusedAsync(source, "Run the migrator");
    }

    private static HostGuard AGuard(NpgsqlDataSource source, int shards = CoreDatabase.ShardCount) =>
        new(source, Options.Create(new OwnershipOptions { ShardCount = shards }), TimeProvider.System, NullLogger<HostGuard>.Instance);

    private async Task RefusedAsync(NpgsqlDataSource source, string reason, int shards = CoreDatabase.ShardCount)
    {
        var refused = await Assert.ThrowsAsync<HostRefusedException>(() => AGuard(source, shards).StartingAsync(_cancel));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }
}
