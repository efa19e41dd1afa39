using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>
/// The parameters of one call, wherever they stood: in the query, in a form, or in a JSON body. Objects and arrays are JSON, also within a form.
/// </summary>
internal sealed class BotApiRequest
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IFormFile> _uploads = new(StringComparer.Ordinal);

    /// <summary>Reads the parameters of a request.</summary>
    /// <exception cref="BotApiRefusal">The body is no JSON object.</exception>
    public static async Task<BotApiRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var read = new BotApiRequest();
        read.Take(request.Query);
        if (request.HasFormContentType)
        {
            var form = await request.ReadFormAsync(cancellationToken);
            read.Take(form);
            foreach (var file in form.Files)
                read._uploads[file.Name] = file;
        }
        else if (request.HasJsonContentType())
        {
            try
            {
                using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancellationToken);
                read.Take(body.RootElement);
            }
            catch (JsonException)
            {
                throw BotApiRefusal.BadRequest("can't parse JSON object");
            }
        }

        return read;
    }

    /// <summary>The parameters of a method that stands in the answer to a webhook.</summary>
    public static BotApiRequest From(JsonElement parameters)
    {
        var read = new BotApiRequest();
        read.Take(parameters);
        return read;
    }

    /// <summary>A text; null where it was not given.</summary>
    public string? Text(string name) => _texts.GetValueOrDefault(name);

    /// <summary>A file that came along as a part of the form; null where none has this name.</summary>
    public IFormFile? Upload(string name) => _uploads.GetValueOrDefault(name);

    /// <exception cref="BotApiRefusal">It is missing or empty.</exception>
    public string Required(string name, string refusal) => Text(name) is { Length: > 0 } text ? text : throw BotApiRefusal.BadRequest(refusal);

    public bool Flag(string name) => Text(name) is "true" or "True" or "1";

    public bool Has(string name) => _texts.ContainsKey(name);

    /// <summary>A whole number; null where it was not given or is none, which the Bot API takes for not given.</summary>
    public long? Number(string name) =>
        long.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>An object or array; null where it was not given.</summary>
    /// <exception cref="BotApiRefusal">It is no JSON.</exception>
    public JsonElement? Json(string name)
    {
        if (Text(name) is not { Length: > 0 } text)
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw BotApiRefusal.BadRequest($"can't parse {name} JSON object");
        }
    }

    private void Take(IEnumerable<KeyValuePair<string, StringValues>> fields)
    {
        foreach (var (name, value) in fields)
            _texts[name] = value.ToString();
    }

    private void Take(JsonElement fields)
    {
        if (fields.ValueKind is not JsonValueKind.Object)
            throw BotApiRefusal.BadRequest("can't parse JSON object");
        foreach (var field in fields.EnumerateObject())
        {
            if (field.Value.ValueKind is not JsonValueKind.Null)
                _texts[field.Name] = field.Value.ValueKind is JsonValueKind.String ? field.Value.GetString()! : field.Value.GetRawText();
        }
    }
}
