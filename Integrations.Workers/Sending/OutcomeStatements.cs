using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Workers.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.Sending;

/// <summary>The statements that store outcomes and the positions that came with them. They run in the caller's transaction.</summary>
internal static class OutcomeStatements
{
    /// <returns>The ids that were written; another owner may have claimed or finished the rest.</returns>
    public static async Task<HashSet<Guid>> RecordAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ShardClaim claim, IEnumerable<Outcome> outcomes, CancellationToken ct)
    {
        // Every writer locks rows in this order, so that two of them never wait for each other.
        var sorted = outcomes.OrderBy(outcome => outcome.Message.Id).ToArray();
        HashSet<Guid> written = [];
        if (sorted.Length == 0)
            return written;

        await using var command = new NpgsqlCommand("select doors.record_outcomes($1, $2, $3, $4, $5, $6, $7, $8, $9)", connection, transaction)
            .With(claim.Shard)
            .With(claim.Epoch)
            .With(Array.ConvertAll(sorted, o => o.Message.Id))
            .With(Array.ConvertAll(sorted, o => Words.Of(o.Status)))
            .With(Array.ConvertAll(sorted, o => o.TelegramId), NpgsqlDbType.Array | NpgsqlDbType.Integer)
            .With(Array.ConvertAll(sorted, o => o.TelegramDate?.ToUniversalTime()), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz)
            .With(Array.ConvertAll(sorted, o => o.ErrorCode), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(sorted, o => o.ErrorDetail), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(sorted, o => o.NotBefore?.ToUniversalTime()), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            written.Add(reader.GetGuid(0));

        return written;
    }

    public static async Task SavePositionsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ShardClaim claim, IReadOnlyCollection<OutcomeSet> sets, CancellationToken ct)
    {
        // An account may stand in a batch more than once: its last position is the one that holds.
        var common = sets.Where(set => set.Position is not null).GroupBy(set => set.AccountId)
            .Select(group => (Account: group.Key, Position: group.Last().Position!)).ToArray();
        if (common.Length > 0)
        {
            await using var command = new NpgsqlCommand("select doors.save_positions($1, $2, $3, $4, $5, $6, $7)", connection, transaction)
                .With(claim.Shard)
                .With(claim.Epoch)
                .With(Array.ConvertAll(common, c => c.Account))
                .With(Array.ConvertAll(common, c => c.Position.Pts))
                .With(Array.ConvertAll(common, c => c.Position.Qts))
                .With(Array.ConvertAll(common, c => c.Position.Date))
                .With(Array.ConvertAll(common, c => c.Position.Seq));
            await command.ExecuteNonQueryAsync(ct);
        }

        var channels = sets.SelectMany(set => set.Channels, (set, channel) => (set.AccountId, Channel: channel))
            .GroupBy(entry => (entry.AccountId, entry.Channel.ChannelId)).Select(group => group.Last()).ToArray();
        if (channels.Length > 0)
        {
            await using var command = new NpgsqlCommand("select doors.save_channel_positions($1, $2, $3, $4, $5)", connection, transaction)
                .With(claim.Shard)
                .With(claim.Epoch)
                .With(Array.ConvertAll(channels, c => c.AccountId))
                .With(Array.ConvertAll(channels, c => c.Channel.ChannelId))
                .With(Array.ConvertAll(channels, c => c.Channel.Pts));
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}
