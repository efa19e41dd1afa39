namespace Integrations.Sandbox.Twilio;

/// <summary>Somebody with a telephone number.</summary>
public sealed class TwilioPerson
{
    /// <summary>How long after a person's last message a sender may write to her freely.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    /// <summary>How long a sandbox number may write to whoever joined it.</summary>
    public static readonly TimeSpan SandboxSession = TimeSpan.FromDays(3);

    internal TwilioPerson(string number, string profileName)
    {
        (Number, ProfileName) = (number, profileName);
        WaId = number.TrimStart('+');
    }

    /// <summary>E.164 with the plus.</summary>
    public string Number { get; }

    public string ProfileName { get; set; }

    /// <summary>Usually the number's digits, but nobody may rely on that.</summary>
    public string WaId { get; set; }

    /// <summary>A number without WhatsApp gets nothing.</summary>
    public bool IsOnWhatsApp { get; set; } = true;

    /// <summary>Numbers of senders that this person blocked.</summary>
    internal HashSet<string> Blocked { get; } = new(StringComparer.Ordinal);

    /// <summary>Numbers of senders that got STOP, and no START since.</summary>
    internal HashSet<string> OptedOut { get; } = new(StringComparer.Ordinal);

    /// <summary>By the sender's number: when this person last wrote to it.</summary>
    internal Dictionary<string, DateTimeOffset> WroteAt { get; } = new(StringComparer.Ordinal);

    /// <summary>By the number of a sandbox: when this person joined it.</summary>
    internal Dictionary<string, DateTimeOffset> JoinedAt { get; } = new(StringComparer.Ordinal);

    internal bool HasOpenWindow(TwilioSender sender, DateTimeOffset now) => WroteAt.TryGetValue(sender.Number, out var at) && now - at < Window;

    internal bool IsJoinedTo(TwilioSender sender, DateTimeOffset now) => JoinedAt.TryGetValue(sender.Number, out var at) && now - at < SandboxSession;
}
