using Integrations.Core.Tenancy;

namespace Integrations.Workers.Bots;

/// <summary>What Telegram told about a bot, as it was stored before it was answered.</summary>
/// <param name="ChatId">Within a chat the order counts; null where it belongs to none.</param>
/// <param name="Attempts">How often it could not be processed.</param>
internal sealed record WaitingUpdate(Guid BotId, long UpdateId, TenantId Tenant, long? ChatId, string Payload, int Attempts);
