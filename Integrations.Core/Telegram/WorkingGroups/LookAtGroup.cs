using System.Globalization;
using Integrations.Core.Events;
using Integrations.Core.Messaging;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>What one bot found out about a group.</summary>
/// <param name="Group">Null where it is not in it, or nothing was told.</param>
/// <param name="Member">What the bot is there.</param>
/// <param name="Failure">Why Telegram told nothing.</param>
public sealed record GroupLook(Guid BotId, BotChatInfo? Group, BotChatMember? Member, BotApiException? Failure)
{
    /// <summary>Telegram says that the bot is not there, or that there is no such chat.</summary>
    public bool IsOut => Failure is { Failure: BotApiFailure.Forbidden or BotApiFailure.BadRequest };
}

/// <summary>Asks Telegram, by each of the bots, how a group stands and what the bot may do in it; and writes it down.</summary>
public sealed partial class LookAtGroup(TenantDatabase database, BotApiClient api, RegisterWebhook webhook, TimeProvider time, ILogger<LookAtGroup> logger)
{
    /// <summary>Looks at the group of a project anew.</summary>
    /// <param name="guard">Runs first in the transaction that writes; a worker requires its epoch there.</param>
    /// <returns>False when there is no group to look at.</returns>
    public async Task<bool> ExecuteAsync(TenantId tenant, Guid projectId, Func<TenantTransaction, Task> guard, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(guard);
        var (chat, bots) = await database.InTenantAsync(tenant, transaction => OfAsync(transaction, projectId, cancellationToken), cancellationToken);
        if (chat is not { } chatId)
            return false;

        var looks = await AskAsync(bots, chatId.ToString(CultureInfo.InvariantCulture), cancellationToken);
        await database.InTenantAsync(
            tenant,
            async transaction =>
            {
                await guard(transaction);
                await WriteAsync(transaction, projectId, chatId, looks, cancellationToken);
            },
            cancellationToken);
        return true;
    }

    /// <param name="bots">Those that work.</param>
    /// <param name="chat">An id, or a name with its @.</param>
    public async Task<IReadOnlyList<GroupLook>> AskAsync(IReadOnlyList<TelegramBot> bots, string chat, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bots);
        List<GroupLook> looks = [];
        foreach (var bot in bots)
            looks.Add(await AskAsync(bot, chat, cancellationToken));
        return looks;
    }

    /// <summary>Stores what was found, and tells the tenant where it is another than before.</summary>
    public async Task WriteAsync(TenantTransaction transaction, Guid projectId, long chatId, IReadOnlyList<GroupLook> looks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(looks);
        var before = await GroupReadiness.MissingAsync(transaction, [projectId], cancellationToken);
        var now = time.GetUtcNow();
        foreach (var look in looks.Where(look => look.Member is not null || look.IsOut))
            await BotGroups.WriteAsync(transaction, BotInGroup.From(look, chatId), cancellationToken);

        var group = await transaction.Db.WorkingGroups.SingleOrDefaultAsync(row => row.ProjectId == projectId && row.ChatId == chatId, cancellationToken);
        if (group is not null && looks.FirstOrDefault(look => look.Group is not null)?.Group is { } told)
        {
            group.Know(new GroupFacts(told.Id, told.Title, told.Username, told.IsForum), now);
            await transaction.Db.SaveChangesAsync(cancellationToken);
        }

        if (group is not null)
            transaction.AfterCommit(Ring.Shard(group.Shard));
        await BotGroups.TellAsync(transaction, projectId, before, cancellationToken);
    }

    private async Task<GroupLook> AskAsync(TelegramBot bot, string chat, CancellationToken cancellationToken)
    {
        BotChatInfo? group = null;
        try
        {
            var token = await webhook.TokenOfAsync(bot, cancellationToken);
            group = await api.GetChatAsync(token, chat, cancellationToken);
            return new(bot.Id, group, await api.GetChatMemberAsync(token, group.Id, bot.TelegramUserId, cancellationToken), null);
        }
        catch (BotApiException e)
        {
            LogRefused(logger, bot.Id, e.Message);
            return new(bot.Id, group, null, e);
        }
    }

    [LoggerMessage(EventId = 4531, Level = LogLevel.Information, Message = "Telegram tells bot {BotId} nothing of its group: {Reason}")]
    private static partial void LogRefused(ILogger logger, Guid botId, string reason);

    private static async Task<(long? Chat, List<TelegramBot> Bots)> OfAsync(TenantTransaction transaction, Guid projectId, CancellationToken cancellationToken)
    {
        var chat = await transaction.Db.WorkingGroups.Where(group => group.ProjectId == projectId).Select(group => group.ChatId).SingleOrDefaultAsync(cancellationToken);
        var bots = await transaction.Db.TelegramBots.AsNoTracking()
            .Where(bot => bot.IsActive && bot.DeletedAt == null && transaction.Db.WorkingGroupBots.Any(managing => managing.BotId == bot.Id && managing.ProjectId == projectId))
            .OrderBy(bot => bot.Id).ToListAsync(cancellationToken);
        return (chat, bots);
    }
}

/// <summary>What a bot is in a group.</summary>
/// <param name="Status">As Telegram words it.</param>
public sealed record BotInGroup(Guid BotId, long ChatId, string? Title, string? Username, bool IsForum, string Status, bool CanManageTopics, bool CanDeleteMessages, bool CanPinMessages)
{
    public static BotInGroup From(GroupLook look, long chatId)
    {
        ArgumentNullException.ThrowIfNull(look);
        return new(
            look.BotId,
            chatId,
            look.Group?.Title,
            look.Group?.Username,
            look.Group?.IsForum ?? false,
            look.Member is { } member ? StatusOf(member) : "left",
            look.Member?.CanManageTopics ?? false,
            look.Member?.CanDeleteMessages ?? false,
            look.Member?.CanPinMessages ?? false);
    }

    /// <summary>Somebody restricted may have left.</summary>
    public static string StatusOf(BotChatMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        return member is { Status: "restricted", IsMember: false } ? "left" : member.Status;
    }
}

/// <summary>Which groups bots are in.</summary>
public static class BotGroups
{
    public static async Task WriteAsync(TenantTransaction transaction, BotInGroup row, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(row);
        await using var command = transaction.Command(
            """
            insert into bot_groups as g (bot_id, chat_id, tenant_id, title, username, is_forum, status, can_manage_topics, can_delete_messages, can_pin_messages)
            values ($1, $2, current_tenant(), left($3, 255), left($4, 64), $5, left($6, 20), $7, $8, $9)
            on conflict (bot_id, chat_id) do update
               -- Whoever is out is told nothing of the group.
               set title = coalesce(excluded.title, g.title), username = case when excluded.title is null then g.username else excluded.username end,
                   is_forum = case when excluded.title is null then g.is_forum else excluded.is_forum end, status = excluded.status,
                   can_manage_topics = excluded.can_manage_topics, can_delete_messages = excluded.can_delete_messages, can_pin_messages = excluded.can_pin_messages,
                   checked_at = clock_timestamp()
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = row.BotId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = row.ChatId });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)row.Title ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)row.Username ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = row.IsForum });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = row.Status });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = row.CanManageTopics });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = row.CanDeleteMessages });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = row.CanPinMessages });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Tells the tenant when a project lacks another thing than before.</summary>
    internal static async Task TellAsync(
        TenantTransaction transaction, Guid projectId, Dictionary<Guid, IReadOnlyList<string>> before, CancellationToken cancellationToken)
    {
        var after = await GroupReadiness.MissingAsync(transaction, [projectId], cancellationToken);
        if (!after.GetValueOrDefault(projectId, []).SequenceEqual(before.GetValueOrDefault(projectId, []), StringComparer.Ordinal))
            await transaction.PublishAsync(new EventDraft(EventTypes.ProjectUpdated, UserId: null, null, new { Id = projectId, Deleted = false }), cancellationToken);
    }

    /// <summary>Takes note of what a bot has become in a chat, and wakes the group that it works for.</summary>
    public static async Task ChangedAsync(TenantTransaction transaction, BotInGroup row, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(row);
        var group = await transaction.Db.WorkingGroups.AsNoTracking()
            .SingleOrDefaultAsync(group => group.ChatId == row.ChatId && transaction.Db.WorkingGroupBots.Any(bot => bot.BotId == row.BotId && bot.ProjectId == group.ProjectId), cancellationToken);
        var before = group is null ? [] : await GroupReadiness.MissingAsync(transaction, [group.ProjectId], cancellationToken);
        await WriteAsync(transaction, row, cancellationToken);
        if (group is null)
            return;

        await TellAsync(transaction, group.ProjectId, before, cancellationToken);
        transaction.AfterCommit(Ring.Shard(group.Shard));
    }
}
