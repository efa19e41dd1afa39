using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Messages;

namespace Integrations.Workers.Sending;

/// <summary>How one send ended.</summary>
/// <param name="Status">Delivered, failed, or pending again.</param>
/// <param name="NotBefore">When a pending one may be tried again.</param>
internal sealed record Outcome(
    ClaimedMessage Message, MessageStatus Status, int? TelegramId, DateTimeOffset? TelegramDate, string? ErrorCode, string? ErrorDetail, DateTimeOffset? NotBefore)
{
    public static Outcome Delivered(ClaimedMessage message, int? telegramId, DateTimeOffset? date) =>
        new(message, MessageStatus.Delivered, telegramId, date, null, null, null);

    public static Outcome Failed(ClaimedMessage message, string code, string detail) =>
        new(message, MessageStatus.Failed, null, null, code, detail, null);

    public static Outcome Again(ClaimedMessage message, DateTimeOffset notBefore, string? code, string? detail) =>
        new(message, MessageStatus.Pending, null, null, code, detail, notBefore);

    /// <summary>Back to the queue untried, because this host lets the account go.</summary>
    public static Outcome GivenBack(ClaimedMessage message) => new(message, MessageStatus.Pending, null, null, null, null, null);
}

/// <summary>What goes into one transaction: outcomes of one account, and where Telegram's boxes stand after them.</summary>
internal sealed record OutcomeSet(
    Guid AccountId, IReadOnlyList<Outcome> Outcomes, UpdatePosition? Position, IReadOnlyList<ChannelPosition> Channels)
{
    public static OutcomeSet Of(Guid accountId, params IReadOnlyList<Outcome> outcomes) => new(accountId, outcomes, null, []);
}
