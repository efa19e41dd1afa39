using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Integrations.Workers.Bots;
using Integrations.Workers.Media;
using Integrations.Workers.Postgres;
using Microsoft.Extensions.Options;
using NpgsqlTypes;

namespace Integrations.Workers.WorkingGroups;

/// <summary>What happens in working groups: answers, buttons, topics that are closed; and what bots become in groups.</summary>
/// <remarks>
/// All in the transaction that marks the updates as processed. Several managing bots bring the same message: its number in the group is what
/// makes it one.
/// </remarks>
internal sealed class GroupUpdates(IOptions<SendOptions> sending, TimeProvider time)
{
    /// <summary>Before the id of the message in a button's data.</summary>
    public const string RetryData = "retry:";

    private const string WhoCommand = "/who";

    /// <summary>Handles what belongs to working groups.</summary>
    /// <returns>The rest: those are ordinary updates of bots. What a bot has become in a group is among them, too.</returns>
    /// <param name="files">The rows of the updates' files, to be stored with what takes them.</param>
    public async Task<IReadOnlyList<ReadUpdate>> TakeAsync(
        TenantTransaction transaction, ShardClaim claim, IReadOnlyList<ReadUpdate> updates, IReadOnlyDictionary<SaidFile, NewFile> files, CancellationToken ct)
    {
        if (!updates.Any(update => update.Update.ChatId < 0))
            return updates;

        var groups = await GroupsAsync(transaction, updates, ct);
        List<ReadUpdate> rest = [];
        foreach (var update in updates)
        {
            if (update.Update.ChatId is not { } chat || chat >= 0)
            {
                rest.Add(update);
                continue;
            }

            var group = groups.GetValueOrDefault(update.Update.BotId) is { } managed && managed.ChatId == chat ? managed : null;
            if (group is null)
                rest.Add(update);
            if (group is null && update.Happening is not Membership)
                continue;

            var told = GroupUpdate.Read(update.Update.Payload);
            if (told.MyChatMember is { } membership)
                await BotGroups.ChangedAsync(transaction, Of(update.Update.BotId, membership), ct);
            if (group is { Mirrors: true })
                await HandleAsync(transaction, claim, group, update, told, files, ct);
        }

        return rest;
    }

    private static async Task<Dictionary<Guid, ManagedGroup>> GroupsAsync(TenantTransaction transaction, IReadOnlyList<ReadUpdate> updates, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            select b.bot_id, w.project_id, w.chat_id, w.shard, p.mirroring
              from working_group_bots b
              join working_groups w on w.project_id = b.project_id and w.chat_id is not null
              join projects p on p.id = w.project_id
             where b.bot_id = any ($1)
            """).With(updates.Select(update => update.Update.BotId).Distinct().ToArray());
        Dictionary<Guid, ManagedGroup> groups = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            groups[reader.GetGuid(0)] = new(reader.GetGuid(1), reader.GetInt64(2), reader.GetInt32(3), reader.GetBoolean(4));
        return groups;
    }

    private static BotInGroup Of(Guid bot, GroupMembership membership) => new(
        bot,
        membership.Chat.Id,
        membership.Chat.Title,
        membership.Chat.Username,
        membership.Chat.IsForum,
        BotInGroup.StatusOf(membership.NewChatMember),
        membership.NewChatMember.CanManageTopics ?? false,
        membership.NewChatMember.CanDeleteMessages ?? false,
        membership.NewChatMember.CanPinMessages ?? false);

    private async Task HandleAsync(
        TenantTransaction transaction, ShardClaim claim, ManagedGroup group, ReadUpdate read, GroupUpdate update, IReadOnlyDictionary<SaidFile, NewFile> files, CancellationToken ct)
    {
        switch (update)
        {
            case { CallbackQuery: { Data: { } data } callback }:
                await PressedAsync(transaction, group, read.Update.BotId, callback.Id, data, ct);
                break;
            case { Message: { IsTopicMessage: true, MessageThreadId: { } thread } message } when await DialogAsync(transaction, group, thread, ct) is { } dialog:
                await SaidAsync(transaction, claim, group, dialog, read, message, files, ct);
                break;
            case { EditedMessage: { IsTopicMessage: true, MessageThreadId: { } thread } message }
                when message.IsOfPerson && read.Happening is Edited edited && await DialogAsync(transaction, group, thread, ct) is { } dialog:
                if (await EditAsync(transaction, group, edited, ct) is AnswerEdit.Refused)
                    await NoteAsync(transaction, group, dialog, TopicNotes.EditNotCarried, message.MessageId, ct);
                break;
            default:
                // The general topic, topics of people's own, joining and leaving, and kinds to come: nothing follows.
                break;
        }
    }

    private Task<AnswerEdit> EditAsync(TenantTransaction transaction, ManagedGroup group, Edited edited, CancellationToken ct) => TopicAnswers.EditAsync(
        transaction, group.ProjectId, edited.MessageId, Storable(edited.Text), edited.File?.RemoteKey, edited.At ?? time.GetUtcNow(), time.GetUtcNow(), ct);

    private async Task SaidAsync(
        TenantTransaction transaction, ShardClaim claim, ManagedGroup group, Guid dialog, ReadUpdate read, GroupMessage message, IReadOnlyDictionary<SaidFile, NewFile> files, CancellationToken ct)
    {
        // What a bot of ours has closed or opened comes back, too, and may be out of date by then.
        if (!message.IsOfPerson)
            return;
        if (message.ForumTopicClosed is not null || message.ForumTopicReopened is not null)
            await CloseAsync(transaction, group, dialog, message.ForumTopicClosed is not null, ct);
        else if (message.Text is { } command && IsWho(command))
            await NoteAsync(transaction, group, dialog, TopicNotes.Who, message.MessageId, ct);
        else if (read.Happening is Said { File: { } file } said)
            await AnswerAsync(transaction, AnswerOf(group, dialog, message, said.Text) with { File = new(files[file].Id, said.AlbumId, files[file].TooBig) }, (claim, read.Update.BotId, files[file]), ct);
        else if (message.HasMedia)
            await NoteAsync(transaction, group, dialog, TopicNotes.MediaNotCarried, message.MessageId, ct);
        else if (message.Text is { Length: > 0 } text)
            await AnswerAsync(transaction, AnswerOf(group, dialog, message, text), null, ct);
    }

    private static TopicAnswer AnswerOf(ManagedGroup group, Guid dialog, GroupMessage message, string text) =>
        new(group.ProjectId, dialog, message.MessageId, Storable(text), message.ReplyToMessage?.MessageId, message.AuthorId, message.AuthorName);

    /// <param name="file">Fetched by the bot that brings the answer, whoever sends it on.</param>
    private async Task AnswerAsync(TenantTransaction transaction, TopicAnswer answer, (ShardClaim Claim, Guid Bot, NewFile File)? file, CancellationToken ct)
    {
        if (!await TopicAnswers.AcceptAsync(transaction, answer, sending.Value.MaxBacklogPerAccount, time.GetUtcNow(), ct) || file is not { } brought)
            return;

        await MediaStatements.InsertAsync(transaction, brought.Claim.Shard, [brought.File], ct, brought.Bot);
        transaction.AfterCommit(Ring.Shard(brought.Claim.Shard));
    }

    private static string Storable(string text) => text.Replace("\0", "", StringComparison.Ordinal);

    private static async Task PressedAsync(TenantTransaction transaction, ManagedGroup group, Guid bot, string callback, string data, CancellationToken ct)
    {
        if (!data.StartsWith(RetryData, StringComparison.Ordinal) || !Guid.TryParse(data.AsSpan(RetryData.Length), out var message))
            return;

        var result = await TopicAnswers.RetryAsync(transaction, group.ProjectId, message, ct);
        await using var command = transaction.Command(
            """
            insert into mirror_items (tenant_id, project_id, dialog_id, key, kind, bot_id, callback_id, note)
            select t.tenant_id, t.project_id, t.dialog_id, left('c:' || $3, 80), 'callback', $4, left($3, 64), $5
              from topic_answers t where t.project_id = $1 and t.message_id = $2
            on conflict do nothing
            """)
            .With(group.ProjectId).With(message).With(callback).With(bot)
            .With(result switch { AnswerRetry.Done => TopicNotes.RetryDone, AnswerRetry.NotConnected => TopicNotes.RetryNotConnected, _ => TopicNotes.RetryNotFailed });
        await command.ExecuteNonQueryAsync(ct);
        transaction.AfterCommit(Ring.Shard(group.Shard));
    }

    /// <summary>Closing the topic closes the dialog, and opening it opens it; by whomever, so doing it twice changes nothing.</summary>
    private async Task CloseAsync(TenantTransaction transaction, ManagedGroup group, Guid dialog, bool closed, CancellationToken ct)
    {
        DateTimeOffset? at = closed ? time.GetUtcNow() : null;
        await using (var command = transaction.Command("update topics set closed_at = $3 where project_id = $1 and dialog_id = $2 and (closed_at is null) <> ($3 is null)")
            .With(group.ProjectId).With(dialog).With(at, NpgsqlDbType.TimestampTz))
        {
            await command.ExecuteNonQueryAsync(ct);
        }

        await ClosedDialogs.SetAsync(transaction, dialog, at, ct);
    }

    private static async Task NoteAsync(TenantTransaction transaction, ManagedGroup group, Guid dialog, string note, int about, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            insert into mirror_items (tenant_id, project_id, dialog_id, key, kind, note, reply_to) values (current_tenant(), $1, $2, 'n:' || $3 || ':' || $4, 'note', $3, $4)
            on conflict do nothing
            """).With(group.ProjectId).With(dialog).With(note).With(about);
        await command.ExecuteNonQueryAsync(ct);
        transaction.AfterCommit(Ring.Shard(group.Shard));
    }

    /// <summary>Says in the topic that the other side keeps the answer as it was; of what was not written in a topic, nothing.</summary>
    public static async Task EditFailedAsync(TenantTransaction transaction, Guid message, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            with noted as (
                insert into mirror_items (tenant_id, project_id, dialog_id, key, kind, note, reply_to)
                select t.tenant_id, t.project_id, t.dialog_id, 'n:' || $2 || ':' || t.group_message_id, 'note', $2, t.group_message_id from topic_answers t where t.message_id = $1
                on conflict do nothing
                returning project_id
            )
            select w.shard from noted n join working_groups w on w.project_id = n.project_id
            """).With(message).With(TopicNotes.EditNotCarried);
        if (await command.ExecuteScalarAsync(ct) is int shard)
            transaction.AfterCommit(Ring.Shard(shard));
    }

    private static async Task<Guid?> DialogAsync(TenantTransaction transaction, ManagedGroup group, int thread, CancellationToken ct)
    {
        await using var command = transaction.Command("select dialog_id from topics where project_id = $1 and message_thread_id = $2").With(group.ProjectId).With(thread);
        return await command.ExecuteScalarAsync(ct) as Guid?;
    }

    /// <summary><c>/who</c>, or <c>/who@some_bot</c> as Telegram's clients complete it.</summary>
    private static bool IsWho(string text) =>
        text.StartsWith(WhoCommand, StringComparison.OrdinalIgnoreCase) && (text.Length == WhoCommand.Length || text[WhoCommand.Length] is '@' or ' ');

    private sealed record ManagedGroup(Guid ProjectId, long ChatId, int Shard, bool Mirrors);
}
