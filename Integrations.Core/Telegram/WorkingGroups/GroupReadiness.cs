using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>What mirroring still lacks, in words for programs. The console says in plain ones what to do.</summary>
public static class GroupLacks
{
    public const string ManagingBot = "managing_bot";

    /// <summary>There are managing bots, and none of them works.</summary>
    public const string BotInactive = "bot_inactive";
    public const string WorkingGroup = "working_group";
    public const string TopicsOff = "topics_off";
    public const string BotNotInGroup = "bot_not_in_group";

    /// <summary>Without it a bot neither opens topics nor reads what is written in them.</summary>
    public const string ManageTopics = "right:can_manage_topics";

    internal static IReadOnlyList<string> Of(int bots, int active, bool hasGroup, bool isForum, int inGroup, int managing)
    {
        List<string> missing = [];
        if (bots == 0)
            missing.Add(ManagingBot);
        else if (active == 0)
            missing.Add(BotInactive);
        if (!hasGroup)
            missing.Add(WorkingGroup);
        else if (!isForum)
            missing.Add(TopicsOff);
        if (!hasGroup || active == 0)
            return missing;

        if (inGroup == 0)
            missing.Add(BotNotInGroup);
        else if (managing == 0)
            missing.Add(ManageTopics);
        return missing;
    }
}

/// <summary>Whether projects have what mirroring needs: one bot is enough that works, is in the group, and may manage topics.</summary>
internal static class GroupReadiness
{
    /// <summary>A managing bot <c>b</c> with its <c>telegram_bots</c> row, its integration <c>i</c> and what is known of it in the group (<c>g</c>).</summary>
    internal const string IsActive = "bot.is_active and bot.deleted_at is null and i.status = 'active'";

    internal const string IsIn = "coalesce(g.status in ('creator', 'administrator', 'member', 'restricted'), false)";

    internal const string MayManage = "coalesce(g.status = 'creator' or (g.status = 'administrator' and g.can_manage_topics), false)";

    public static async Task<Dictionary<Guid, IReadOnlyList<string>>> MissingAsync(TenantTransaction transaction, Guid[] projects, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            $"""
            select p.id, w.chat_id is not null, coalesce(w.is_forum, false), count(b.bot_id)::integer,
                   count(*) filter (where b.bot_id is not null and {IsActive})::integer,
                   count(*) filter (where {IsActive} and {IsIn})::integer,
                   count(*) filter (where {IsActive} and {MayManage})::integer
              from projects p
              left join working_groups w on w.project_id = p.id
              left join working_group_bots b on b.project_id = p.id
              left join telegram_bots bot on bot.id = b.bot_id
              left join integrations i on i.id = b.bot_id
              left join bot_groups g on g.bot_id = b.bot_id and g.chat_id = w.chat_id
             where p.id = any ($1)
             group by p.id, w.chat_id, w.is_forum
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = projects });
        Dictionary<Guid, IReadOnlyList<string>> missing = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            missing[reader.GetGuid(0)] = GroupLacks.Of(
                reader.GetInt32(3), reader.GetInt32(4), reader.GetBoolean(1), reader.GetBoolean(2), reader.GetInt32(5), reader.GetInt32(6));
        }

        return missing;
    }

    /// <exception cref="IntegrationException">PROJECT_NOT_READY: it mirrors, or is about to, and something is missing.</exception>
    public static async Task RequireAsync(TenantTransaction transaction, Project project, bool mirroring, CancellationToken cancellationToken)
    {
        if (!mirroring)
            return;

        var missing = (await MissingAsync(transaction, [project.Id], cancellationToken)).GetValueOrDefault(project.Id, [GroupLacks.ManagingBot, GroupLacks.WorkingGroup]);
        Refuse(project.Name, missing);
    }

    /// <exception cref="IntegrationException">PROJECT_NOT_READY, unless nothing is missing.</exception>
    public static void Refuse(string project, IReadOnlyList<string> missing)
    {
        if (missing.Count > 0)
        {
            throw new IntegrationException(
                ErrorCodes.ProjectNotReady,
                $"The project '{project}' needs a managing bot and a working group (group_chat_id) with topics; missing: {string.Join(", ", missing)}. Add what is missing, or leave mirroring off.");
        }
    }
}
