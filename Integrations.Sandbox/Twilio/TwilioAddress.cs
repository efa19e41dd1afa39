using System.Text.RegularExpressions;

namespace Integrations.Sandbox.Twilio;

/// <summary>Addresses of the channel WhatsApp: <c>whatsapp:</c> and an E.164 number.</summary>
internal static partial class TwilioAddress
{
    private const string Prefix = "whatsapp:";

    public static string Of(string number) => Prefix + number;

    /// <summary>The number in an address, or null where it is none of this channel.</summary>
    public static string? Number(string address) =>
        address.StartsWith(Prefix, StringComparison.Ordinal) && IsNumber(address[Prefix.Length..]) ? address[Prefix.Length..] : null;

    public static bool IsNumber(string text) => E164().IsMatch(text);

    /// <summary>As <c>ChannelToAddress</c> shows it: the country and no more.</summary>
    public static string Masked(string number) => number[..Math.Min(4, number.Length)] + new string('X', Math.Max(0, number.Length - 4));

    [GeneratedRegex(@"^\+[1-9][0-9]{7,14}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex E164();
}
