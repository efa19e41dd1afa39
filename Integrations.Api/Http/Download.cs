using System.Globalization;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Integrations.Api.Http;

/// <summary>An answer that a browser keeps as a file and never shows as a page of this host.</summary>
internal static class Download
{
    private const int MaxNameLength = 120;

    /// <summary>What browsers do not run, whatever is in it.</summary>
    private static readonly string[] HarmlessTypes = ["text/csv", "text/plain", "application/json", "application/x-ndjson", "application/pdf", "application/zip"];

    private static readonly string[] HarmlessKinds = ["image/", "audio/", "video/"];

    /// <summary>What a browser may show in its place, and the ending of such a file's name.</summary>
    private static readonly Dictionary<string, string> Shown = new(StringComparer.OrdinalIgnoreCase)
    {
        ["image/jpeg"] = ".jpg",
        ["image/png"] = ".png",
        ["image/gif"] = ".gif",
        ["image/webp"] = ".webp",
        ["audio/mpeg"] = ".mp3",
        ["audio/ogg"] = ".ogg",
        ["audio/mp4"] = ".m4a",
        ["audio/wav"] = ".wav",
        ["video/mp4"] = ".mp4",
        ["video/webm"] = ".webm",
    };

    public static string ExtensionOf(string? type) => type is not null && Shown.TryGetValue(type, out var extension) ? extension : "";

    /// <summary>As <see cref="Begin"/>, but to be shown in its place where it is a picture, a recording or a film of a common type.</summary>
    public static void Show(HttpResponse response, string type, string name)
    {
        Begin(response, type, name);
        if (Shown.ContainsKey(type))
            response.Headers.ContentDisposition = string.Concat("inline", Attachment(name).AsSpan("attachment".Length));
    }

    /// <summary>Sets type and name before the first byte.</summary>
    /// <param name="type">What the content is said to be; what a browser could run is sent as bytes of no type.</param>
    /// <param name="name">As anybody may have called it.</param>
    public static void Begin(HttpResponse response, string type, string name)
    {
        response.ContentType = SafeType(type);
        response.Headers.ContentDisposition = Attachment(name);
    }

    internal static string SafeType(string type) =>
        MediaTypeHeaderValue.TryParse(type, out var parsed)
        && (HarmlessTypes.Contains(parsed.MediaType.Value, StringComparer.OrdinalIgnoreCase)
            || (HarmlessKinds.Any(kind => parsed.MediaType.StartsWith(kind, StringComparison.OrdinalIgnoreCase))
                // A picture in SVG is a document with scripts.
                && !parsed.MediaType.Value!.Contains("svg", StringComparison.OrdinalIgnoreCase)))
            ? parsed.ToString()
            : "application/octet-stream";

    /// <summary>RFC 6266: a name of plain letters for all, and beside it the true one in RFC 8187's form where it has others.</summary>
    internal static string Attachment(string name)
    {
        var clean = Clean(name);
        var plain = new string([.. clean.Select(c => char.IsAscii(c) ? c : '_')]);
        return plain == clean
            ? $"attachment; filename=\"{plain}\""
            : $"attachment; filename=\"{plain}\"; filename*=UTF-8''{Uri.EscapeDataString(clean)}";
    }

    /// <summary>A name that means a file in the directory where it is put, on every system, and reads as what it is.</summary>
    private static string Clean(string name)
    {
        var clean = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            // Line ends forge headers; marks that turn the direction of writing make gpj.exe of exe.jpg; the rest means something to a file system or a shell.
            var odd = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned || rune == Rune.ReplacementChar
                || (rune.IsAscii && "\"\\/:*?<>|%;".Contains((char)rune.Value, StringComparison.Ordinal));
            clean.Append(odd ? "_" : rune.ToString());
        }

        // No hidden file and no parent; Windows drops dots and spaces at an end.
        var text = clean.ToString().Normalize(NormalizationForm.FormC).Trim('.', ' ');
        if (text.Length > MaxNameLength)
            text = Shortened(text);
        return text.Length == 0 ? "download" : IsDevice(text) ? "_" + text : text;
    }

    /// <summary>What Windows takes for a device, whatever follows the first dot.</summary>
    private static bool IsDevice(string name)
    {
        var stem = name.Split('.')[0].TrimEnd().ToUpperInvariant();
        return stem is "CON" or "PRN" or "AUX" or "NUL"
            || (stem.Length == 4 && (stem.StartsWith("COM", StringComparison.Ordinal) || stem.StartsWith("LPT", StringComparison.Ordinal)) && char.IsAsciiDigit(stem[3]));
    }

    /// <summary>The end says what a file is, so it is the middle that goes.</summary>
    private static string Shortened(string name)
    {
        var extension = Path.GetExtension(name) is { Length: <= 10 } found ? found : "";
        var stem = name[..(MaxNameLength - extension.Length)];
        return (char.IsHighSurrogate(stem[^1]) ? stem[..^1] : stem) + extension;
    }
}
