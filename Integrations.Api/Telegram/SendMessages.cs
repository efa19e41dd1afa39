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
    [Description("The account that sends. Exactly one of account_id and bot_id is given.")]
    public Guid? AccountId { get; init; }

    [Description("The bot that sends.")]
    public Guid? BotId { get; init; }

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
        if (AccountId is null && BotId is null)
            errors.Add("account_id", "Required, unless bot_id is given.");
        if (AccountId is not null && BotId is not null)
            errors.Add("bot_id", "Must not be sent together with account_id.");
        var to = RecipientRequest.Checked(To, byBot: BotId is not null, errors);
        Texts.CheckMessage("text", Text, errors);
        if (Priority is not (null or "interactive" or "bulk"))
            errors.Add("priority", "Must be one of: interactive, bulk.");
        errors.ThrowIfAny();
        // Telegram removes the space around a text; what is stored and told is what the recipient gets.
        return new(AccountId, to!, Text!.Trim(), ReplyTo, Priority == "bulk" ? MessagePriority.Bulk : MessagePriority.Interactive) { BotId = BotId };
    }
}

/// <summary>Whom a message is for.</summary>
internal sealed record RecipientRequest
{
    [Description("A dialog of the account or the bot.")]
    public Guid? DialogId { get; init; }

    [Description("A Telegram username, with or without @. For accounts.")]
    public string? Username { get; init; }

    [Description("In E.164. Telegram finds people by number only where their settings allow it. For accounts.")]
    public string? Phone { get; init; }

    [Description("Telegram's id of a person whom the account has met.")]
    public long? TelegramUserId { get; init; }

    [Description("A chat as the Bot API writes it: a person's id, or a group's, which is negative. For bots: they write to people who have written to them, and to groups that they are in.")]
    public long? ChatId { get; init; }

    public static Recipient? Checked(RecipientRequest? to, bool byBot, FieldErrors errors)
    {
        if (to is null)
        {
            errors.Add("to", "Required.");
            return null;
        }

        var given = (to.DialogId is null ? 0 : 1) + (to.Username is null ? 0 : 1) + (to.Phone is null ? 0 : 1) + (to.TelegramUserId is null ? 0 : 1);
        if (byBot && (given + (to.ChatId is null ? 0 : 1) != 1 || (to.DialogId is null && to.ChatId is null)))
            errors.Add("to", "Must have exactly one of: dialog_id, chat_id.");
        if (!byBot && (given != 1 || to.ChatId is not null))
            errors.Add("to", "Must have exactly one of: dialog_id, username, phone, telegram_user_id.");
        if (to.ChatId is 0)
            errors.Add("to.chat_id", "Must not be 0.");
        if (to.Username is { } username && !Texts.IsUsername(username))
            errors.Add("to.username", "Must be a Telegram username: 4 to 32 letters, digits and underscores, beginning with a letter.");
        if (to.Phone is { } phone)
            Texts.CheckPhone("to.phone", phone, errors);
        if (to.TelegramUserId is <= 0)
            errors.Add("to.telegram_user_id", "Must be positive.");
        return new(to.DialogId, to.Username?.TrimStart('@'), to.Phone, to.TelegramUserId, to.ChatId);
    }
}

/// <summary>A message that was accepted: it will be delivered, or its failure told.</summary>
internal sealed record AcceptedResponse(Guid Id, string Status, DateTimeOffset CreatedAt)
{
    public static AcceptedResponse From(AcceptedMessage accepted) => new(accepted.Id, "pending", accepted.CreatedAt);
}

/// <summary>One message.</summary>
/// <param name="AccountId">Whose message it is; null where it is a bot's.</param>
/// <param name="BotId">The bot; null where it is an account's.</param>
/// <param name="Direction">personal_telegram_in, personal_telegram_out, telegram_bot_in or telegram_bot_out.</param>
/// <param name="Status">pending, delivered, failed or received.</param>
/// <param name="ReplyTo">The message that this one answers, where it is stored here.</param>
/// <param name="TelegramMessageId">Telegram's number, once it has one.</param>
/// <param name="FromPeerId">Who wrote it, for what came in.</param>
/// <param name="SentBy">The user who had it sent; null for what came in or was written on another device.</param>
/// <param name="ErrorCode">Why it failed: a code of the error catalogue.</param>
internal sealed record MessageResponse(
    Guid Id,
    Guid? AccountId,
    Guid? BotId,
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
        message.BotId,
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
