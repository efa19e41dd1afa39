using System.Security.Cryptography;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>What somebody wrote in a topic, to be sent to the person outside.</summary>
/// <param name="GroupMessageId">Its number in the group: the same for all bots that bring it.</param>
/// <param name="ReplyToGroupMessageId">What it answers there, if that shows a message of the dialog.</param>
/// <param name="AuthorId">Telegram's id of who wrote it.</param>
public sealed record TopicAnswer(Guid ProjectId, Guid DialogId, int GroupMessageId, string Text, int? ReplyToGroupMessageId, long AuthorId, string? AuthorName)
{
    /// <summary>The file that goes with it; whoever accepts the answer stores its row in the same transaction.</summary>
    public AnswerFile? File { get; init; }
}

/// <param name="AlbumId">Files of one album share it.</param>
/// <param name="IsTooBig">It is never fetched, so the answer fails.</param>
public sealed record AnswerFile(Guid MediaId, long? AlbumId, bool IsTooBig);

/// <summary>What becomes of a changed answer.</summary>
public enum AnswerEdit
{
    /// <summary>It is no answer, or is changed already.</summary>
    Nothing,

    /// <summary>The other side will see it.</summary>
    Done,

    /// <summary>Telegram does not have it, or no more.</summary>
    Refused,
}

/// <summary>How an answer may be sent again.</summary>
public enum AnswerRetry
{
    /// <summary>It waits to be sent.</summary>
    Done,

    /// <summary>It has not failed, or is sent again already.</summary>
    NotFailed,

    /// <summary>The account or the bot is not connected.</summary>
    NotConnected,
}

/// <summary>Messages that are written in topics of a working group. Who is in the group may answer: the group's administrators decide that in Telegram.</summary>
public static class TopicAnswers
{
    private const int CounterStripes = 16;
    private const int TextLimit = 4096;
    private const int CaptionLimit = 1024;

    /// <summary>The files of an album come one after the other, and leave together.</summary>
    private static readonly TimeSpan AlbumPatience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Accepts an answer as the API accepts a message: from the commit on it is delivered, or the topic is told why not. What cannot be sent now is accepted as failed,
    /// so that it can be sent again from the topic.
    /// </summary>
    /// <param name="maxBacklog">More do not wait for one account or bot.</param>
    /// <returns>False when it was accepted before: another bot brought it, or the same one twice.</returns>
    public static async Task<bool> AcceptAsync(TenantTransaction transaction, TopicAnswer answer, int maxBacklog, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(answer);
        if (!await IsNewAsync(transaction, answer, cancellationToken))
            return false;

        var (sender, refusal) = await SenderAsync(transaction, answer, maxBacklog, now, cancellationToken);
        var id = Guid.CreateVersion7(now);
        var replyTo = await ReplyAsync(transaction, answer, cancellationToken);
        var sentBy = await InsertAsync(transaction, answer, id, sender, refusal, replyTo, cancellationToken);
        await transaction.PublishAsync(
            sender.Event(EventTypes.MessageCreated, new
            {
                Id = id,
                answer.DialogId,
                sender.AccountId,
                sender.BotId,
                sender.Direction,
                Status = refusal is null ? "pending" : "failed",
                answer.Text,
                ReplyTo = replyTo?.Id,
                SentBy = sentBy,
                CreatedAt = now,
                ErrorCode = refusal,
            }),
            cancellationToken);
        await CountAsync(transaction, sender.Channel, cancellationToken);
        transaction.AfterCommit(Ring.Shard(sender.Shard));
        return true;
    }

    /// <summary>Takes over what the author of an answer made of it. All managing bots bring the same change; the last one that Telegram tells holds.</summary>
    /// <param name="remoteKey">The file that it has now; null where it has none.</param>
    public static async Task<AnswerEdit> EditAsync(
        TenantTransaction transaction, Guid projectId, int groupMessageId, string text, string? remoteKey, DateTimeOffset editedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        Guid message;
        bool isSame, isOtherFile;
        await using (var command = transaction.Command(
            """
            update topic_answers t set edited_at = $3
              from messages m left join media f on f.id = m.media_id
             where t.project_id = $1 and t.group_message_id = $2 and m.id = t.message_id and (t.edited_at is null or t.edited_at <= $3)
            returning m.id, coalesce((select c.text from message_changes c where c.message_id = m.id and c.kind = 'edit' order by c.seq desc limit 1), m.text) = $4,
                      f.remote_key is distinct from $5
            """))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = projectId });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = groupMessageId });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = editedAt.ToUniversalTime() });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)remoteKey ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                return AnswerEdit.Nothing;
            (message, isSame, isOtherFile) = (reader.GetGuid(0), reader.GetBoolean(1), reader.GetBoolean(2));
        }

        if (isOtherFile)
            return AnswerEdit.Refused;
        if (isSame)
            return AnswerEdit.Nothing;
        return await ChangeMessage.EditAnswerAsync(transaction, message, text, now, cancellationToken) ? AnswerEdit.Done : AnswerEdit.Refused;
    }

    /// <summary>Puts a failed answer back into the queue, as <see cref="RetryMessage"/> does for those who answer from here.</summary>
    public static async Task<AnswerRetry> RetryAsync(TenantTransaction transaction, Guid projectId, Guid messageId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        Guid dialog;
        await using (var command = transaction.Command(
            "select m.dialog_id from messages m join topic_answers t on t.message_id = m.id and t.project_id = $2 where m.id = $1 and m.status = 'failed' for update of m"))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = messageId });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = projectId });
            if (await command.ExecuteScalarAsync(cancellationToken) is not Guid found)
                return AnswerRetry.NotFailed;
            dialog = found;
        }

        var (sender, isConnected, _) = await FindSenderAsync(transaction, dialog, cancellationToken);
        if (!isConnected)
            return AnswerRetry.NotConnected;

        await using (var command = transaction.Command(
            "update messages set status = 'pending', not_before = '-infinity', error_code = null, error_detail = null, finished_at = null, trace_id = $2 where id = $1"))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = messageId });
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)IntegrationLog.RunningTrace ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await RetryMessage.FetchAgainAsync(transaction, messageId, cancellationToken);
        await transaction.PublishAsync(
            sender.Event(EventTypes.MessageUpdated, new { Id = messageId, DialogId = dialog, sender.AccountId, sender.BotId, sender.Direction, Status = "pending" }), cancellationToken);
        transaction.AfterCommit(Ring.Shard(sender.Shard));
        return AnswerRetry.Done;
    }

    /// <summary>All managing bots see the same message of the group, so its number decides.</summary>
    private static async Task<bool> IsNewAsync(TenantTransaction transaction, TopicAnswer answer, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            insert into topic_answers (project_id, group_message_id, tenant_id, dialog_id, author_telegram_id, author_name) values ($1, $2, current_tenant(), $3, $4, left($5, 255))
            on conflict do nothing
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = answer.ProjectId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = answer.GroupMessageId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = answer.DialogId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = answer.AuthorId });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)answer.AuthorName ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    /// <summary>Holds the dialog, so that the order of seq is the order of acceptance, as for everybody who writes to it.</summary>
    private static async Task<(MessageSender Sender, string? Refusal)> SenderAsync(
        TenantTransaction transaction, TopicAnswer answer, int maxBacklog, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using (var turn = transaction.Command("update dialogs set last_message_at = greatest(last_message_at, $2) where id = $1"))
        {
            turn.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = answer.DialogId });
            turn.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        var (sender, isConnected, waiting) = await FindSenderAsync(transaction, answer.DialogId, cancellationToken);
        return (sender, answer switch
        {
            _ when !isConnected => sender.BotId is null ? ErrorCodes.AccountNotActive : ErrorCodes.BotNotActive,
            { File.IsTooBig: true } => ErrorCodes.MediaTooBig,
            _ when answer.Text.Length > (answer.File is null ? TextLimit : CaptionLimit) => ErrorCodes.TelegramMessageRejected,
            _ when waiting >= maxBacklog => ErrorCodes.ServiceUnavailable,
            _ => null,
        });
    }

    /// <summary>The sender's row stays as it is until the message is stored: whoever ends the account finds the message then, and nothing waits for nobody. Of a bot it is not its integration's.</summary>
    private static async Task<(MessageSender Sender, bool IsConnected, long Waiting)> FindSenderAsync(TenantTransaction transaction, Guid dialog, CancellationToken cancellationToken)
    {
        foreach (var hold in (string[])
            [
                "select from telegram_accounts a join dialogs d on d.personal_account_id = a.id where d.id = $1 for share of a",
                "select from telegram_bots b join dialogs d on d.bot_id = b.id where d.id = $1 for share of b",
            ])
        {
            await using var held = transaction.Command(hold);
            held.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dialog });
            await held.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = transaction.Command(
            """
            select d.personal_account_id, d.bot_id, a.user_id, coalesce(a.shard, b.shard),
                   coalesce(a.status = 'active' and a.goal = 'connected' and a.deleted_at is null, b.is_active and b.deleted_at is null and i.status = 'active'),
                   (select count(*) from messages m where m.status in ('pending', 'sending') and (m.account_id = a.id or m.bot_id = b.id))
              from dialogs d
              left join telegram_accounts a on a.id = d.personal_account_id
              left join telegram_bots b on b.id = d.bot_id
              left join integrations i on i.id = d.bot_id
             where d.id = $1
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = dialog });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (new MessageSender(reader[0] as Guid?, reader[1] as Guid?, reader[2] as int?, reader.GetInt32(3)), reader.GetBoolean(4), reader.GetInt64(5));
    }

    /// <summary>Of what was joined into one post the last message is meant: it stands right above the answer.</summary>
    private static async Task<(Guid Id, int? TelegramId)?> ReplyAsync(TenantTransaction transaction, TopicAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.ReplyToGroupMessageId is not { } number)
            return null;

        await using var command = transaction.Command(
            """
            select m.id, m.telegram_message_id
              from (select p.message_id, p.place from mirror_posts p where p.project_id = $1 and p.group_message_id = $2 and p.kind = 'copy'
                    union all
                    select t.message_id, 0 from topic_answers t where t.project_id = $1 and t.group_message_id = $2) shown
              join messages m on m.id = shown.message_id and m.dialog_id = $3
             order by shown.place desc
             limit 1
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = answer.ProjectId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = number });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = answer.DialogId });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetGuid(0), reader[1] as int?) : null;
    }

    /// <returns>The user whom the author is here: one of his accounts is the author's.</returns>
    private static async Task<int?> InsertAsync(
        TenantTransaction transaction, TopicAnswer answer, Guid id, MessageSender sender, string? refusal, (Guid Id, int? TelegramId)? replyTo, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            with author as (
                select a.user_id from telegram_accounts a join users u on u.tenant_id = a.tenant_id and u.user_id = a.user_id and u.is_active
                 where a.telegram_user_id = $14 and a.deleted_at is null order by a.created_at limit 1
            ), accepted as (
                insert into messages (id, tenant_id, account_id, bot_id, dialog_id, shard, direction, status, priority, text, reply_to_id, reply_to_telegram_id,
                                      random_id, sent_by, trace_id, accepted_at, error_code, finished_at, media_id, album_id, not_before)
                values ($1, current_tenant(), $2, $3, $4, $5, $6, case when $7::text is null then 'pending' else 'failed' end, 1, $8, $9, $10,
                        $11, (select user_id from author), $12, clock_timestamp(), $7, case when $7 is not null then clock_timestamp() end, $16, $17, case when $17 is null then '-infinity' else clock_timestamp() + $18 end)
                returning id, sent_by
            ), answered as (
                update topic_answers t set message_id = $1 from accepted where t.project_id = $13 and t.group_message_id = $15
            )
            select sent_by from accepted
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)sender.AccountId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)sender.BotId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = answer.DialogId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = sender.Shard });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sender.Direction });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)refusal ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = answer.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)replyTo?.Id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)replyTo?.TelegramId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        // The Bot API takes no key against doubles.
        command.Parameters.Add(new NpgsqlParameter { Value = sender.BotId is null ? RandomId() : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)IntegrationLog.RunningTrace ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = answer.ProjectId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = answer.AuthorId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = answer.GroupMessageId });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)answer.File?.MediaId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)answer.File?.AlbumId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = AlbumPatience });
        return await command.ExecuteScalarAsync(cancellationToken) as int?;
    }

    /// <summary>Last, because the counter's row is what other senders of the tenant may wait for.</summary>
    private static async Task CountAsync(TenantTransaction transaction, string channel, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            """
            insert into message_counters (tenant_id, channel, stripe, accepted) values (current_tenant(), $1, $2, 1)
            on conflict (tenant_id, channel, stripe) do update set accepted = message_counters.accepted + 1
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = channel });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)RandomNumberGenerator.GetInt32(CounterStripes) });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Telegram's key against doubles. Zero means none there.</summary>
    private static long RandomId()
    {
        var id = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));
        return id == 0 ? 1 : id;
    }
}
