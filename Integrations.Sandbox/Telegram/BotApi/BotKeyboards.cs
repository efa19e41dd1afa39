using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary><c>InlineKeyboardMarkup</c>, read and told. Keyboards of other kinds are accepted and shown to nobody.</summary>
internal static class BotKeyboards
{
    private const int DataMax = 64;

    /// <exception cref="BotApiRefusal">A button is not one.</exception>
    public static InlineKeyboard? Read(BotApiRequest request)
    {
        if (request.Json("reply_markup") is not { ValueKind: JsonValueKind.Object } markup || !markup.TryGetProperty("inline_keyboard", out var rows))
            return null;
        if (rows.ValueKind is not JsonValueKind.Array || rows.EnumerateArray().Any(row => row.ValueKind is not JsonValueKind.Array))
            throw BotApiRefusal.BadRequest("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays");
        InlineButton[][] read = [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(Button).ToArray()).Where(row => row.Length > 0)];
        return read.Length == 0 ? null : new InlineKeyboard(read);
    }

    public static JsonObject Tell(InlineKeyboard keyboard)
    {
        var rows = new JsonArray();
        foreach (var row in keyboard.Rows)
            rows.Add((JsonNode)new JsonArray([.. row.Select(Tell)]));
        return new JsonObject { ["inline_keyboard"] = rows };
    }

    private static InlineButton Button(JsonElement button)
    {
        var text = Field(button, "text");
        if (string.IsNullOrEmpty(text))
            throw BotApiRefusal.BadRequest("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard");
        if (Field(button, "callback_data") is { } data)
        {
            return Encoding.UTF8.GetByteCount(data) is > 0 and <= DataMax
                ? new InlineButton(text, data, null, null)
                : throw BotApiRefusal.BadRequest("BUTTON_DATA_INVALID");
        }

        if (Field(button, "url") is { } url)
        {
            return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" or "tg"
                ? new InlineButton(text, null, url, null)
                : throw BotApiRefusal.BadRequest("inline keyboard button URL is invalid");
        }

        if (button.TryGetProperty("copy_text", out var copy) && copy.ValueKind is JsonValueKind.Object && Field(copy, "text") is { Length: > 0 } copied)
            return new InlineButton(text, null, null, copied);
        throw BotApiRefusal.BadRequest("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard");
    }

    private static string? Field(JsonElement of, string name) =>
        of.ValueKind is JsonValueKind.Object && of.TryGetProperty(name, out var field) && field.ValueKind is JsonValueKind.String ? field.GetString() : null;

    private static JsonNode Tell(InlineButton button)
    {
        var told = new JsonObject { ["text"] = button.Text };
        if (button.Data is { } data)
            told["callback_data"] = data;
        if (button.Url is { } url)
            told["url"] = url;
        if (button.Copies is { } copies)
            told["copy_text"] = new JsonObject { ["text"] = copies };
        return told;
    }
}
