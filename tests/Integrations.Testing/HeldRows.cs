using Npgsql;
using Xunit;

namespace Integrations.Testing;

/// <summary>Somebody in the middle of a transaction of his own: whoever needs what he holds waits until the test lets it go.</summary>
public sealed class HeldRows : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private HeldRows(NpgsqlConnection connection) => _connection = connection;

    /// <param name="source">The superuser's.</param>
    /// <param name="sql">Takes the locks; nothing that it writes is ever committed.</param>
    public static async Task<HeldRows> HoldAsync(NpgsqlDataSource source, string sql)
    {
        var held = new HeldRows(await source.OpenConnectionAsync(TestContext.Current.CancellationToken));
        await held.RunAsync($"begin; {sql}");
        return held;
    }

    /// <summary>Once.</summary>
    public Task LetGoAsync() => RunAsync("rollback");

    /// <summary>What is still held goes with the session.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task RunAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
