using System.Text.Json;

namespace Integrations.Core.Events;

/// <summary>Something that happened, about to be written in the transaction that caused it.</summary>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="UserId">Whose object it is; null tells everybody in the tenant. Administrators are told of accounts and logins whosever they are.</param>
/// <param name="Data">Becomes JSON in snake_case; null members are left out.</param>
public sealed record EventDraft(string Type, int? UserId, Guid? AccountId, object Data)
{
    internal string DataAsJson() => JsonSerializer.Serialize(Data, EventJson.Options);
}

/// <summary>The types of events, as subscribers see them.</summary>
public static class EventTypes
{
    public const string AccountUpdated = "account.updated";
    public const string AccountDeleted = "account.deleted";
    public const string LoginUpdated = "login.updated";
    public const string MessageCreated = "message.created";
    public const string MessageUpdated = "message.updated";
    public const string DialogUpdated = "dialog.updated";
}
