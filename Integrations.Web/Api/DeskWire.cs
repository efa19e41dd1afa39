namespace Integrations.Web.Api;

/// <summary>An account whose dialogs the reader may read; public because components' parameters must be.</summary>
public sealed record Inbox(
    Guid Id, int UserId, string? Name, string? Username, string? Phone, string Status, string World, InboxProject? Project, bool MaySend)
{
    /// <summary>It lives in the simulated Telegram.</summary>
    public bool IsSandbox => World is "sandbox";
}

/// <summary>The project whose members share an inbox; one that is mirrored is answered in its working group.</summary>
public sealed record InboxProject(Guid Id, string Name, bool Mirroring);

/// <summary>Somebody who works here.</summary>
public sealed record Colleague(int UserId, string? Name);

/// <summary>One conversation, and what a look at it tells.</summary>
public sealed record Dialog(
    Guid Id, Guid PersonalAccountId, string? PeerKind, string? Title, string? Username, string? Phone, int UnreadCount, DateTimeOffset? LastMessageAt,
    DateTimeOffset? WaitingSince, LastMessage? LastMessage, Colleague? Assignee, DateTimeOffset CreatedAt)
{
    /// <summary>Its place in the order of the list.</summary>
    public DateTimeOffset At => LastMessageAt ?? CreatedAt;
}

/// <summary>The beginning of what was said last.</summary>
public sealed record LastMessage(Guid Id, string Direction, string Status, string Text)
{
    public bool Outgoing => Direction == "personal_telegram_out";
}

/// <summary>A page, the last used first; the cursor asks for the next one and is null at the end.</summary>
internal sealed record DialogPage(Dialog[] Items, string? NextCursor);

/// <summary>Which dialogs a list shows.</summary>
/// <param name="AccountId">Null for all inboxes.</param>
/// <param name="Show">all, unread, waiting, mine or unassigned.</param>
public sealed record DialogQuery(Guid? AccountId = null, string Show = "all", string? Text = null);

/// <summary>A query under a name.</summary>
internal sealed record SavedFilter(Guid Id, string Name, string Show, Guid? AccountId, string? Text);

/// <summary>What somebody noted beside a dialog for his colleagues.</summary>
public sealed record Note(Guid Id, Guid DialogId, Colleague Author, string Text, DateTimeOffset CreatedAt);

/// <summary>Somebody at a dialog: viewing or typing.</summary>
public sealed record Present(Guid DialogId, int UserId, string? Name, string State);

/// <summary>A text to answer with.</summary>
public sealed record QuickReply(Guid Id, string Shortcut, string Text, bool MayChange);
