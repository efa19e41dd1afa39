using System.Text.Json.Serialization;
using Integrations.Core.Events;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>What those who talk in an account or a bot are told of its dialogs.</summary>
internal static class DialogEvents
{
    public static async Task UpdatedAsync(TenantTransaction transaction, Dialog dialog, CancellationToken cancellationToken) =>
        await TellAsync(
            transaction,
            dialog,
            EventTypes.DialogUpdated,
            new DialogNews(
                dialog.Id,
                dialog.PersonalAccountId,
                dialog.BotId,
                dialog.PeerKind is { } kind ? Words.Of(kind) : null,
                dialog.PeerId,
                dialog.Username,
                dialog.Title,
                dialog.UnreadCount,
                dialog.LastMessageAt,
                dialog.BlockedAt,
                dialog.AssigneeId,
                dialog.ClosedAt),
            cancellationToken);

    /// <param name="data">Names the dialog as <c>dialog_id</c>.</param>
    public static async Task TellAsync(TenantTransaction transaction, Dialog dialog, string type, object data, CancellationToken cancellationToken) =>
        await transaction.PublishAsync(
            dialog.BotId is { } bot ? EventDraft.OfBot(type, bot, data) : new EventDraft(type, await UserOfAsync(transaction, dialog, cancellationToken), dialog.PersonalAccountId, data),
            cancellationToken);

    private static Task<int> UserOfAsync(TenantTransaction transaction, Dialog dialog, CancellationToken cancellationToken) =>
        transaction.Db.TelegramAccounts.Where(account => account.Id == dialog.PersonalAccountId).Select(account => account.UserId).SingleAsync(cancellationToken);

    /// <summary>Data of dialog.updated.</summary>
    /// <param name="AssigneeId">Told also when it is nobody; an event in which it is missing does not know.</param>
    /// <param name="ClosedAt">Told also when it is open; an event in which it is missing does not know.</param>
    private sealed record DialogNews(
        Guid Id, Guid? AccountId, Guid? BotId, string? PeerKind, long? PeerId, string? Username, string? Title, int UnreadCount, DateTimeOffset? LastMessageAt, DateTimeOffset? BlockedAt,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? AssigneeId,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? ClosedAt);
}
