using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>What the bots of a working group have posted lately, and what so takes room of their limits.</summary>
public static class RecentPosts
{
    /// <summary>The oldest first.</summary>
    public static async Task<List<(Guid Bot, DateTimeOffset At)>> ReadAsync(TenantTransaction transaction, Guid projectId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        await using var command = transaction.Command(
            "select bot_id, min(posted_at) from mirror_posts where project_id = $1 and posted_at > $2 group by bot_id, group_message_id order by 2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = projectId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since.ToUniversalTime() });
        List<(Guid, DateTimeOffset)> posts = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            posts.Add((reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1)));
        return posts;
    }
}
