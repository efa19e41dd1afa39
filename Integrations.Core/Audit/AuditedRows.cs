using Integrations.Core.People;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.QuickReplies;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Integrations.Core.Audit;

/// <summary>A row that a request made, changed or took away.</summary>
/// <param name="Before">Null for one that is new.</param>
/// <param name="After">Null for one that is gone.</param>
internal sealed record AuditedRow(string Table, string Id, Dictionary<string, object?>? Before, Dictionary<string, object?>? After);

/// <summary>What of which rows an audit entry tells before and after. What is not named here is a secret, what people write to each other, or nobody's decision.</summary>
internal static class AuditedRows
{
    private static readonly Dictionary<Type, string[]> Told = new()
    {
        [typeof(User)] = [nameof(User.Role), nameof(User.IsActive), nameof(User.DisplayName)],
        [typeof(Project)] = [nameof(Project.Name), nameof(Project.Mirroring)],
        [typeof(ProjectMember)] = [nameof(ProjectMember.ProjectId), nameof(ProjectMember.UserId)],
        [typeof(Invitation)] = [nameof(Invitation.Role), nameof(Invitation.ExpiresAt), nameof(Invitation.RevokedAt)],
        [typeof(ApiKey)] = [nameof(ApiKey.Name), nameof(ApiKey.Scopes), nameof(ApiKey.ExpiresAt), nameof(ApiKey.RevokedAt), nameof(ApiKey.ReplacedBy)],
        [typeof(TelegramAccount)] =
        [
            nameof(TelegramAccount.DisplayName), nameof(TelegramAccount.AcceptsPrivate), nameof(TelegramAccount.AcceptsGroups), nameof(TelegramAccount.AcceptsChannels),
            nameof(TelegramAccount.ProjectId), nameof(TelegramAccount.ProxyShown), nameof(TelegramAccount.Goal), nameof(TelegramAccount.DeletedAt),
        ],
        [typeof(Integration)] = [nameof(Integration.ProjectId), nameof(Integration.Status), nameof(Integration.DeletedAt)],
        [typeof(TelegramBot)] = [nameof(TelegramBot.DisplayName), nameof(TelegramBot.IsActive)],
        [typeof(TelegramChannel)] = [nameof(TelegramChannel.IsActive), nameof(TelegramChannel.Settings), nameof(TelegramChannel.DeletedAt)],
        [typeof(WorkingGroup)] = [nameof(WorkingGroup.ChatId), nameof(WorkingGroup.Title), nameof(WorkingGroup.Language)],
        [typeof(WorkingGroupBot)] = [nameof(WorkingGroupBot.ProjectId), nameof(WorkingGroupBot.BotId)],
        [typeof(SavedFilter)] = [nameof(SavedFilter.Name)],
        [typeof(QuickReply)] = [nameof(QuickReply.Shortcut), nameof(QuickReply.Text)],
    };

    /// <summary>What is about to be saved, as far as it is told.</summary>
    public static IEnumerable<AuditedRow> Of(ChangeTracker tracker)
    {
        foreach (var entry in tracker.Entries())
        {
            if (entry.State is EntityState.Unchanged or EntityState.Detached || !Told.TryGetValue(entry.Metadata.ClrType, out var told))
                continue;
            var properties = told.Select(name => entry.Property(name))
                .Where(property => entry.State is not EntityState.Modified || property.IsModified)
                .ToList();
            if (properties.Count == 0)
                continue;
            yield return new(
                entry.Metadata.GetTableName()!,
                string.Join('/', entry.Metadata.FindPrimaryKey()!.Properties.Select(key => entry.Property(key).CurrentValue)),
                entry.State is EntityState.Added ? null : properties.ToDictionary(Column, property => Stored(property, property.OriginalValue)),
                entry.State is EntityState.Deleted ? null : properties.ToDictionary(Column, property => Stored(property, property.CurrentValue)));
        }
    }

    private static string Column(PropertyEntry property) => property.Metadata.GetColumnName();

    private static object? Stored(PropertyEntry property, object? value) =>
        value is null || property.Metadata.GetTypeMapping().Converter is not { } converter ? value : converter.ConvertToProvider(value);
}
