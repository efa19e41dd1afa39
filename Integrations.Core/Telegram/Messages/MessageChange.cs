namespace Integrations.Core.Telegram.Messages;

public enum MessageChangeKind
{
    Edit,
    Delete,
    Pin,
    Unpin,
}

public enum MessageChangeState
{
    Pending,
    Done,
    Failed,
}

/// <summary>An edit, a deletion or a pin that somebody asked for. Doing one twice is doing it once, so a pending one is simply done again after a crash.</summary>
public sealed class MessageChange
{
    private MessageChange()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public Guid MessageId { get; private set; }

    /// <summary>The order in which they were asked for, given by the database.</summary>
    public long Seq { get; private set; }
    public MessageChangeKind Kind { get; private set; }

    /// <summary>The new text; null but for edits.</summary>
    public string? Text { get; private set; }
    public MessageChangeState State { get; private set; }
    public int Attempts { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? ErrorDetail { get; private set; }

    /// <summary>Who asked for it.</summary>
    public int? UserId { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }
}
