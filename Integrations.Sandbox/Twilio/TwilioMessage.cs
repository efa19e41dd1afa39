namespace Integrations.Sandbox.Twilio;

/// <summary>A message in either direction, as it stands.</summary>
public sealed class TwilioMessage
{
    internal TwilioMessage(TwilioSender sender, string person, string direction, bool hasMedia, DateTimeOffset now)
    {
        Sid = TwilioSid.New(hasMedia ? "MM" : "SM");
        (Sender, Person, Direction, CreatedAt, UpdatedAt) = (sender, person, direction, now, now);
    }

    /// <summary><c>SM…</c>, with media <c>MM…</c>.</summary>
    public string Sid { get; }

    public TwilioSender Sender { get; }

    /// <summary>The number of the other side, with the plus; it need be nobody's.</summary>
    public string Person { get; }

    /// <summary><c>inbound</c>, <c>outbound-api</c> or <c>outbound-reply</c>.</summary>
    public string Direction { get; }

    public string Body { get; internal set; } = "";

    /// <summary><c>queued</c>, <c>sent</c>, <c>delivered</c>, <c>failed</c>…</summary>
    public string Status { get; internal set; } = "queued";

    public int? ErrorCode { get; internal set; }

    public DateTimeOffset CreatedAt { get; }

    public DateTimeOffset UpdatedAt { get; internal set; }

    public DateTimeOffset? SentAt { get; internal set; }

    /// <summary>A service that it was sent by; null when the sender was named alone.</summary>
    public TwilioMessagingService? Service { get; internal init; }

    public TwilioContent? Content { get; internal init; }

    /// <summary>What came with it, or what was fetched for it.</summary>
    public IReadOnlyList<TwilioMedia> Media { get; internal set; } = [];

    /// <summary><c>geo:lat,lon|label</c>, as sent.</summary>
    public IReadOnlyList<string> PersistentActions { get; internal init; } = [];

    /// <summary>Whether the business showed by the typing indicator that it read this and is about to answer.</summary>
    public bool ShowedTyping { get; internal set; }

    internal bool IsInbound => Direction == "inbound";

    internal IReadOnlyList<string> MediaUrls { get; init; } = [];

    /// <summary>Names in the content's text that nobody gave a value.</summary>
    internal bool LacksVariables { get; init; }

    internal string? StatusCallback { get; init; }

    internal DateTimeOffset? SendAt { get; init; }

    /// <summary>When the sender gets to it; a scheduled message takes its place only when it is due.</summary>
    internal DateTimeOffset? Place { get; init; }

    /// <summary>Ends the wait for <see cref="SendAt"/>.</summary>
    internal CancellationTokenSource? Cancelled { get; init; }

    internal TwilioAccount Account => Sender.Account;

    internal string From => IsInbound ? TwilioAddress.Of(Person) : Sender.Address;

    internal string To => IsInbound ? Sender.Address : TwilioAddress.Of(Person);

    internal int MediaCount => Math.Max(Media.Count, MediaUrls.Count);

    internal bool IsFinal => Status is "delivered" or "read" or "failed" or "undelivered" or "canceled" or "received";
}

/// <summary>A picture, document, voice or video of a message.</summary>
public sealed record TwilioMedia(string ContentType, ReadOnlyMemory<byte> Content)
{
    /// <summary><c>ME…</c></summary>
    public string Sid { get; } = TwilioSid.New("ME");

    /// <summary>Its name in the storage that the API redirects to; whoever knows it may fetch.</summary>
    internal string StorageKey { get; } = TwilioSid.Secret();
}
