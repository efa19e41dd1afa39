using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Integrations.Workers.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.WorkingGroups;

/// <summary>A group that the owner of a shard fills.</summary>
internal sealed record OwnedGroup(TenantId Tenant, Guid ProjectId, bool IsWaiting);

/// <summary>What waits to be posted into the groups of a shard, and what was posted. Only the shard's owner writes here, and each write requires its epoch.</summary>
internal sealed class MirrorQueue(TenantDatabase database)
{
    /// <summary>Items of one dialog that are looked at together.</summary>
    private const int Batch = 40;

    private const string MayPost = "bot.is_active and bot.deleted_at is null and i.status = 'active' and coalesce(g.status = 'creator' or (g.status = 'administrator' and g.can_manage_topics), false)";

    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public Task<List<OwnedGroup>> GroupsAsync(ShardClaim claim, World world, CancellationToken ct) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select tenant_id, project_id, waiting from doors.groups_of_shard($1, $2, $3)", connection, transaction)
                .With(claim.Shard).With(claim.Epoch).With(Words.Of(world));
            List<OwnedGroup> groups = [];
            try
            {
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                    groups.Add(new(new TenantId(reader.GetGuid(0)), reader.GetGuid(1), reader.GetBoolean(2)));
            }
            catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
            {
                throw new StaleEpochException(claim, e);
            }

            return groups;
        },
        ct);

    /// <returns>Null when the project does not mirror any more.</returns>
    public Task<MirrorWork?> ReadAsync(OwnedGroup owned, DateTimeOffset now, CancellationToken ct) => database.InTenantAsync(
        owned.Tenant,
        async transaction =>
        {
            if (await GroupAsync(transaction, owned.ProjectId, ct) is not { } group)
                return null;

            var (items, nextDue) = await ItemsAsync(transaction, owned.ProjectId, now, ct);
            if (items.Count == 0)
                return new MirrorWork(group, [], nextDue, null, new Dictionary<Guid, MirrorMessage>(), []);

            var posts = await PostsAsync(transaction, owned.ProjectId, [.. items.Where(item => item.MessageId is not null).Select(item => item.MessageId!.Value)], ct);
            Guid[] messages = [.. items.Where(item => item.MessageId is not null).Select(item => item.MessageId!.Value).Concat(posts.Select(post => post.MessageId)).Distinct()];
            return new MirrorWork(
                group, items, nextDue, await DialogAsync(transaction, owned.ProjectId, items[0].DialogId, ct), await MessagesAsync(transaction, owned.ProjectId, messages, ct), posts);
        },
        ct);

    /// <summary>When the group's bots posted within the last minute.</summary>
    public Task<List<(Guid Bot, DateTimeOffset At)>> RecentAsync(OwnedGroup owned, DateTimeOffset since, CancellationToken ct) =>
        database.InTenantAsync(owned.Tenant, transaction => RecentPosts.ReadAsync(transaction, owned.ProjectId, since, ct), ct);

    /// <summary>Writes down in one transaction what a call to Telegram has brought about.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on; nothing was stored, and the next owner does it again.</exception>
    public Task RecordAsync(ShardClaim claim, OwnedGroup owned, MirrorRecord record, CancellationToken ct) => database.InTenantAsync(
        owned.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            if (record.Topic is { } topic)
                await RunAsync(transaction, "insert into topics (project_id, dialog_id, tenant_id, message_thread_id, name) values ($1, $2, current_tenant(), $3, $4) on conflict (project_id, dialog_id) do update set message_thread_id = excluded.message_thread_id, name = excluded.name, closed_at = null", owned, command => command.With(topic.DialogId).With(topic.Thread).With(topic.Name), ct);
            if (record.TopicClosed is { } closed)
                await RunAsync(transaction, "update topics set closed_at = case when $3 then clock_timestamp() end where project_id = $1 and dialog_id = $2", owned, command => command.With(closed.DialogId).With(closed.IsClosed), ct);
            if (record.TopicNamed is { } named)
                await RunAsync(transaction, "update topics set name = $3 where project_id = $1 and dialog_id = $2", owned, command => command.With(named.DialogId).With(named.Name), ct);
            if (record.TopicGone is { } gone)
            {
                // Everything in it went with it.
                await RunAsync(transaction, "delete from topics where project_id = $1 and dialog_id = $2", owned, command => command.With(gone), ct);
                await RunAsync(transaction, "delete from mirror_posts where project_id = $1 and dialog_id = $2", owned, command => command.With(gone), ct);
            }

            if (record.Forgotten.Count > 0)
                await RunAsync(transaction, "delete from mirror_posts where project_id = $1 and group_message_id = any ($2)", owned, command => command.With(record.Forgotten.ToArray()), ct);
            if (record.Shown is { } shown)
                await RunAsync(transaction, "update mirror_posts set shown_digest = $3 where project_id = $1 and group_message_id = $2", owned, command => command.With(shown.GroupMessageId).With(shown.Digest), ct);
            foreach (var post in record.Posts)
                await PostAsync(transaction, owned, post, ct);
            if (record.Done.Count > 0)
                await RunAsync(transaction, "delete from mirror_items i using unnest($2, $3) o (seq, news) where i.project_id = $1 and i.seq = o.seq and i.news = o.news", owned, command => command.With(record.Done.Select(item => item.Seq).ToArray()).With(record.Done.Select(item => item.News).ToArray()), ct);
            if (record.Again is { } again)
                await RunAsync(transaction, "update mirror_items set attempts = attempts + $3, not_before = $4, error = $5, failed_at = case when $6 then clock_timestamp() end where project_id = $1 and seq = $2", owned, command => command.With(again.Seq).With(again.Counts ? 1 : 0).With(again.NotBefore.ToUniversalTime()).With(again.Error, NpgsqlDbType.Text).With(again.GivenUp), ct);
        },
        ct);

    /// <summary>Telegram takes the bot's token no more: what is to be posted goes by another one, or waits until somebody has given it a new one.</summary>
    public Task FailBotAsync(ShardClaim claim, OwnedGroup owned, Guid bot, CancellationToken ct) => database.InTenantAsync(
        owned.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            await using var command = transaction.Command("update integrations set status = 'error', last_error_code = $2, last_error = 'Telegram no longer accepts the bot''s token.' where id = $1 and status = 'active'")
                .With(bot).With(ErrorCodes.TelegramBotTokenInvalid);
            if (await command.ExecuteNonQueryAsync(ct) == 0)
                return;

            await transaction.PublishAsync(new EventDraft(EventTypes.BotUpdated, null, null, new { Id = bot, Status = "error", LastErrorCode = ErrorCodes.TelegramBotTokenInvalid }), ct);
            await transaction.PublishAsync(new EventDraft(EventTypes.ProjectUpdated, null, null, new { Id = owned.ProjectId, Deleted = false }), ct);
        },
        ct);

    private static async Task RunAsync(TenantTransaction transaction, string sql, OwnedGroup owned, Func<NpgsqlCommand, NpgsqlCommand> parameters, CancellationToken ct)
    {
        await using var command = parameters(transaction.Command(sql).With(owned.ProjectId));
        await command.ExecuteNonQueryAsync(ct);
    }

    private static Task PostAsync(TenantTransaction transaction, OwnedGroup owned, NewPost post, CancellationToken ct) => RunAsync(
        transaction,
        """
        insert into mirror_posts (project_id, group_message_id, message_id, tenant_id, dialog_id, bot_id, kind, place, media_id, shown_digest, posted_at)
        select $1, $2, m.id, m.tenant_id, m.dialog_id, $4, $5, o.place - 1, $6, $7, $8
          from unnest($3) with ordinality o (id, place) join messages m on m.id = o.id
        on conflict do nothing
        """,
        owned,
        command => command.With(post.GroupMessageId).With(post.Messages.ToArray()).With(post.BotId).With(post.Kind).With(post.MediaId, NpgsqlDbType.Uuid).With(post.Digest).With(post.At.ToUniversalTime()),
        ct);

    private static async Task<MirrorGroup?> GroupAsync(TenantTransaction transaction, Guid projectId, CancellationToken ct)
    {
        await using var command = transaction.Command(
            $"""
            select w.chat_id, w.language, w.checked_at, bot.id, bot.token_sealed, bot.username, {MayPost}
              from working_groups w
              join projects p on p.id = w.project_id and p.mirroring
              left join working_group_bots b on b.project_id = w.project_id
              left join telegram_bots bot on bot.id = b.bot_id
              left join integrations i on i.id = b.bot_id
              left join bot_groups g on g.bot_id = b.bot_id and g.chat_id = w.chat_id
             where w.project_id = $1 and w.chat_id is not null
             order by b.created_at, b.bot_id
            """).With(projectId);
        MirrorGroup? group = null;
        List<MirrorBot> bots = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            group ??= new(reader.GetInt64(0), Words.Read<GroupLanguage>(reader.GetString(1)), await reader.NullableAsync<DateTimeOffset>(2, ct), bots);
            if (await reader.NullableAsync<Guid>(3, ct) is { } id)
                bots.Add(new(id, await reader.ReferenceAsync<byte[]>(4, ct), await reader.ReferenceAsync<string>(5, ct), await reader.NullableAsync<bool>(6, ct) is true));
        }

        return group;
    }

    /// <summary>Buttons first: whoever pressed one waits for it. Of a dialog nothing overtakes what stands before it.</summary>
    private static async Task<(List<MirrorItem> Items, DateTimeOffset? NextDue)> ItemsAsync(TenantTransaction transaction, Guid projectId, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            with heads as (
                select distinct on (i.dialog_id) i.dialog_id, i.seq, i.not_before
                  from mirror_items i where i.project_id = $1 and i.failed_at is null and i.kind <> 'callback' order by i.dialog_id, i.seq
            ), pressed as (
                select i.seq from mirror_items i where i.project_id = $1 and i.failed_at is null and i.kind = 'callback' order by i.seq limit 1
            ), chosen as (
                select h.dialog_id from heads h where h.not_before <= $2 and not exists (select from pressed) order by h.seq limit 1
            )
            select i.seq, i.news, i.kind, i.dialog_id, i.message_id, i.bot_id, i.callback_id, i.note, i.reply_to, i.attempts, i.created_at,
                   (select min(greatest(h.not_before, $2)) from heads h where h.not_before > $2)
              from (select null) one
              left join lateral (
                    select * from mirror_items x
                     where x.project_id = $1 and x.failed_at is null
                       and (x.seq in (select seq from pressed) or (x.kind <> 'callback' and x.dialog_id = (select dialog_id from chosen)))
                     order by x.seq limit $3) i on true
             order by i.seq
            """).With(projectId).With(now.ToUniversalTime()).With(Batch);
        List<MirrorItem> items = [];
        DateTimeOffset? nextDue = null;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            nextDue = await reader.NullableAsync<DateTimeOffset>(11, ct);
            if (await reader.NullableAsync<long>(0, ct) is not { } seq)
                break;
            items.Add(new(
                seq,
                reader.GetInt32(1),
                reader.GetString(2),
                reader.GetGuid(3),
                await reader.NullableAsync<Guid>(4, ct),
                await reader.NullableAsync<Guid>(5, ct),
                await reader.ReferenceAsync<string>(6, ct),
                await reader.ReferenceAsync<string>(7, ct),
                await reader.NullableAsync<int>(8, ct),
                reader.GetInt32(9),
                reader.GetFieldValue<DateTimeOffset>(10)));
        }

        return (items, nextDue);
    }

    private static async Task<MirrorDialog> DialogAsync(TenantTransaction transaction, Guid projectId, Guid dialogId, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            select d.peer_kind, d.source, coalesce(nullif(d.title, ''), '@' || d.username, '+' || ltrim(d.phone, '+'), 'id ' || d.peer_id, '?'), d.username, d.phone, d.peer_id,
                   coalesce(nullif(a.display_name, ''), '@' || a.username, a.phone, '@' || b.username, b.display_name, '?'), p.name, d.closed_at is not null,
                   t.message_thread_id, coalesce(t.closed_at is not null, false), t.name
              from dialogs d
              join projects p on p.id = $1
              left join telegram_accounts a on a.id = d.personal_account_id
              left join telegram_bots b on b.id = d.bot_id
              left join topics t on t.project_id = p.id and t.dialog_id = d.id
             where d.id = $2
            """).With(projectId).With(dialogId);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(
            dialogId,
            await reader.ReferenceAsync<string>(0, ct) is { } kind ? Words.Read<PeerKind>(kind) : null,
            Words.Read<DialogSource>(reader.GetString(1)),
            reader.GetString(2),
            await reader.ReferenceAsync<string>(3, ct),
            await reader.ReferenceAsync<string>(4, ct),
            await reader.NullableAsync<long>(5, ct),
            reader.GetString(6),
            reader.GetString(7),
            reader.GetBoolean(8),
            await reader.NullableAsync<int>(9, ct),
            reader.GetBoolean(10),
            await reader.ReferenceAsync<string>(11, ct));
    }

    private static async Task<Dictionary<Guid, MirrorMessage>> MessagesAsync(TenantTransaction transaction, Guid projectId, Guid[] ids, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            select m.id, m.direction in ('personal_telegram_in', 'telegram_bot_in'), case m.status when 'sending' then 'pending' else m.status end, m.text,
                   m.edited_at is not null, m.deleted_at is not null, m.error_code, m.error_detail,
                   case when m.direction in ('personal_telegram_in', 'telegram_bot_in')
                        then coalesce(nullif(p.title, ''), '@' || p.username, case when d.peer_kind = 'user' then coalesce(nullif(d.title, ''), '@' || d.username) end,
                                      known.title, 'id ' || m.from_peer_id, d.title, '?')
                        else coalesce(nullif(u.display_name, ''), u.email, t.author_name, nullif(a.display_name, ''), '@' || a.username, '@' || b.username, '?') end,
                   t.group_message_id, reply.group_message_id, m.album_id, f.id, f.kind, f.state, f.file_name, f.mime_type, f.size, m.created_at
              from messages m
              join dialogs d on d.id = m.dialog_id
              left join telegram_accounts a on a.id = m.account_id
              left join telegram_bots b on b.id = m.bot_id
              left join users u on u.tenant_id = m.tenant_id and u.user_id = m.sent_by
              left join telegram_peers p on p.account_id = m.account_id and p.kind = m.from_peer_kind and p.peer_id = m.from_peer_id
              left join dialogs known on known.bot_id = m.bot_id and known.peer_kind = m.from_peer_kind and known.peer_id = m.from_peer_id
              left join topic_answers t on t.message_id = m.id and t.project_id = $1
              left join media f on f.id = m.media_id
              left join lateral (
                    select x.group_message_id
                      from (select max(rp.group_message_id) as group_message_id from mirror_posts rp where rp.message_id = m.reply_to_id and rp.project_id = $1 and rp.kind = 'copy'
                            union all
                            select ra.group_message_id from topic_answers ra where ra.message_id = m.reply_to_id and ra.project_id = $1) x
                     where x.group_message_id is not null limit 1) reply on true
             where m.id = any ($2)
            """).With(projectId).With(ids);
        Dictionary<Guid, MirrorMessage> messages = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            messages[reader.GetGuid(0)] = new(
                reader.GetGuid(0),
                reader.GetBoolean(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetBoolean(4),
                reader.GetBoolean(5),
                await reader.ReferenceAsync<string>(6, ct),
                await reader.ReferenceAsync<string>(7, ct),
                reader.GetString(8),
                await reader.NullableAsync<int>(9, ct),
                await reader.NullableAsync<int>(10, ct),
                await reader.NullableAsync<long>(11, ct),
                await reader.NullableAsync<Guid>(12, ct) is { } media
                    ? new(
                        media, Words.Read<MediaKind>(reader.GetString(13)), Words.Read<MediaState>(reader.GetString(14)), await reader.ReferenceAsync<string>(15, ct),
                        await reader.ReferenceAsync<string>(16, ct), await reader.NullableAsync<long>(17, ct))
                    : null,
                reader.GetFieldValue<DateTimeOffset>(18));
        }

        return messages;
    }

    /// <summary>Those of the messages, and of whatever shares a post with them.</summary>
    private static async Task<List<MirrorPost>> PostsAsync(TenantTransaction transaction, Guid projectId, Guid[] messages, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            select group_message_id, message_id, bot_id, place, media_id, shown_digest
              from mirror_posts
             where project_id = $1 and group_message_id in (select group_message_id from mirror_posts where project_id = $1 and message_id = any ($2))
             order by group_message_id, place
            """).With(projectId).With(messages);
        List<MirrorPost> posts = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            posts.Add(new(
                reader.GetInt32(0), reader.GetGuid(1), reader.GetGuid(2), reader.GetInt32(3), await reader.NullableAsync<Guid>(4, ct), reader.GetFieldValue<byte[]>(5)));
        }

        return posts;
    }
}

/// <summary>What follows from one call to Telegram, or from none.</summary>
internal sealed record MirrorRecord
{
    /// <summary>Items with nothing left to show; each goes unless there was more news of it meanwhile.</summary>
    public IReadOnlyList<MirrorItem> Done { get; init; } = [];

    /// <summary>A topic that was opened.</summary>
    public (Guid DialogId, int Thread, string Name)? Topic { get; init; }
    public (Guid DialogId, bool IsClosed)? TopicClosed { get; init; }
    public (Guid DialogId, string Name)? TopicNamed { get; init; }

    /// <summary>The dialog whose topic somebody has deleted.</summary>
    public Guid? TopicGone { get; init; }
    public IReadOnlyList<NewPost> Posts { get; init; } = [];

    /// <summary>Messages of the group that show ours no more: another does, or they were deleted there.</summary>
    public IReadOnlyList<int> Forgotten { get; init; } = [];
    public (int GroupMessageId, byte[] Digest)? Shown { get; init; }

    /// <summary>An item that is tried again.</summary>
    public RetriedItem? Again { get; init; }
}

/// <param name="Counts">Whether it was a try.</param>
internal sealed record RetriedItem(long Seq, DateTimeOffset NotBefore, string? Error, bool Counts = true, bool GivenUp = false);

/// <param name="Messages">In the order in which they are shown there.</param>
internal sealed record NewPost(int GroupMessageId, Guid BotId, string Kind, IReadOnlyList<Guid> Messages, Guid? MediaId, byte[] Digest, DateTimeOffset At);
