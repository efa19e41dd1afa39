using System.Globalization;
using System.Text;

namespace Integrations.Core.Telegram.Media;

/// <summary>Names of files that came from outside: what is left can be shown, saved and sent in a header.</summary>
public static class SafeName
{
    public const int MaxLength = 120;

    private const string Forbidden = "\"*:<>?|\\/";

    /// <summary>The last part of a path, without what systems or eyes could take for something else; null where nothing is left.</summary>
    public static string? Of(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return null;

        var last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        var kept = new StringBuilder(last.Length);
        foreach (var rune in last.EnumerateRunes())
        {
            // Format characters turn the order of letters around, so that exe.gpj reads as jpg.exe; halves of a pair come as the replacement character.
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) && rune.Value != Rune.ReplacementChar.Value)
            {
                kept.Append(rune.IsAscii && Forbidden.Contains((char)rune.Value, StringComparison.Ordinal) ? "_" : rune.ToString());
            }
        }

        var clean = kept.ToString().Trim(' ', '.');
        return clean.Length == 0 ? null : Shortened(clean);
    }

    /// <summary>The end tells what kind of file it is, so the middle goes.</summary>
    private static string Shortened(string name)
    {
        if (name.Length <= MaxLength)
            return name;

        var dot = name.LastIndexOf('.');
        var end = dot > 0 && name.Length - dot <= 16 ? name[dot..] : "";
        var length = MaxLength - end.Length;
        return name[..(char.IsHighSurrogate(name[length - 1]) ? length - 1 : length)] + end;
    }
}
