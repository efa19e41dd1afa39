using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Integrations.Core.WhatsApp;

/// <summary>Twilio refused a request, or its answer is none of Twilio's.</summary>
/// <param name="status">Of HTTP.</param>
/// <param name="code">Twilio's own; null where the answer had none.</param>
public sealed class TwilioException(int status, int? code, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"Twilio answered {status}{(code is { } known ? $" with {known}" : "")}."), inner)
{
    public int Status => status;

    public int? Code => code;

    /// <summary>As long as Twilio asked to be left alone.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}

/// <summary>Twilio's API of 2010-04-01, as far as it is used here (https://www.twilio.com/docs/messaging/api/message-resource). Nothing is repeated.</summary>
/// <remarks>Failures: <see cref="TwilioException"/> for an answer, <see cref="HttpRequestException"/> and <see cref="TimeoutException"/> for none.</remarks>
public sealed class TwilioClient(IHttpClientFactory http, TwilioOptions options)
{
    /// <summary>The name under which the factory makes the client.</summary>
    public const string HttpClientName = "twilio";

    /// <summary>Twilio's own limit of a page.</summary>
    private const int PageSize = 100;

    private readonly string _address = options.ApiAddress.AbsoluteUri.TrimEnd('/') + "/2010-04-01/Accounts/";

    /// <returns>201: accepted, not yet delivered.</returns>
    public Task<TwilioMessage> SendAsync(TwilioSettings settings, WhatsAppMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(message);
        List<KeyValuePair<string, string>> form = [new("To", Address(message.To)), new("From", Address(settings.Number))];
        Add("Body", message.Body);
        Add("MediaUrl", message.Media?.AbsoluteUri);
        Add("ContentSid", message.ContentSid);
        Add("ContentVariables", message.ContentVariables);
        Add("PersistentAction", message.Place);
        Add("StatusCallback", message.StatusCallback?.AbsoluteUri);
        return CallAsync(settings, HttpMethod.Post, $"{settings.AccountSid}/Messages.json", new FormUrlEncodedContent(form), TwilioJson.Default.TwilioMessage, cancellationToken);

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                form.Add(new(name, value));
        }
    }

    /// <summary>The newest messages to somebody from this sender.</summary>
    public async Task<IReadOnlyList<TwilioMessage>> ListAsync(TwilioSettings settings, string to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var query = $"?To={Uri.EscapeDataString(Address(to))}&From={Uri.EscapeDataString(Address(settings.Number))}&PageSize={PageSize}";
        return (await CallAsync(settings, HttpMethod.Get, $"{settings.AccountSid}/Messages.json{query}", null, TwilioJson.Default.TwilioMessagePage, cancellationToken)).Messages;
    }

    public Task<TwilioAccountInfo> FindAccountAsync(TwilioSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return CallAsync(settings, HttpMethod.Get, $"{settings.AccountSid}.json", null, TwilioJson.Default.TwilioAccountInfo, cancellationToken);
    }

    private static string Address(string number) => "whatsapp:" + number;

    private async Task<T> CallAsync<T>(TwilioSettings settings, HttpMethod verb, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(verb, new Uri(_address + path)) { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.User}:{settings.Secret}")));
        using var client = http.CreateClient(HttpClientName);
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
                throw await RefusedAsync(response, cancellationToken);
            return await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new TwilioException((int)response.StatusCode, null);
        }
        catch (JsonException e)
        {
            throw new TwilioException(200, null, null, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("Twilio did not answer in time.", e);
        }
    }

    private static async Task<TwilioException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        int? code = null;
        try
        {
            code = (await response.Content.ReadFromJsonAsync(TwilioJson.Default.TwilioRefusal, cancellationToken))?.Code;
        }
        catch (JsonException)
        {
            // A proxy before Twilio answers in HTML; its status says what there is to know.
        }

        return new TwilioException((int)response.StatusCode, code, response.Headers.RetryAfter?.Delta);
    }
}

/// <summary>Where Twilio is.</summary>
public sealed class TwilioOptions
{
    public const string Section = "Twilio";

    /// <summary>Also a sandbox, or a proxy.</summary>
    public Uri ApiAddress { get; set; } = new("https://api.twilio.com");
}

/// <param name="Sid"><c>SM…</c> or <c>MM…</c></param>
/// <param name="Status">queued, sent, delivered, read, failed and others.</param>
/// <param name="DateCreated">As RFC 2822 writes it.</param>
public sealed record TwilioMessage(string Sid, string? Status, string? Direction, string? Body, string? DateCreated, int? ErrorCode)
{
    /// <summary>Null where it is none.</summary>
    [JsonIgnore]
    public DateTimeOffset? CreatedAt =>
        DateTimeOffset.TryParse(DateCreated, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}

internal sealed record TwilioMessagePage(IReadOnlyList<TwilioMessage> Messages);

/// <param name="Status">active, suspended or closed.</param>
public sealed record TwilioAccountInfo(string Sid, string? FriendlyName, string? Status);

internal sealed record TwilioRefusal(int? Code);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TwilioMessage))]
[JsonSerializable(typeof(TwilioMessagePage))]
[JsonSerializable(typeof(TwilioAccountInfo))]
[JsonSerializable(typeof(TwilioRefusal))]
internal sealed partial class TwilioJson : JsonSerializerContext;
