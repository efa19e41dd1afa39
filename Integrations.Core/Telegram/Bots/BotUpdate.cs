using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Integrations.Core.Telegram.Bots;

/// <summary>One update as Telegram sent it.</summary>
/// <param name="ChatId">By which updates stay in order; null for those that belong to no chat.</param>
/// <param name="Json">The whole of it, as the database takes it.</param>
public sealed partial record BotUpdate(long UpdateId, long? ChatId, string Json)
{
    /// <summary>False for what cannot be an update: no JSON, no object, or no <c>update_id</c>. Kinds that nobody here knows are updates too.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out BotUpdate? update)
    {
        update = null;
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind is not JsonValueKind.Object
                || !document.RootElement.TryGetProperty("update_id", out var id) || id.ValueKind is not JsonValueKind.Number || !id.TryGetInt64(out var updateId))
            {
                return false;
            }

            update = new(updateId, ChatOf(document.RootElement), Storable(Encoding.UTF8.GetString(body.Span)));
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// <c>{"update_id": 1, "message": {"chat": {"id": 7}, …}}</c>, the same under any other kind; a callback query has its message one level deeper.
    /// </summary>
    private static long? ChatOf(JsonElement update)
    {
        foreach (var kind in update.EnumerateObject().Where(property => property.Value.ValueKind is JsonValueKind.Object))
        {
            if (ChatIn(kind.Value) is { } chat)
                return chat;
            if (kind.Value.TryGetProperty("message", out var message) && message.ValueKind is JsonValueKind.Object)
                return ChatIn(message);
        }

        return null;
    }

    private static long? ChatIn(JsonElement element) =>
        element.TryGetProperty("chat", out var chat) && chat.ValueKind is JsonValueKind.Object
        && chat.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.Number && id.TryGetInt64(out var value)
            ? value
            : null;

    /// <summary>JSON may name half a surrogate pair and the character 0; PostgreSQL takes neither, and an update is not to be lost for it.</summary>
    private static string Storable(string json) =>
        json.Contains("\\u", StringComparison.Ordinal) ? Unstorable().Replace(json, @"\ufffd") : json;

    /// <summary>An escape counts only after an even number of backslashes: <c>\\u0000</c> is a backslash and five letters.</summary>
    [GeneratedRegex(
        @"(?<=(?<!\\)(?:\\\\)*)(?:\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})",
        RegexOptions.CultureInvariant)]
    private static partial Regex Unstorable();
}
