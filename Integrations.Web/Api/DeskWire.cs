namespace Integrations.Web.Api;

/// <summary>An account or a bot whose dialogs the reader may read; public because components' parameters must be.</summary>
public sealed record Inbox(
    Guid Id, string Source, int UserId, string? Name, string? Username, string? Phone, string Status, string World, InboxProject? Project, bool MaySend)
{
    /// <summary>It lives in the simulated Telegram.</summary>
    public bool IsSandbox => World is "sandbox";

    public bool IsBot => Source is "telegram_bot";

    /// <summary>Its dialogs are answered in the project's working group, where everybody sees what was said; also by its own user.</summary>
    public bool IsMirrored => !IsBot && Project is { Mirroring: true };
}

/// <summary>The project whose members share an inbox; one that is mirrored is answered in its working group.</summary>
public sealed record InboxProject(Guid Id, string Name, bool Mirroring);

/// <summary>Somebody who works here.</summary>
public sealed record Colleague(int UserId, string? Name);

/// <summary>One conversation, and what a look at it tells.</summary>
public sealed record Dialog(
    Guid Id, Guid? PersonalAccountId, Guid? BotId, string? PeerKind, string? Title, string? Username, string? Phone, int UnreadCount, DateTimeOffset? LastMessageAt,
    DateTimeOffset? WaitingSince, LastMessage? LastMessage, Colleague? Assignee, DateTimeOffset? BlockedAt, DateTimeOffset CreatedAt, string Source = "personal_telegram",
    DateTimeOffset? ClosedAt = null, string? TopicUrl = null)
{
    /// <summary>Whose conversation it is: the account's or the bot's id.</summary>
    public Guid InboxId => PersonalAccountId ?? BotId ?? Guid.Empty;

    /// <summary>Its place in the order of the list.</summary>
    public DateTimeOffset At => LastMessageAt ?? CreatedAt;
}

/// <summary>The beginning of what was said last.</summary>
/// <param name="MediaKind">Of its file, which may have no words beside it.</param>
public sealed record LastMessage(Guid Id, string Direction, string Status, string Text, string? MediaKind = null)
{
    public bool Outgoing => Direction.EndsWith("_out", StringComparison.Ordinal);
}

/// <summary>A page, the last used first; the cursor asks for the next one and is null at the end.</summary>
internal sealed record DialogPage(Dialog[] Items, string? NextCursor);

/// <summary>Which dialogs a list shows.</summary>
/// <param name="AccountId">Those of one account; null for all inboxes, or for a bot's.</param>
/// <param name="Show">all, unread, waiting, mine or unassigned.</param>
/// <param name="BotId">Those of one bot.</param>
/// <param name="Source">personal_telegram or telegram_bot.</param>
/// <param name="State">open or closed.</param>
/// <param name="Assignee">me, nobody or a user's number.</param>
public sealed record DialogQuery(
    Guid? AccountId = null, string Show = "all", string? Text = null, Guid? BotId = null, string? Source = null, Guid? ProjectId = null, string? State = null, string? Assignee = null,
    int? WaitingMinutes = null, bool Blocked = false)
{
    /// <summary>By how many further things it is narrowed.</summary>
    public int Narrowed => new object?[] { Source, ProjectId, State, Assignee, WaitingMinutes }.Count(part => part is not null) + (Blocked ? 1 : 0);

    /// <summary>Whether it leaves nothing out, whatever the inbox.</summary>
    public bool IsWhole => Show is "all" && Text is null && Narrowed == 0;

    /// <summary>Without those.</summary>
    public DialogQuery Widened() => this with { Source = null, ProjectId = null, State = null, Assignee = null, WaitingMinutes = null, Blocked = false };

    /// <summary>The one inbox; null for all.</summary>
    public Guid? InboxId => AccountId ?? BotId;

    /// <summary>The same look at another inbox, or at all.</summary>
    public DialogQuery Over(Inbox? inbox) => this with { AccountId = inbox is { IsBot: false } ? inbox.Id : null, BotId = inbox is { IsBot: true } ? inbox.Id : null };
}

/// <summary>A query under a name.</summary>
internal sealed record SavedFilter(
    Guid Id, string Name, string Show, Guid? AccountId, Guid? BotId, string? Text, string? Source, Guid? ProjectId, string? State, string? Assignee, int? WaitingMinutes, bool Blocked)
{
    public DialogQuery Query => new(AccountId, Show, Text, BotId, Source, ProjectId, State, Assignee, WaitingMinutes, Blocked);
}

/// <summary>What somebody noted beside a dialog for his colleagues.</summary>
public sealed record Note(Guid Id, Guid DialogId, Colleague Author, string Text, DateTimeOffset CreatedAt);

/// <summary>Somebody at a dialog: viewing or typing.</summary>
public sealed record Present(Guid DialogId, int UserId, string? Name, string State);

/// <summary>A text to answer with.</summary>
public sealed record QuickReply(Guid Id, string Shortcut, string Text, bool MayChange);
