using Integrations.Testing;
using Npgsql;
using RabbitMQ.Client;

[assembly: AssemblyFixture(typeof(Servers))]

namespace Integrations.AppHost.Tests;

public sealed class ServersFixtureTests(Servers servers)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_database_is_new_and_empty()
    {
        var first = new NpgsqlConnectionStringBuilder(await servers.CreateDatabaseAsync(_cancel));
        var second = new NpgsqlConnectionStringBuilder(await servers.CreateDatabaseAsync(_cancel));
        await using var source = NpgsqlDataSource.Create(second.ConnectionString);
        await using var tables = source.CreateCommand("select count(*) from pg_tables where schemaname = 'public'");

        Assert.NotEqual(first.Database, second.Database);
        Assert.Equal(0L, await tables.ExecuteScalarAsync(_cancel));
    }

    [Fact]
    public async Task Postgres_commits_to_disk()
    {
        await using var source = NpgsqlDataSource.Create(servers.PostgresAdmin);
        await using var fsync = source.CreateCommand("select current_setting('fsync') || current_setting('listen_addresses')");

        Assert.Equal("on127.0.0.1", await fsync.ExecuteScalarAsync(_cancel));
    }

    [Fact]
    public async Task RabbitMq_takes_a_message_and_gives_it_back()
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(servers.RabbitMq) }.CreateConnectionAsync(_cancel);
        // With confirms: publishing completes once the broker has the message.
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirmed, _cancel);
        var queue = await channel.QueueDeclareAsync(cancellationToken: _cancel);
        await channel.BasicPublishAsync("", queue.QueueName, new byte[] { 42 }, _cancel);
        var message = await channel.BasicGetAsync(queue.QueueName, autoAck: true, _cancel);

        Assert.Equal([42], message!.Body.ToArray());
    }
}
