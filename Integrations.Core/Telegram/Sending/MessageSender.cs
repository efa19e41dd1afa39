using Integrations.Core.Events;

namespace Integrations.Core.Telegram.Sending;

/// <summary>Who sends a message: an account or a bot, whichever id is there.</summary>
/// <param name="UserId">Whose account it is; null for a bot, which is the company's.</param>
/// <param name="Shard">Whose owner does the sending.</param>
internal sealed record MessageSender(Guid? AccountId, Guid? BotId, int? UserId, int Shard)
{
    /// <summary>As the law of sending counts.</summary>
    public string Channel => BotId is null ? "personal_telegram" : "telegram_bot";

    public string Direction => Channel + "_out";

    /// <summary>As the audit calls it.</summary>
    public string Action => BotId is null ? "personal.send_message" : "bot.send_message";

    /// <summary>For those who read the sender's dialogs.</summary>
    public EventDraft Event(string type, object data) => BotId is { } bot ? EventDraft.OfBot(type, bot, data) : new EventDraft(type, UserId, AccountId, data);
}
