using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>Where dialogs' topics are opened in Telegram.</summary>
internal static class TopicLinks
{
    /// <summary>Only of projects that mirror now.</summary>
    public static async Task<Dictionary<Guid, string>> OfAsync(TenantTransaction transaction, Guid[] dialogs, CancellationToken cancellationToken)
    {
        if (dialogs.Length == 0)
            return [];

        await using var command = transaction.Command(
            """
            select t.dialog_id, w.chat_id, t.message_thread_id
              from topics t
              join working_groups w on w.project_id = t.project_id
              join projects p on p.id = t.project_id and p.mirroring
              join dialogs d on d.id = t.dialog_id
              left join telegram_accounts a on a.id = d.personal_account_id
              left join integrations i on i.id = d.bot_id
             where t.dialog_id = any ($1) and p.id = coalesce(a.project_id, i.project_id) and w.chat_id is not null
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = dialogs });
        Dictionary<Guid, string> links = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (GroupLinks.Of(reader.GetInt64(1), reader.GetInt32(2)) is { } link)
                links[reader.GetGuid(0)] = link;
        }

        return links;
    }
}
