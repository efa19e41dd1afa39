using System.Globalization;
using System.Text.Json;

namespace Integrations.Sandbox.Twilio;

/// <summary>A file that a person sends.</summary>
public sealed record TwilioAttachment(string ContentType, ReadOnlyMemory<byte> Content);

/// <summary>A place on the map.</summary>
public sealed record TwilioLocation(double Latitude, double Longitude, string? Address = null, string? Label = null);

/// <summary>A pressed quick reply.</summary>
public sealed record TwilioButton(string Text, string Payload, string Type = "REPLY");

/// <summary>A chosen row of a list.</summary>
public sealed record TwilioListChoice(string Id, string Title, string Description = "");

/// <summary>What a person sends. Everything may come with a text but a location, a button and a choice, which bring their own.</summary>
public sealed record TwilioInbound
{
    /// <summary>The text, or the caption of the attachment.</summary>
    public string Text { get; init; } = "";

    public TwilioAttachment? Attachment { get; init; }

    public TwilioLocation? Location { get; init; }

    public TwilioButton? Button { get; init; }

    public TwilioListChoice? Choice { get; init; }

    /// <summary>The sid of the message that is quoted.</summary>
    public string? ReplyTo { get; init; }

    public bool IsForwarded { get; init; }

    public bool IsFrequentlyForwarded { get; init; }

    /// <summary>Parameters besides: those of an advertisement, or such as Twilio begins to send without a word.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    internal string Body => Button?.Text ?? Choice?.Title ?? (Location is null ? Text : "");

    internal string MessageType => this switch
    {
        { Button: not null } => "button",
        { Choice: not null } => "interactive",
        { Location: not null } => "location",
        { Attachment.ContentType: var type } => type.Split('/')[0] switch { "image" => "image", "audio" => "audio", "video" => "video", _ => "document" },
        _ => "text",
    };

    /// <summary>The parameters of the webhook.</summary>
    internal Dictionary<string, string> Parameters(TwilioMessage message, TwilioPerson person, TwilioMessage? quoted, string mediaBase)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["SmsMessageSid"] = message.Sid,
            ["NumMedia"] = message.Media.Count.ToString(CultureInfo.InvariantCulture),
            ["ProfileName"] = person.ProfileName,
            ["MessageType"] = MessageType,
            ["SmsSid"] = message.Sid,
            ["WaId"] = person.WaId,
            ["SmsStatus"] = "received",
            ["Body"] = message.Body,
            ["To"] = message.To,
            ["NumSegments"] = "1",
            ["MessageSid"] = message.Sid,
            ["AccountSid"] = message.Account.Sid,
            ["ChannelMetadata"] = JsonSerializer.Serialize(new
            {
                type = "whatsapp",
                data = new { context = new { person.ProfileName, person.WaId } },
            }),
            ["From"] = message.From,
            ["ApiVersion"] = SandboxTwilio.ApiVersion,
        };
        if (message.Service is { } service)
            parameters["MessagingServiceSid"] = service.Sid;
        for (var i = 0; i < message.Media.Count; i++)
        {
            parameters[string.Create(CultureInfo.InvariantCulture, $"MediaUrl{i}")] = $"{mediaBase}/{message.Media[i].Sid}";
            parameters[string.Create(CultureInfo.InvariantCulture, $"MediaContentType{i}")] = message.Media[i].ContentType;
        }

        Add("Latitude", Location?.Latitude.ToString(CultureInfo.InvariantCulture));
        Add("Longitude", Location?.Longitude.ToString(CultureInfo.InvariantCulture));
        Add("Address", Location?.Address);
        Add("Label", Location?.Label);
        Add("ButtonText", Button?.Text);
        Add("ButtonPayload", Button?.Payload);
        Add("ButtonType", Button?.Type);
        Add("ListId", Choice?.Id);
        Add("ListTitle", Choice?.Title);
        Add("ListDescription", Choice?.Description);
        Add("OriginalRepliedMessageSid", quoted?.Sid);
        Add("OriginalRepliedMessageSender", quoted?.From);
        Add("Forwarded", IsForwarded || IsFrequentlyForwarded ? "true" : null);
        Add("FrequentlyForwarded", IsFrequentlyForwarded ? "true" : null);
        foreach (var (name, value) in Extra)
            parameters[name] = value;
        return parameters;

        void Add(string name, string? value)
        {
            if (value is not null)
                parameters[name] = value;
        }
    }
}
