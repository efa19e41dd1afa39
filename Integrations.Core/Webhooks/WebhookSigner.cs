using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Integrations.Core.Webhooks;

/// <summary>The three headers of one try of a delivery.</summary>
/// <param name="Id">The same in every try: by it receivers tell a repetition.</param>
/// <param name="Timestamp">Unix seconds of this try.</param>
/// <param name="Signature">One or several <c>version,base64</c>, divided by spaces. A receiver accepts if any of them is right.</param>
public sealed record WebhookHeaders(string Id, string Timestamp, string Signature)
{
    public const string IdName = "webhook-id";
    public const string TimestampName = "webhook-timestamp";
    public const string SignatureName = "webhook-signature";

    public void AddTo(HttpHeaders headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        headers.TryAddWithoutValidation(IdName, Id);
        headers.TryAddWithoutValidation(TimestampName, Timestamp);
        headers.TryAddWithoutValidation(SignatureName, Signature);
    }
}

/// <summary>Signs deliveries by Standard Webhooks 1.0.0, with every key that is in force.</summary>
public sealed class WebhookSigner
{
    /// <summary>Characters of an id.</summary>
    public const int MaxIdLength = 128;

    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    private readonly WebhookKey[] _keys;

    /// <param name="keys">At least one; the signatures stand in this order.</param>
    public WebhookSigner(params IReadOnlyList<WebhookKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentOutOfRangeException.ThrowIfZero(keys.Count);
        _keys = [.. keys];
    }

    /// <param name="id">Letters, digits, <c>_</c> and <c>-</c>. A full stop would let one message be read as another.</param>
    /// <param name="at">The time of this try, not of the event.</param>
    /// <param name="body">The very bytes that are sent.</param>
    public WebhookHeaders Sign(string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (id.Length > MaxIdLength || id.AsSpan().ContainsAnyExcept(IdCharacters))
            throw new ArgumentException($"An id has 1 to {MaxIdLength} letters, digits, _ and -.", nameof(id));

        var timestamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var length = id.Length + timestamp.Length + 2 + body.Length;
        var room = ArrayPool<byte>.Shared.Rent(length);
        var content = room.AsSpan(0, length);
        var head = Encoding.ASCII.GetBytes($"{id}.{timestamp}.", content);
        body.CopyTo(content[head..]);
        var signature = _keys is [var only] ? only.Sign(content) : string.Join(' ', Signatures(content));
        ArrayPool<byte>.Shared.Return(room);
        return new WebhookHeaders(id, timestamp, signature);
    }

    /// <summary>A signed <c>POST</c>, to be sent once: the next try has another time.</summary>
    /// <param name="body">JSON in UTF-8, not copied.</param>
    public HttpRequestMessage Request(Uri endpoint, string id, DateTimeOffset at, ReadOnlyMemory<byte> body)
    {
        var headers = Sign(id, at, body.Span);
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        headers.AddTo(request.Headers);
        return request;
    }

    private string[] Signatures(ReadOnlySpan<byte> content)
    {
        var signatures = new string[_keys.Length];
        for (var i = 0; i < signatures.Length; i++)
            signatures[i] = _keys[i].Sign(content);
        return signatures;
    }
}
