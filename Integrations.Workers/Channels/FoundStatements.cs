using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Tenancy;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using NpgsqlTypes;

namespace Integrations.Workers.Channels;

/// <summary>Stores channels that can be picked, in the caller's transaction.</summary>
internal static class FoundStatements
{
    private const int TitleLimit = 255;
    private const int UsernameLimit = 64;

    public static async Task SaveAsync(TenantTransaction transaction, Guid? account, Guid? bot, ChannelSight[] sights, DateTimeOffset now, CancellationToken ct)
    {
        // One statement may not touch a row twice, and every writer locks rows in this order.
        var rows = sights.GroupBy(sight => sight.ChannelId).Select(group => group.Last()).OrderBy(sight => sight.ChannelId).ToArray();
        if (rows.Length == 0)
            return;

        var target = account is not null ? "(account_id, channel_id) where account_id is not null" : "(bot_id, channel_id) where bot_id is not null";
        await using var command = transaction.Command(
            $"""
            insert into telegram_found_channels as f (id, tenant_id, account_id, bot_id, channel_id, title, type, username, members_count, rights, can_post)
            select o.id, $1, $2, $3, o.channel_id, o.title, o.type, o.username, o.members, o.rights, o.can_post
              from unnest($4, $5, $6, $7, $8, $9, $10, $11) o (id, channel_id, title, type, username, members, rights, can_post)
            on conflict {target} do update
               set title = excluded.title, type = excluded.type, username = excluded.username, rights = excluded.rights, can_post = excluded.can_post,
                   members_count = case when excluded.members_count > 0 then excluded.members_count else f.members_count end
            """)
            .With(transaction.Tenant.Value)
            .With(account, NpgsqlDbType.Uuid)
            .With(bot, NpgsqlDbType.Uuid)
            .With(Array.ConvertAll(rows, _ => Guid.CreateVersion7(now)))
            .With(Array.ConvertAll(rows, row => row.ChannelId))
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Title, TitleLimit) ?? ""))
            .With(Array.ConvertAll(rows, row => Words.Of(row.Type)))
            .With(Array.ConvertAll(rows, row => PeerStatements.Cut(row.Username, UsernameLimit)), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(Array.ConvertAll(rows, row => row.MembersCount))
            .With(Array.ConvertAll(rows, row => row.Rights.AsJson()), NpgsqlDbType.Array | NpgsqlDbType.Jsonb)
            .With(Array.ConvertAll(rows, row => row.Missing is null));
        await command.ExecuteNonQueryAsync(ct);
    }
}
