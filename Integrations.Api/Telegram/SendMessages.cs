using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Http;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;

namespace Integrations.Api.Telegram;

/// <summary>A message to send.</summary>
internal sealed record SendRequest
{
    [Required]
    [Description("The account that sends.")]
    public Guid? AccountId { get; init; }

    [Required]
    [Description("To whom: exactly one of the fields.")]
    public RecipientRequest? To { get; init; }

    [Required]
    [Description("1 to 4096 UTF-16 units, not counting space around it, which Telegram removes; control characters other than line feed and tab are refused.")]
    public string? Text { get; init; }

    [Description("The id of a message of the same dialog.")]
    public Guid? ReplyTo { get; init; }

    [Description("interactive (default) or bulk. Interactive messages overtake bulk ones of other dialogs, never messages of their own dialog.")]
    public string? Priority { get; init; }

    public OutgoingMessage Checked()
    {
        var errors = new FieldErrors();
        if (AccountId is null)
            errors.Add("account_id", "Required.");
        var to = RecipientRequest.Checked(To, errors);
        Texts.CheckMessage("text", Text, errors);
        if (Priority is not (null or "interactive" or "bulk"))
            errors.Add("priority", "Must be one of: interactive, bulk.");
        errors.ThrowIfAny();
        // Telegram removes the space around a text; what is stored and told is what the recipient gets.
        return new(AccountId!.Value, to!, Text!.Trim(), ReplyTo, Priority == "bulk" ? MessagePriority.Bulk : MessagePriority.Interactive);
    }
}

/// <summary>Whom a message is for.</summary>
internal sealed record RecipientRequest
{
    [Description("A dialog of the account.")]
    public Guid? DialogId { get; init; }

    [Description("A Telegram username, with or without @.")]
    public string? Username { get; init; }

    [Description("In E.164. Telegram finds people by number only where their settings allow it.")]
    public string? Phone { get; init; }

    [Description("Telegram's id of a person whom the account has met.")]
    public long? TelegramUserId { get; init; }

    public static Recipient? Checked(RecipientRequest? to, FieldErrors errors)
    {
        if (to is null)
        {
            errors.Add("to", "Required.");
            return null;
        }

        var given = (to.DialogId is null ? 0 : 1) + (to.Username is null ? 0 : 1) + (to.Phone is null ? 0 : 1) + (to.TelegramUserId is null ? 0 : 1);
        if (given != 1)
            errors.Add("to", "Must have exactly one of: dialog_id, username, phone, telegram_user_id.");
        if (to.Username is { } username && !Texts.IsUsername(username))
            errors.Add("to.username", "Must be a Telegram username: 4 to 32 letters, digits and underscores, beginning with a letter.");
        if (to.Phone is { } phone)
            Texts.CheckPhone("to.phone", phone, errors);
        if (to.TelegramUserId is <= 0)
            errors.Add("to.telegram_user_id", "Must be positive.");
        return new(to.DialogId, to.Username?.TrimStart('@'), to.Phone, to.TelegramUserId);
    }
}

/// <summary>A message that was accepted: it will be delivered, or its failure told.</summary>
internal sealed record AcceptedResponse(Guid Id, string Status, DateTimeOffset CreatedAt)
{
    public static AcceptedResponse From(AcceptedMessage accepted) => new(accepted.Id, "pending", accepted.CreatedAt);
}

/// <summary>One message.</summary>
/// <param name="Direction">personal_telegram_in or personal_telegram_out.</param>
/// <param name="Status">pending, delivered, failed or received.</param>
/// <param name="ReplyTo">The message that this one answers, where it is stored here.</param>
/// <param name="TelegramMessageId">Telegram's number, once it has one.</param>
/// <param name="FromPeerId">Who wrote it, for what came in.</param>
/// <param name="SentBy">The user who had it sent; null for what came in or was written on another device.</param>
/// <param name="ErrorCode">Why it failed: a code of the error catalogue.</param>
internal sealed record MessageResponse(
    Guid Id,
    Guid AccountId,
    Guid DialogId,
    string Direction,
    string Status,
    string Text,
    string Priority,
    Guid? ReplyTo,
    int? TelegramMessageId,
    DateTimeOffset? TelegramDate,
    long? FromPeerId,
    int? SentBy,
    int Attempts,
    string? ErrorCode,
    string? ErrorDetail,
    DateTimeOffset? AcceptedAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static MessageResponse From(Message message) => new(
        message.Id,
        message.AccountId,
        message.DialogId,
        Words.Of(message.Direction),
        message.Status is MessageStatus.Sending ? "pending" : Words.Of(message.Status),
        message.Text,
        Words.Of(message.Priority),
        message.ReplyToId,
        message.TelegramMessageId,
        message.TelegramDate,
        message.FromPeerId,
        message.SentBy,
        message.Attempts,
        message.ErrorCode,
        message.ErrorDetail,
        message.AcceptedAt,
        message.FinishedAt,
        message.CreatedAt,
        message.UpdatedAt);
}

/// <summary>A page, the newest first.</summary>
/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
internal sealed record MessagePage(IReadOnlyList<MessageResponse> Items, Guid? NextBefore);
