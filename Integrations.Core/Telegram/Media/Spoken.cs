using System.Globalization;

namespace Integrations.Core.Telegram.Media;

/// <summary>
/// What is no text and no file, in words: a message is never stored empty. <c>[contact] Anna Test, +99966…</c>; the word in brackets is the Bot API's.
/// </summary>
public static class Spoken
{
    public static string Contact(string? firstName, string? lastName, string? phone) =>
        Say("contact", Joined(" ", firstName, lastName), phone is { Length: > 0 } && !phone.StartsWith('+') && phone.All(char.IsAsciiDigit) ? "+" + phone : phone);

    public static string Location(double latitude, double longitude) => Say("location", Place(latitude, longitude));

    public static string Venue(string? title, string? address, double latitude, double longitude) => Say("venue", title, address, Place(latitude, longitude));

    public static string Poll(string? question, IEnumerable<string?> options) => Joined("\n", [Say("poll", question), .. options.Select(option => $"– {option}")]);

    public static string Dice(string? emoji, int? value) => Say("dice", Joined(" ", emoji, value?.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A kind of which nothing else is told.</summary>
    public static string Say(string kind, params IReadOnlyList<string?> parts) => Joined(" ", $"[{kind}]", Joined(", ", [.. parts]));

    private static string Place(double latitude, double longitude) => string.Create(CultureInfo.InvariantCulture, $"{latitude:0.######} {longitude:0.######}");

    private static string Joined(string between, params IReadOnlyList<string?> parts) => string.Join(between, parts.Where(part => !string.IsNullOrWhiteSpace(part)));
}
