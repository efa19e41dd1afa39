using System.ComponentModel.DataAnnotations;

namespace Integrations.Sandbox.Twilio.Control;

internal sealed record AccountSeen(string Sid, string AuthToken, string FriendlyName, string Status, bool IsTrial)
{
    public static AccountSeen From(TwilioAccount account) => new(account.Sid, account.AuthToken, account.FriendlyName, account.Status, account.IsTrial);
}

internal sealed record SenderSeen(string Sid, string AccountSid, string Number, string Status, string? CallbackUrl, string? StatusCallbackUrl, string? JoinWord)
{
    public static SenderSeen From(TwilioSender sender) =>
        new(sender.Sid, sender.Account.Sid, sender.Number, sender.Status, sender.CallbackUrl, sender.StatusCallbackUrl, sender.JoinWord);
}

internal sealed record PersonSeen(string Number, string ProfileName, bool IsOnWhatsApp)
{
    public static PersonSeen From(TwilioPerson person) => new(person.Number, person.ProfileName, person.IsOnWhatsApp);
}

internal sealed record MessageSeen(
    string Sid, string Direction, string Sender, string Person, string Body, string Status, int? ErrorCode, int NumMedia, DateTimeOffset CreatedAt)
{
    public static MessageSeen From(TwilioMessage message) => new(
        message.Sid, message.Direction, message.Sender.Number, message.Person, message.Body, message.Status, message.ErrorCode, message.MediaCount, message.CreatedAt);
}

/// <summary>Where the platform is, and what is in it.</summary>
internal sealed record TwilioSeen(Uri? Address, IReadOnlyList<AccountSeen> Accounts, IReadOnlyList<SenderSeen> Senders, IReadOnlyList<PersonSeen> People);

internal sealed record NewAccount([property: Required] string FriendlyName, string? OwnerSid = null, bool IsTrial = false);

internal sealed record NewSender(
    [property: Required] string AccountSid,
    [property: Required] string Number,
    string? CallbackUrl = null,
    string? StatusCallbackUrl = null,
    string? JoinWord = null,
    double? MessagesPerSecond = null);

internal sealed record NewPerson([property: Required] string Number, [property: Required] string ProfileName, bool IsOnWhatsApp = true);

internal sealed record NewBlock([property: Required] string Sender, bool IsBlocked = true);

/// <summary>What a person sends; an attachment's content is in Base64.</summary>
internal sealed record NewInbound(
    [property: Required] string Sender,
    string Text = "",
    string? ContentType = null,
    byte[]? Content = null,
    TwilioLocation? Location = null,
    TwilioButton? Button = null,
    TwilioListChoice? Choice = null,
    string? ReplyTo = null,
    bool IsForwarded = false);

internal sealed record NewReview([property: Required] string Status, string Reason = "");
