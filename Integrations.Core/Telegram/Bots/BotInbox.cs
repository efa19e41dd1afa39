using Integrations.Core.Telegram.Accounts;

namespace Integrations.Core.Telegram.Bots;

/// <summary>A bot as those see it who read its dialogs, deleted ones included: what was said outlives the connection. Read only.</summary>
public sealed class BotInbox
{
    private BotInbox()
    {
    }

    public Guid Id { get; private set; }

    /// <summary>Who connected it; that alone gives no right to its dialogs.</summary>
    public int UserId { get; private set; }

    /// <summary>The project whose members read it; null leaves it to owners and administrators.</summary>
    public Guid? ProjectId { get; private set; }

    public World World { get; private set; }

    /// <summary>pending, active, error or inactive.</summary>
    public string Status { get; private set; } = "";

    public string? DisplayName { get; private set; }
    public string? Username { get; private set; }
    public DateTimeOffset? DeletedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
}
