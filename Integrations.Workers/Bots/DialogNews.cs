using System.Text.Json.Serialization;
using Integrations.Core.Events;
using Integrations.Workers.Postgres;
using Npgsql;

namespace Integrations.Workers.Bots;

/// <summary>A bot's dialog after a change: the data of its event.</summary>
internal sealed record DialogNews(
    Guid Id, Guid BotId, string PeerKind, long PeerId, string? Username, string? Title, int UnreadCount, DateTimeOffset? LastMessageAt, DateTimeOffset? BlockedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? ClosedAt)
{
    /// <summary>What a statement that changes dialogs <c>d</c> returns.</summary>
    public const string Columns = "d.id, d.bot_id, d.peer_kind, d.peer_id, d.username, d.title, d.unread_count, d.last_message_at, d.blocked_at, d.closed_at";

    /// <summary>Runs a statement that returns <see cref="Columns"/>.</summary>
    public static async Task<List<EventDraft>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        List<EventDraft> events = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var news = new DialogNews(
                reader.GetGuid(0),
                reader.GetGuid(1),
                reader.GetString(2),
                reader.GetInt64(3),
                await reader.ReferenceAsync<string>(4, ct),
                await reader.ReferenceAsync<string>(5, ct),
                reader.GetInt32(6),
                await reader.NullableAsync<DateTimeOffset>(7, ct),
                await reader.NullableAsync<DateTimeOffset>(8, ct),
                await reader.NullableAsync<DateTimeOffset>(9, ct));
            events.Add(EventDraft.OfBot(EventTypes.DialogUpdated, news.BotId, news));
        }

        return events;
    }
}
