using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Google.Faults;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>A push channel that <c>calendar.events.watch</c> opened.</summary>
internal sealed class PushChannel(string id, GoogleCalendar calendar, CalendarCaller owner, Uri address, string? token, DateTimeOffset expiresAt)
{
    public string Id => id;

    public GoogleCalendar Calendar => calendar;

    public CalendarCaller Owner => owner;

    public Uri Address => address;

    public string? Token => token;

    public DateTimeOffset ExpiresAt => expiresAt;

    public string ResourceUri => $"https://www.googleapis.com/calendar/v3/calendars/{Uri.EscapeDataString(calendar.Id)}/events?alt=json";

    public long LastNumber { get; set; }

    public bool IsStopped { get; set; }
}

/// <summary>One message to a channel: its headers are all there is.</summary>
/// <param name="State"><c>sync</c> for the first, then <c>exists</c>.</param>
internal sealed record PushMessage(PushChannel Channel, long Number, string State);

/// <summary>The open channels. Whoever calls holds the lock of <see cref="SandboxGoogle"/>.</summary>
internal sealed class PushChannels(SandboxGoogle google, GoogleCalendars calendars)
{
    private readonly Dictionary<string, PushChannel> _channels = new(StringComparer.Ordinal);

    /// <summary>Takes messages away to be sent; while nobody does, they are lost, which Google allows itself.</summary>
    public Action<PushMessage>? Sender { get; set; }

    /// <summary><c>calendar.events.watch</c>.</summary>
    public GoogleAnswer Watch(GoogleRequest request, CalendarCaller caller)
    {
        caller.Need(CalendarCaller.ReadsEvents);
        var (calendar, role) = calendars.Open(caller, request.Part("calendarId"), CalendarRole.FreeBusyReader);
        caller.Need(CalendarCaller.ReadsEvents, role);
        if (Text(request, "id") is not { } id)
            throw GoogleRefusal.Required("Channel id required");
        if (id.Length > 64)
            throw GoogleRefusal.Invalid("Invalid channel id.");
        if (Text(request, "type") is not ("web_hook" or "webhook"))
            throw GoogleRefusal.Invalid("Unknown channel type.");
        if (!Uri.TryCreate(Text(request, "address"), UriKind.Absolute, out var address))
            throw new GoogleRefusal(400, "push.webhookUrlNoHostOrAddress", "WebHook callback must be a URL.");
        // Google knows no exception for loopback; without it nothing could be tried on one machine.
        if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)))
            throw new GoogleRefusal(400, "push.webhookUrlNotHttps", $"WebHook callback must be HTTPS: {address}");

        var now = google.Time.GetUtcNow();
        foreach (var old in _channels.Values.Where(channel => channel.IsStopped || channel.ExpiresAt <= now).ToList())
            _channels.Remove(old.Id);
        if (_channels.ContainsKey(id))
            throw new GoogleRefusal(400, "channelIdNotUnique", $"Channel id {id} not unique");

        var settings = google.Settings;
        var wish = Number(request.Body["expiration"]) is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) - now
            : Number(request.Body["params"]?["ttl"]) is { } seconds ? TimeSpan.FromSeconds(Math.Min(seconds, 100_000_000))
            : settings.ChannelLifetime;
        if (wish <= TimeSpan.Zero)
            throw GoogleRefusal.Invalid("Invalid channel expiration.");

        var lifetime = wish > settings.LongestChannelLifetime ? settings.LongestChannelLifetime : wish;
        var channel = new PushChannel(id, calendar, caller, address, Text(request, "token"), now + lifetime);
        _channels.Add(id, channel);
        Send(channel, "sync");
        var answer = new JsonObject { ["kind"] = "api#channel", ["id"] = id, ["resourceId"] = calendar.ResourceId, ["resourceUri"] = channel.ResourceUri };
        if (channel.Token is not null)
            answer["token"] = channel.Token;
        answer["expiration"] = channel.ExpiresAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        return new GoogleAnswer(200, answer);
    }

    /// <summary><c>calendar.channels.stop</c>: only by the person and the client that opened it.</summary>
    public GoogleAnswer Stop(GoogleRequest request, CalendarCaller caller)
    {
        if (Text(request, "id") is not { } id || !_channels.TryGetValue(id, out var channel) || channel.IsStopped || channel.ExpiresAt <= google.Time.GetUtcNow()
            || channel.Calendar.ResourceId != Text(request, "resourceId")
            || channel.Owner.Account != caller.Account || channel.Owner.Client.ClientId != caller.Client.ClientId)
        {
            throw new GoogleRefusal(404, "notFound", $"Channel '{Text(request, "id")}' not found for project '{caller.Client.Project}'");
        }

        channel.IsStopped = true;
        return GoogleAnswer.NoContent;
    }

    /// <summary>Tells all channels of a calendar that something changed, and not what.</summary>
    public void Notify(GoogleCalendar calendar)
    {
        foreach (var channel in _channels.Values.Where(channel => channel.Calendar == calendar && !channel.IsStopped && channel.ExpiresAt > google.Time.GetUtcNow()))
            Send(channel, "exists");
    }

    private void Send(PushChannel channel, string state)
    {
        // Numbers grow, and not always by one.
        var message = new PushMessage(channel, channel.LastNumber += state == "sync" ? 1 : google.NewStep(), state);
        if (google.Faults.Take(GoogleFaultKind.LosePush, "push", channel.Owner.Account.Email) is not null)
            return;

        Sender?.Invoke(message);
        if (google.Faults.Take(GoogleFaultKind.DuplicatePush, "push", channel.Owner.Account.Email) is not null)
            Sender?.Invoke(message);
    }

    private static string? Text(GoogleRequest request, string name) =>
        request.Body[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    /// <summary>A number, or one in a string: clients send either.</summary>
    private static long? Number(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<long>(out var number) => number,
        JsonValue value when long.TryParse(value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };
}
