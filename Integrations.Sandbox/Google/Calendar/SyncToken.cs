using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>How far a list was read: what comes after it is new.</summary>
/// <param name="List">What was listed: a calendar's id, or a person's list of calendars.</param>
internal sealed record SyncToken(string List, long Change, int Epoch, bool SingleEvents, DateTimeOffset At)
{
    /// <exception cref="GoogleRefusal">400: it is no token of this list.</exception>
    public static SyncToken Parse(string text, string list)
    {
        try
        {
            if (JsonSerializer.Deserialize<SyncToken>(WebEncoders.Base64UrlDecode(text)) is { } token && token.List == list)
                return token;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Told below, as for the token of another list.
        }

        throw GoogleRefusal.Invalid("Invalid sync token value.", "syncToken");
    }

    public static GoogleRefusal Stale() =>
        new(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.", "calendar", "parameter", "syncToken");

    public override string ToString() => WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(this));
}
