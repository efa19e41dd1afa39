using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Notices;

/// <summary>The caller's own notices: the unread first, and of each part the newest.</summary>
public sealed class ListNotices(TenantDatabase database)
{
    /// <param name="page">From 1.</param>
    public Task<NoticePage> ExecuteAsync(Principal principal, int page, int size, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                // The counts come with the page in one snapshot; an account or a bot that is gone has nothing to be told of.
                await using var command = transaction.Command(
                    """
                    with mine as (
                        select n.*, coalesce(a.display_name, '@' || a.username, a.phone) as account_name, coalesce(d.title, '@' || d.username, d.phone) as dialog_name,
                               coalesce(b.display_name, '@' || b.username) as bot_name, c.title as channel_name
                          from notices n
                          left join telegram_accounts a on a.id = n.account_id and a.deleted_at is null
                          left join telegram_bots b on b.id = n.bot_id and b.deleted_at is null
                          left join dialogs d on d.id = n.dialog_id
                          left join telegram_channels c on c.id = n.channel_id and c.deleted_at is null
                         where n.tenant_id = $1 and n.user_id = $2 and (a.id is not null or b.id is not null) and (n.channel_id is null or c.id is not null)
                    )
                    select c.unread, c.total, m.id, m.kind, m.account_id, m.account_name, m.dialog_id, m.dialog_name, m.code, m.until, m.since, m.times, m.told_at,
                           m.resolved_at, m.read_at, m.bot_id, m.bot_name, m.channel_id, m.channel_name
                      from (select count(*) filter (where read_at is null)::integer as unread, count(*)::integer as total from mine) c
                      left join lateral (select * from mine order by read_at is not null, told_at desc, id limit $3 offset $4) m on true
                     order by m.read_at is not null, m.told_at desc, m.id
                    """);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = size });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (page - 1L) * size });
                var (unread, total) = (0, 0);
                List<Notice> items = [];
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    (unread, total) = (reader.GetInt32(0), reader.GetInt32(1));
                    if (!await reader.IsDBNullAsync(2, cancellationToken))
                        items.Add(Read(reader));
                }

                return new NoticePage(items, unread, total);
            },
            cancellationToken);

    private static Notice Read(NpgsqlDataReader reader)
    {
        return new Notice(
            reader.GetGuid(2),
            Words.Read<NoticeKind>(reader.GetString(3)),
            Id(4),
            Text(5),
            Id(15),
            Text(16),
            Id(6),
            Text(7),
            Id(17),
            Text(18),
            Text(8),
            Moment(9),
            reader.GetFieldValue<DateTimeOffset>(10),
            reader.GetInt32(11),
            reader.GetFieldValue<DateTimeOffset>(12),
            Moment(13),
            Moment(14));

        Guid? Id(int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

        DateTimeOffset? Moment(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }
}
