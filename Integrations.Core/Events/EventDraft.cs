using System.Text.Json;

namespace Integrations.Core.Events;

/// <summary>Something that happened, about to be written in the transaction that caused it.</summary>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="UserId">Whose object it is; null tells everybody in the tenant. Administrators are told of accounts and logins whosever they are, members of the account's project of what is said in it.</param>
/// <param name="Data">Becomes JSON in snake_case; null members are left out.</param>
public sealed record EventDraft(string Type, int? UserId, Guid? AccountId, object Data)
{
    /// <summary>Whose dialogs it is about. Such an event is told to those who read that bot's dialogs and to nobody else.</summary>
    public Guid? BotId { get; init; }

    public static EventDraft OfBot(string type, Guid botId, object data) => new(type, null, null, data) { BotId = botId };

    internal string DataAsJson() => JsonSerializer.Serialize(Data, EventJson.Options);
}

/// <summary>The types of events, as subscribers see them.</summary>
public static class EventTypes
{
    public const string AccountUpdated = "account.updated";
    public const string AccountDeleted = "account.deleted";
    /// <summary>A line was added to an account's timeline.</summary>
    public const string AccountTimeline = "account.timeline";

    /// <summary>Something to be told to one user; it is told to him alone.</summary>
    public const string NoticeCreated = "notice.created";
    public const string NoticeUpdated = "notice.updated";
    public const string LoginUpdated = "login.updated";
    public const string MessageCreated = "message.created";
    public const string MessageUpdated = "message.updated";
    /// <summary>It is gone at Telegram; what was said stays here.</summary>
    public const string MessageDeleted = "message.deleted";
    public const string DialogUpdated = "dialog.updated";
    /// <summary>A dialog is gone, with all that was said in it.</summary>
    public const string DialogDeleted = "dialog.deleted";
    public const string SettingsUpdated = "settings.updated";
    public const string ProjectUpdated = "project.updated";
    public const string UserUpdated = "user.updated";
    public const string InvitationUpdated = "invitation.updated";
    public const string ApiKeyUpdated = "api_key.updated";
    public const string DialogPresence = "dialog.presence";
    public const string NoteCreated = "note.created";
    public const string NoteDeleted = "note.deleted";
    /// <summary>A bot was connected or changed; told to everybody in the tenant, like <see cref="BotDeleted"/>.</summary>
    public const string BotUpdated = "bot.updated";
    public const string BotDeleted = "bot.deleted";
    /// <summary>A channel was connected or changed; told to everybody in the tenant, like <see cref="ChannelDeleted"/>, and so without its title.</summary>
    public const string ChannelUpdated = "channel.updated";
    public const string ChannelDeleted = "channel.deleted";
    /// <summary>An edit, a deletion or a pin of a message was asked for, done or refused.</summary>
    public const string MessageChange = "message.change";
    public const string QuickRepliesUpdated = "quick_replies.updated";
}
