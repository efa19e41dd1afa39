using System.Text.RegularExpressions;

namespace Integrations.Api.Http;

/// <summary>The forms of texts that requests carry.</summary>
internal static partial class Texts
{
    public const int MaxNameLength = 200;

    /// <summary>UTF-16 units without the space around the text, as Telegram counts.</summary>
    public const int MaxMessageLength = 4096;

    /// <summary>The same, of a text beside a file.</summary>
    public const int MaxCaptionLength = 1024;

    /// <summary>E.164: + and 7 to 15 digits, the first of them not 0.</summary>
    public static bool IsPhone(string text) => Phone().IsMatch(text);

    /// <summary>A Telegram username, with or without the @ that people write before it.</summary>
    public static bool IsUsername(string text) => Username().IsMatch(text);

    public static void CheckPhone(string field, string? text, FieldErrors errors)
    {
        if (text is null)
            errors.Add(field, "Required.");
        else if (!IsPhone(text))
            errors.Add(field, "Must be a phone number in the form of E.164: + and the country code, digits only, 7 to 15 of them.");
    }

    /// <summary>A name that is shown to people; it may be left out.</summary>
    public static void CheckName(string field, string? text, FieldErrors errors)
    {
        if (text is not null && (text.Length > MaxNameLength || text.Any(char.IsControl)))
            errors.Add(field, $"Must have at most {MaxNameLength} characters, none of them a control character.");
    }

    /// <summary>Null for a name of spaces only.</summary>
    public static string? Named(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    /// <summary>A text beside a file, which may be empty.</summary>
    public static void CheckCaption(string field, string? text, FieldErrors errors)
    {
        if (text?.Trim().Length is > MaxCaptionLength and var length)
            errors.Add(field, $"A caption has at most {MaxCaptionLength} characters (UTF-16 units); it has {length}.");
        else if (text?.Any(c => char.IsControl(c) && c is not ('\n' or '\t')) is true)
            errors.Add(field, "Must not contain control characters other than line feed and tab.");
    }

    public static void CheckMessage(string field, string? text, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(text))
            errors.Add(field, "Required, and not only spaces.");
        else if (text.Trim().Length is > MaxMessageLength and var length)
            errors.Add(field, $"Must have at most {MaxMessageLength} characters (UTF-16 units); it has {length}.");
        else if (text.Any(c => char.IsControl(c) && c is not ('\n' or '\t')))
            errors.Add(field, "Must not contain control characters other than line feed and tab.");
    }

    [GeneratedRegex(@"^\+[1-9][0-9]{6,14}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Phone();

    [GeneratedRegex(@"^@?[A-Za-z][A-Za-z0-9_]{3,31}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Username();

    /// <summary>The beginning, never through the middle of a surrogate pair: half of one is no text, and the database refuses it.</summary>
    /// <param name="most">UTF-16 units.</param>
    public static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
