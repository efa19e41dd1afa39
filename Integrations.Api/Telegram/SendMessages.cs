using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Integrations.Api.Http;
using Integrations.Core.Outbound;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;

namespace Integrations.Api.Telegram;

/// <summary>A message to send.</summary>
internal sealed partial record SendRequest
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(365);

    [Description("The account that sends. Exactly one of account_id, bot_id and channel_id is given.")]
    public Guid? AccountId { get; init; }

    [Description("The bot that sends.")]
    public Guid? BotId { get; init; }

    [Description("A connected channel or group: its account or bot posts there. Then there is no `to`.")]
    public Guid? ChannelId { get; init; }

    [Description("To whom: exactly one of the fields. Required, unless channel_id is given.")]
    public RecipientRequest? To { get; init; }

    [Description("1 to 4096 UTF-16 units, not counting space around it, which Telegram removes; control characters other than line feed and tab are refused. With media it is the caption of the first file: 0 to 1024.")]
    public string? Text { get; init; }

    [Description("Files to send: one, or 2 to 10 as an album of photos and videos, of documents, or of audio. Each becomes a message of its own.")]
    public MediaItemRequest[]? Media { get; init; }

    [Description("The id of a message of the same dialog.")]
    public Guid? ReplyTo { get; init; }

    [Description("interactive (default) or bulk. Interactive messages overtake bulk ones of other dialogs, never messages of their own dialog.")]
    public string? Priority { get; init; }

    [Description("When to send it: a time with its offset such as 2026-12-24T18:00:00+02:00, at most 365 days ahead. Until then it waits here, is `scheduled`, and is taken back by deleting it.")]
    public string? SendAt { get; init; }

    public OutgoingMessage Checked(OutboundOptions outbound, DateTimeOffset now)
    {
        var errors = new FieldErrors();
        if (AccountId is null && BotId is null && ChannelId is null)
            errors.Add("account_id", "Required, unless bot_id or channel_id is given.");
        if (AccountId is not null && BotId is not null)
            errors.Add("bot_id", "Must not be sent together with account_id.");
        if (ChannelId is not null && (AccountId is not null || BotId is not null))
            errors.Add("channel_id", "Must not be sent together with account_id or bot_id.");
        if (ChannelId is not null && To is not null)
            errors.Add("to", "Must not be sent together with channel_id.");
        var to = ChannelId is null ? RecipientRequest.Checked(To, byBot: BotId is not null, errors) : new Recipient();
        var sendAt = CheckTime(now, errors);
        var media = MediaItemRequest.Checked(Media, outbound, errors);
        if (Media is null)
            Texts.CheckMessage("text", Text, errors);
        else
            Texts.CheckCaption("text", Text, errors);
        if (Priority is not (null or "interactive" or "bulk"))
            errors.Add("priority", "Must be one of: interactive, bulk.");
        errors.ThrowIfAny();
        // Telegram removes the space around a text; what is stored and told is what the recipient gets.
        return new(AccountId, to!, Text?.Trim() ?? "", ReplyTo, Priority == "bulk" ? MessagePriority.Bulk : MessagePriority.Interactive)
        {
            BotId = BotId,
            ChannelId = ChannelId,
            SendAt = sendAt,
            Media = media,
        };
    }

    private DateTimeOffset? CheckTime(DateTimeOffset now, FieldErrors errors)
    {
        if (SendAt is null)
            return null;

        if (!TimeWithOffset().IsMatch(SendAt) || !DateTimeOffset.TryParse(SendAt, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
            errors.Add("send_at", "Must be a time with its offset, such as 2026-12-24T18:00:00+02:00.");
        else if (at > now + LongestWait)
            errors.Add("send_at", "Must be at most 365 days ahead.");
        else
            // What has passed already is sent at once.
            return at > now ? at : null;

        return null;
    }

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex TimeWithOffset();
}

/// <summary>A file to send: exactly one of media_id and url.</summary>
internal sealed record MediaItemRequest
{
    [Description("What POST /api/v1/telegram/media answered.")]
    public Guid? MediaId { get; init; }

    [Description("Where the file is fetched from before the message is sent: https, a public server, no redirect. What was said later in the dialog waits for it.")]
    public string? Url { get; init; }

    [Description("photo, document, video, animation, audio or voice. Without it the content decides; for an address in an album it has to be given.")]
    public string? Kind { get; init; }

    [Description("The name that the receiver sees.")]
    public string? FileName { get; init; }

    [Description("Shown only after a touch; for photos, videos and animations.")]
    public bool? Spoiler { get; init; }

    public static IReadOnlyList<OutgoingMedia> Checked(MediaItemRequest?[]? items, OutboundOptions outbound, FieldErrors errors)
    {
        if (items is null)
            return [];
        if (items.Length is 0 or > MediaRules.AlbumMax)
        {
            errors.Add("media", $"Must have 1 to {MediaRules.AlbumMax} files.");
            return [];
        }

        return [.. items.Select((item, place) => (item ?? new()).Checked($"media[{place}]", items.Length > 1, outbound, errors))];
    }

    private OutgoingMedia Checked(string field, bool inAlbum, OutboundOptions outbound, FieldErrors errors)
    {
        Uri? address = null;
        if ((MediaId is null) == (Url is null))
            errors.Add(field, "Must have exactly one of: media_id, url.");
        else if (Url is not null && (address = UserUrl.Read(Url, outbound, out var problem)) is null)
            errors.Add(field + ".url", problem);

        MediaKind? kind = null;
        if (Kind is not null)
        {
            kind = MediaRules.Sendable.Where(known => Words.Of(known) == Kind).Select(known => (MediaKind?)known).FirstOrDefault();
            if (kind is null)
                errors.Add(field + ".kind", $"Must be one of: {string.Join(", ", MediaRules.Sendable.Select(known => Words.Of(known)))}.");
        }
        else if (inAlbum && Url is not null)
        {
            errors.Add(field + ".kind", "Required for an address in an album, whose files have to go together.");
        }

        Texts.CheckName(field + ".file_name", FileName, errors);
        if (Spoiler is true && kind is MediaKind.Document or MediaKind.Audio or MediaKind.Voice)
            errors.Add(field + ".spoiler", "Only photos, videos and animations are covered.");
        return new(MediaId, address, kind, FileName, Spoiler is true);
    }
}

/// <summary>A file that was taken, and may be sent by its id.</summary>
/// <param name="Kind">As what it is sent where the message does not say.</param>
/// <param name="MimeType">As the content says, not as it was announced.</param>
/// <param name="Sha256">Of the content, in hexadecimal.</param>
/// <param name="ExpiresAt">It is deleted then unless a message has taken it.</param>
internal sealed record UploadResponse(
    Guid Id,
    string Kind,
    string? FileName,
    string? MimeType,
    long Size,
    int? Width,
    int? Height,
    int? Duration,
    string Sha256,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt)
{
    public static UploadResponse From(UploadedMedia media) => new(
        media.Id,
        Words.Of(media.Kind),
        media.FileName,
        media.MimeType,
        media.Size,
        media.Width,
        media.Height,
        media.Duration,
        Convert.ToHexStringLower(media.Sha256),
        media.CreatedAt,
        media.ExpiresAt);
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
/// <param name="MessageIds">Of an album one for each of its files, the first of them being id.</param>
internal sealed record AcceptedResponse(Guid Id, string Status, DateTimeOffset CreatedAt, IReadOnlyList<Guid> MessageIds)
{
    public static AcceptedResponse From(AcceptedMessage accepted, bool scheduled) => new(accepted.Id, scheduled ? "scheduled" : "pending", accepted.CreatedAt, accepted.MessageIds);
}

internal sealed record EditMessageRequest
{
    [Required]
    [Description("The new text: as for sending.")]
    public string? Text { get; init; }

    public string Checked()
    {
        var errors = new FieldErrors();
        Texts.CheckMessage("text", Text, errors);
        errors.ThrowIfAny();
        return Text!.Trim();
    }
}

/// <summary>An edit, a deletion or a pin that was asked for: it will be done, or the reason told why not.</summary>
/// <param name="Kind">edit, delete, pin or unpin.</param>
/// <param name="State">pending, done or failed.</param>
/// <param name="ErrorCode">Why it failed: a code of the error catalogue.</param>
/// <param name="UserId">Who asked for it.</param>
internal sealed record MessageChangeResponse(
    Guid Id, Guid MessageId, string Kind, string? Text, string State, int Attempts, string? ErrorCode, string? ErrorDetail, int? UserId, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt)
{
    public static MessageChangeResponse From(MessageChange change) => new(
        change.Id, change.MessageId, Words.Of(change.Kind), change.Text, Words.Of(change.State), change.Attempts, change.ErrorCode, change.ErrorDetail, change.UserId, change.CreatedAt, change.FinishedAt);
}

/// <summary>One message.</summary>
/// <param name="AccountId">Whose message it is; null where it is a bot's.</param>
/// <param name="BotId">The bot; null where it is an account's.</param>
/// <param name="Direction">personal_telegram_in, personal_telegram_out, telegram_bot_in or telegram_bot_out.</param>
/// <param name="Status">scheduled, pending, delivered, failed or received.</param>
/// <param name="ScheduledFor">When it is, or was, to be sent; null for at once.</param>
/// <param name="ReplyTo">The message that this one answers, where it is stored here.</param>
/// <param name="TelegramMessageId">Telegram's number, once it has one.</param>
/// <param name="FromPeerId">Who wrote it, for what came in.</param>
/// <param name="SentBy">The user who had it sent; null for what came in or was written on another device.</param>
/// <param name="ErrorCode">Why it failed: a code of the error catalogue.</param>
/// <param name="Media">Its file; null for a text alone.</param>
/// <param name="EditedAt">When it was changed last at Telegram; null for never.</param>
/// <param name="DeletedAt">Since when it is gone at Telegram, or was taken back; what was said stays here.</param>
/// <param name="Hit">Where it says what was searched for; missing where nothing was.</param>
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
    DateTimeOffset? ScheduledFor,
    MediaView? Media,
    DateTimeOffset? EditedAt,
    DateTimeOffset? DeletedAt,
    DateTimeOffset? PinnedAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] HitResponse? Hit = null)
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
        message.ScheduledFor,
        message.Media is { } file ? MediaView.From(file, message.AlbumId) : null,
        message.EditedAt,
        message.DeletedAt,
        message.PinnedAt,
        message.CreatedAt,
        message.UpdatedAt);
}

/// <summary>Where a message says what was searched for.</summary>
/// <param name="Source">personal_telegram or telegram_bot.</param>
/// <param name="PeerKind">user, chat or channel.</param>
/// <param name="Title">What the dialog is called; null where nobody has said.</param>
/// <param name="Snippet">The text around the first word.</param>
/// <param name="Ranges">Where in the snippet the words are, in UTF-16 units.</param>
internal sealed record HitResponse(string Source, string? PeerKind, string? Title, string? Username, string? Phone, string Snippet, IReadOnlyList<RangeResponse> Ranges)
{
    public static HitResponse From(MessageHit hit) => new(
        Words.Of(hit.Dialog.Source),
        hit.Dialog.PeerKind is { } kind ? Words.Of(kind) : null,
        hit.Dialog.Title,
        hit.Dialog.Username,
        Phones.WithPlus(hit.Dialog.Phone),
        hit.Snippet.Text,
        [.. hit.Snippet.Ranges.Select(range => new RangeResponse(range.Start, range.Length))]);
}

internal sealed record RangeResponse(int Start, int Length);

/// <summary>A page, the newest first; of a search in its order.</summary>
/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
/// <param name="NextAfter">Ask with <c>after</c> set to it for what came next; null at the newest, and where the newest were asked for.</param>
internal sealed record MessagePage(IReadOnlyList<MessageResponse> Items, Guid? NextBefore, Guid? NextAfter);
