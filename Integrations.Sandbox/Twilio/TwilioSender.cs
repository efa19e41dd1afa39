namespace Integrations.Sandbox.Twilio;

/// <summary>A number that an account sends from in WhatsApp.</summary>
public sealed class TwilioSender
{
    private DateTimeOffset _busyUntil = DateTimeOffset.UnixEpoch;

    internal TwilioSender(TwilioAccount account, string number) => (Account, Number) = (account, number);

    /// <summary><c>XE…</c>, in status callbacks as <c>ChannelInstallSid</c>.</summary>
    public string Sid { get; } = TwilioSid.New("XE");

    public TwilioAccount Account { get; }

    /// <summary>E.164 with the plus.</summary>
    public string Number { get; }

    /// <summary>The display name.</summary>
    public string Name { get; internal set; } = "";

    public string? About { get; internal set; }

    public string? WabaId { get; internal set; }

    /// <summary>Where messages of people are posted to, with its fragment of overrides; null: nowhere.</summary>
    public string? CallbackUrl { get; set; }

    /// <summary><c>POST</c> or <c>GET</c>.</summary>
    public string CallbackMethod { get; set; } = "POST";

    /// <summary>Asked when <see cref="CallbackUrl"/> could not be, with <c>ErrorCode</c> and <c>ErrorUrl</c>.</summary>
    public string? FallbackUrl { get; set; }

    /// <summary>Where statuses go of messages that name no address of their own.</summary>
    public string? StatusCallbackUrl { get; set; }

    /// <summary><c>ONLINE</c>, <c>CREATING</c>, <c>ONLINE:UPDATING</c>, <c>OFFLINE</c>…</summary>
    public string Status { get; set; } = "ONLINE";

    /// <summary>Twilio's sandbox number: a person joins it by a word, for three days, before it may write to her.</summary>
    public string? JoinWord { get; init; }

    /// <summary>80 for WhatsApp; the sandbox number sends one in three seconds.</summary>
    public double MessagesPerSecond { get; set; } = 80;

    /// <summary>The messaging service whose pool it is in.</summary>
    public TwilioMessagingService? Service { get; internal set; }

    internal string Address => TwilioAddress.Of(Number);

    /// <summary>When the next message may leave: a second's worth at once, and then one after another. Takes the place.</summary>
    internal DateTimeOffset NextPlace(DateTimeOffset now)
    {
        var (interval, burst) = Pace();
        _busyUntil = (_busyUntil > now ? _busyUntil : now) + interval;
        var place = _busyUntil - burst;
        return place > now ? place : now;
    }

    /// <summary>How long a message would wait that came now.</summary>
    internal TimeSpan QueueAt(DateTimeOffset now)
    {
        var (interval, burst) = Pace();
        var wait = _busyUntil + interval - burst - now;
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    private (TimeSpan Interval, TimeSpan Burst) Pace()
    {
        var interval = TimeSpan.FromSeconds(1 / MessagesPerSecond);
        return (interval, interval > TimeSpan.FromSeconds(1) ? interval : TimeSpan.FromSeconds(1));
    }
}

/// <summary>A pool of senders with an address for its statuses.</summary>
public sealed class TwilioMessagingService
{
    internal TwilioMessagingService(TwilioAccount account) => Account = account;

    /// <summary><c>MG…</c></summary>
    public string Sid { get; } = TwilioSid.New("MG");

    public TwilioAccount Account { get; }

    public string? StatusCallbackUrl { get; set; }

    internal List<TwilioSender> Senders { get; } = [];
}
