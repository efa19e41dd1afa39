using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>A managing bot, and how it stands in the group.</summary>
/// <param name="Status">The word for the bot's connection.</param>
/// <param name="CheckedAt">Null where nothing is known of it in the group.</param>
public sealed record ManagingBot(
    Guid Id, string? Username, string? DisplayName, string Status, bool InGroup, bool CanManageTopics, bool CanDeleteMessages, bool CanPinMessages, DateTimeOffset? CheckedAt)
{
    /// <summary>What this one lacks.</summary>
    public IReadOnlyList<string> Missing =>
        Status != "active" ? [GroupLacks.BotInactive] : !InGroup ? [GroupLacks.BotNotInGroup] : !CanManageTopics ? [GroupLacks.ManageTopics] : [];
}

/// <summary>A group in which the bots are, and which may be chosen.</summary>
public sealed record FoundGroup(long ChatId, string? Title, string? Username, bool IsForum, IReadOnlyList<Guid> Bots);

/// <summary>What waits to be posted into a group.</summary>
/// <param name="OldestSeconds">For how long the oldest of it has been waiting; 0 when nothing does.</param>
/// <param name="DelaySeconds">How long it will take until the last of it is posted, by Telegram's limits; null while no bot can post.</param>
/// <param name="Failed">What Telegram refused for good.</param>
public sealed record MirrorBacklog(long Waiting, double OldestSeconds, double? DelaySeconds, long Failed);

/// <summary>How a project's working group stands.</summary>
/// <param name="Group">Null while nobody has chosen bots or a group.</param>
/// <param name="Missing">What mirroring lacks, whether it is on or off.</param>
/// <param name="Found">Groups that the managing bots are in.</param>
public sealed record WorkingGroupView(
    Project Project, WorkingGroup? Group, IReadOnlyList<string> Missing, IReadOnlyList<ManagingBot> Bots, IReadOnlyList<FoundGroup> Found, MirrorBacklog Backlog);

/// <summary>Tells how a project's working group stands.</summary>
public sealed class ReadWorkingGroup(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND for a project that is not there.</exception>
    public Task<WorkingGroupView> ExecuteAsync(Principal principal, Guid projectId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var project = await transaction.Db.Projects.AsNoTracking().SingleOrDefaultAsync(project => project.Id == projectId, cancellationToken)
                    ?? throw new IntegrationException(ErrorCodes.NotFound);
                return await OfAsync(transaction, project, time.GetUtcNow(), cancellationToken);
            },
            cancellationToken);
    }

    internal static async Task<WorkingGroupView> OfAsync(TenantTransaction transaction, Project project, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var group = await transaction.Db.WorkingGroups.AsNoTracking().SingleOrDefaultAsync(group => group.ProjectId == project.Id, cancellationToken);
        var missing = await GroupReadiness.MissingAsync(transaction, [project.Id], cancellationToken);
        var bots = await BotsAsync(transaction, project.Id, cancellationToken);
        return new(
            project, group, missing[project.Id], bots, await FoundAsync(transaction, project.Id, cancellationToken),
            await BacklogAsync(transaction, project.Id, [.. bots.Where(bot => bot.Missing.Count == 0).Select(bot => bot.Id)], now, cancellationToken));
    }

    private static async Task<List<ManagingBot>> BotsAsync(TenantTransaction transaction, Guid projectId, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select b.bot_id, bot.username, bot.display_name, case when {GroupReadiness.IsActive} then 'active' when i.deleted_at is not null then 'deleted' else i.status end,
                   {GroupReadiness.IsIn}, {GroupReadiness.MayManage}, coalesce(g.status = 'creator' or g.can_delete_messages, false),
                   coalesce(g.status = 'creator' or g.can_pin_messages, false), g.checked_at
              from working_group_bots b
              join telegram_bots bot on bot.id = b.bot_id
              join integrations i on i.id = b.bot_id
              join working_groups w on w.project_id = b.project_id
              left join bot_groups g on g.bot_id = b.bot_id and g.chat_id = w.chat_id
             where b.project_id = $1
             order by b.created_at, b.bot_id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = projectId });
        List<ManagingBot> bots = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            bots.Add(new(
                reader.GetGuid(0), reader[1] as string, reader[2] as string, reader.GetString(3), reader.GetBoolean(4), reader.GetBoolean(5), reader.GetBoolean(6), reader.GetBoolean(7),
                await reader.IsDBNullAsync(8, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(8)));
        }

        return bots;
    }

    private static async Task<List<FoundGroup>> FoundAsync(TenantTransaction transaction, Guid projectId, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select g.chat_id, max(g.title), max(g.username), bool_or(g.is_forum), array_agg(g.bot_id order by g.bot_id)
              from bot_groups g
              join working_group_bots b on b.bot_id = g.bot_id and b.project_id = $1
             where {GroupReadiness.IsIn}
             group by g.chat_id
             order by max(g.checked_at) desc
             limit 100
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = projectId });
        List<FoundGroup> found = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            found.Add(new(reader.GetInt64(0), reader[1] as string, reader[2] as string, reader.GetBoolean(3), reader.GetFieldValue<Guid[]>(4)));
        return found;
    }

    private static async Task<MirrorBacklog> BacklogAsync(TenantTransaction transaction, Guid projectId, IReadOnlyList<Guid> bots, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var recent = await RecentPosts.ReadAsync(transaction, projectId, now - GroupLimits.Window, cancellationToken);
        await using var command = transaction.Command(
            """
            with waiting as (
                select i.dialog_id, count(*) as items, min(i.created_at) as oldest,
                       ceil(sum(coalesce(length(m.text), 0) + 60) filter (where m.media_id is null) / 4096.0) + count(*) filter (where m.media_id is not null) as posts
                  from mirror_items i left join messages m on m.id = i.message_id
                 where i.project_id = $1 and i.failed_at is null
                 group by i.dialog_id
            )
            select coalesce(sum(items), 0)::bigint, min(oldest), coalesce(sum(posts), 0)::integer,
                   (select count(*) from mirror_items where project_id = $1 and failed_at is not null)
              from waiting
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = projectId });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var oldest = await reader.IsDBNullAsync(1, cancellationToken) ? now : reader.GetFieldValue<DateTimeOffset>(1);
        var delay = GroupLimits.DelayOf(reader.GetInt32(2), [.. bots.Select(bot => recent.Where(post => post.Bot == bot).Select(post => post.At).ToArray())], now);
        return new(reader.GetInt64(0), Math.Max(0, (now - oldest).TotalSeconds), delay?.TotalSeconds, reader.GetInt64(3));
    }
}
