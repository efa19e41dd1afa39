using System.Globalization;
using Integrations.Core.Errors;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Telegram.WorkingGroups;

/// <summary>What a project's working group is to be.</summary>
/// <param name="Bots">The managing bots.</param>
/// <param name="Chat">An id as the Bot API writes it, or a name with its @; null while it is not chosen yet.</param>
/// <param name="Language">Null leaves it as it is.</param>
public sealed record GroupChoice(IReadOnlyList<Guid> Bots, string? Chat, GroupLanguage? Language);

/// <summary>Chooses a project's managing bots and its working group. Telegram is asked before anything is stored.</summary>
public sealed class SetWorkingGroup(TenantDatabase database, LookAtGroup look, TelegramBotOptions options, TimeProvider time)
{
    /// <exception cref="IntegrationException">
    /// NOT_FOUND for the project or a bot; BOT_TAKEN; BOT_NOT_ACTIVE; WORKING_GROUP_NOT_FOUND; CONFLICT while the project mirrors and would be left without bots or group, or another
    /// project has the group; TG_API_429; TG_UNAVAILABLE.
    /// </exception>
    public async Task<WorkingGroupView> ExecuteAsync(Principal principal, Guid projectId, GroupChoice choice, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(choice);
        var bots = await database.InTenantAsync(principal.Tenant, transaction => CheckAsync(transaction, projectId, choice, cancellationToken), cancellationToken);
        var looks = choice.Chat is null ? [] : await look.AskAsync([.. bots.Where(bot => bot.IsActive)], choice.Chat, cancellationToken);
        var found = choice.Chat is null ? null : Found(looks);
        try
        {
            return await database.InTenantAsync(
                principal.Tenant,
                async transaction =>
                {
                    await CheckAsync(transaction, projectId, choice, cancellationToken);
                    return await StoreAsync(transaction, principal, projectId, choice, looks, found, cancellationToken);
                },
                cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new IntegrationException(ErrorCodes.Conflict, "Another project has this group, or one of these bots, already.", inner: e);
        }
    }

    /// <summary>Holds the project, so that nobody deletes it or switches its mirroring meanwhile.</summary>
    private static async Task<List<TelegramBot>> CheckAsync(TenantTransaction transaction, Guid projectId, GroupChoice choice, CancellationToken cancellationToken)
    {
        var project = await ProjectRows.LockAsync(transaction, projectId, cancellationToken);
        if (project.Mirroring && (choice.Bots.Count == 0 || choice.Chat is null))
            throw new IntegrationException(ErrorCodes.Conflict, "The project mirrors its dialogs, so it needs its managing bots and its group. Switch mirroring off first.");

        List<TelegramBot> bots = [];
        foreach (var id in choice.Bots.Distinct())
        {
            var bot = await BotRows.FindAsync(transaction, id, cancellationToken);
            if (bot.Integration.ProjectId is { } other && other != projectId)
                throw new IntegrationException(ErrorCodes.BotTaken);
            if (await transaction.Db.WorkingGroupBots.AnyAsync(row => row.BotId == id && row.ProjectId != projectId, cancellationToken))
                throw new IntegrationException(ErrorCodes.BotTaken);
            bots.Add(bot.Bot);
        }

        return bots;
    }

    private static GroupFacts Found(IReadOnlyList<GroupLook> looks)
    {
        if (looks.FirstOrDefault(one => one.Group is not null)?.Group is { } group)
        {
            return group.Type == "supergroup"
                ? new(group.Id, group.Title, group.Username, group.IsForum)
                : throw new IntegrationException(
                    ErrorCodes.WorkingGroupNotFound, $"This is a {group.Type}. A working group is a supergroup: switch topics on in the group's settings, which makes it one.");
        }

        if (looks.FirstOrDefault(one => one.Failure is { IsPassing: true } or { Failure: BotApiFailure.Unauthorized })?.Failure is { } failure)
            throw failure.AsRefusal();
        throw new IntegrationException(ErrorCodes.WorkingGroupNotFound);
    }

    private async Task<WorkingGroupView> StoreAsync(
        TenantTransaction transaction, Principal principal, Guid projectId, GroupChoice choice, IReadOnlyList<GroupLook> looks, GroupFacts? found, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var group = await transaction.Db.WorkingGroups.FindAsync([projectId], cancellationToken);
        if (group is null)
        {
            group = WorkingGroup.Open(transaction.Tenant, projectId, Shards.ShardOf(projectId, await ShardCountAsync(transaction, cancellationToken)), options.World);
            transaction.Db.Add(group);
        }
        else if (found is null || group.ChatId != found.ChatId)
        {
            await ForgetAsync(transaction, projectId, cancellationToken);
        }

        if (choice.Language is { } language)
            group.Comment(language);
        if (found is not null)
            group.Know(found, now);
        else
            group.Leave();

        await ReplaceBotsAsync(transaction, projectId, choice.Bots, cancellationToken);
        await transaction.Db.SaveChangesAsync(cancellationToken);
        if (found is not null)
            await look.WriteAsync(transaction, projectId, found.ChatId, looks, cancellationToken);
        await ProjectEvents.ToldAsync(transaction, principal, projectId, "project.working_group", null, time, cancellationToken);
        transaction.AfterCommit(Ring.Shard(group.Shard));
        return await ReadWorkingGroup.OfAsync(
            transaction, await transaction.Db.Projects.SingleAsync(project => project.Id == projectId, cancellationToken), now, cancellationToken);
    }

    /// <summary>A bot of no project works for this one from now on, so that its members see it.</summary>
    private static async Task ReplaceBotsAsync(TenantTransaction transaction, Guid projectId, IReadOnlyList<Guid> bots, CancellationToken cancellationToken)
    {
        var known = await transaction.Db.WorkingGroupBots.Where(bot => bot.ProjectId == projectId).ToListAsync(cancellationToken);
        transaction.Db.RemoveRange(known.Where(bot => !bots.Contains(bot.BotId)));
        foreach (var id in bots.Distinct().Where(id => known.TrueForAll(bot => bot.BotId != id)))
        {
            (await BotRows.LockAsync(transaction, id, cancellationToken)).Integration.MoveTo(projectId);
            transaction.Db.Add(WorkingGroupBot.Of(transaction.Tenant, projectId, id));
        }
    }

    /// <summary>Another group has none of the topics; what waits goes there.</summary>
    private static async Task ForgetAsync(TenantTransaction transaction, Guid projectId, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction.Transaction);
        foreach (var table in new[] { "mirror_posts", "topic_answers", "topics" })
        {
#pragma warning disable CA2100 // One of the three names above.
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"delete from {table} where project_id = $1") { Parameters = { new NpgsqlParameter<Guid> { TypedValue = projectId } } });
#pragma warning restore CA2100
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<int> ShardCountAsync(TenantTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("select shard_count from installation");
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}

/// <summary>Asks Telegram anew how a project's working group stands.</summary>
public sealed class CheckWorkingGroup(LookAtGroup look, ReadWorkingGroup read)
{
    /// <exception cref="IntegrationException">NOT_FOUND; WORKING_GROUP_NOT_FOUND where none was chosen yet.</exception>
    public async Task<WorkingGroupView> ExecuteAsync(Principal principal, Guid projectId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        await read.ExecuteAsync(principal, projectId, cancellationToken);
        if (!await look.ExecuteAsync(principal.Tenant, projectId, static _ => Task.CompletedTask, cancellationToken))
            throw new IntegrationException(ErrorCodes.WorkingGroupNotFound, "No group has been chosen yet.");
        return await read.ExecuteAsync(principal, projectId, cancellationToken);
    }
}

/// <summary>Takes a project's working group away: its topics stay in Telegram, and nothing is posted there any more.</summary>
public sealed class RemoveWorkingGroup(TenantDatabase database, TimeProvider time)
{
    /// <exception cref="IntegrationException">NOT_FOUND; CONFLICT while the project mirrors.</exception>
    public Task ExecuteAsync(Principal principal, Guid projectId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var project = await ProjectRows.LockAsync(transaction, projectId, cancellationToken);
                if (project.Mirroring)
                    throw new IntegrationException(ErrorCodes.Conflict, "The project mirrors its dialogs into this group. Switch mirroring off first.");
                if (await transaction.Db.WorkingGroups.FindAsync([projectId], cancellationToken) is not { } group)
                    return;

                transaction.Db.RemoveRange(await transaction.Db.WorkingGroupBots.Where(bot => bot.ProjectId == projectId).ToListAsync(cancellationToken));
                transaction.Db.Remove(group);
                await transaction.Db.SaveChangesAsync(cancellationToken);
                await ProjectEvents.ToldAsync(transaction, principal, projectId, "project.working_group_remove", null, time, cancellationToken);
            },
            cancellationToken);
    }
}

/// <summary>Reads how people name a group: by its id, its @name, or a link to it.</summary>
public static class GroupNames
{
    /// <returns>What the Bot API takes; null for what names no group.</returns>
    public static string? Parse(string? text)
    {
        var name = text?.Trim() ?? "";
        foreach (var prefix in new[] { "https://", "http://", "t.me/" })
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                name = name[prefix.Length..];
        }

        if (long.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id))
            return id < 0 ? id.ToString(CultureInfo.InvariantCulture) : null;
        // https://t.me/c/1234567890 or a message of it, https://t.me/c/1234567890/15
        if (name.StartsWith("c/", StringComparison.Ordinal) && long.TryParse(name.Split('/')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var channel) && channel > 0)
            return BotChat.IdOf(new(Dialogs.PeerKind.Channel, channel)).ToString(CultureInfo.InvariantCulture);

        name = name.TrimStart('@').Split('/')[0];
        return name.Length is >= 4 and <= 32 && char.IsAsciiLetter(name[0]) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_') ? "@" + name : null;
    }
}
