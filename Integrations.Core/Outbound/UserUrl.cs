using System.Net;

namespace Integrations.Core.Outbound;

/// <summary>Reads an address that a user has typed in, and says what is wrong with it.</summary>
/// <remarks>
/// It looks up no name: what a name leads to now says nothing about later. That is decided by <see cref="OutboundHttp"/> at each connection.
/// </remarks>
public static class UserUrl
{
    public const int MaxLength = 2048;

    /// <summary>Names that mean this machine or this network, whatever answers to them (RFC 6761, 6762, 8375, 9476; <c>internal</c> is ICANN's).</summary>
    private static readonly string[] LocalNames = ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "onion", "alt"];

    /// <summary>The address in the one form in which it is kept, or what to change.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="options">Whose rules hold.</param>
    /// <param name="problem">A sentence for the person; empty when there is an address.</param>
    /// <returns>With the host in Punycode and without a dot at its end; null when refused.</returns>
    public static Uri? Read(string? text, OutboundOptions options, out string problem)
    {
        ArgumentNullException.ThrowIfNull(options);
        problem = "";
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
            return Refuse($"Must have 1 to {MaxLength} characters.", out problem);
        // A backslash is a slash to browsers and a letter to others; spaces and line ends are how headers are forged.
        if (text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '\\'))
            return Refuse("Must not contain spaces, control characters or backslashes.", out problem);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || !url.IsAbsoluteUri || url.Host.Length == 0)
            return Refuse("Must be a whole address such as https://example.com/hook.", out problem);

        problem = ProblemOf(url, options) ?? SpellingProblem(text, url) ?? "";
        if (problem.Length > 0)
            return null;

        return new UriBuilder(url) { Host = url.IdnHost.TrimEnd('.') }.Uri;

        static Uri? Refuse(string reason, out string problem)
        {
            problem = reason;
            return null;
        }
    }

    /// <summary>What forbids a request to this address, or null. The name is not looked up.</summary>
    internal static string? ProblemOf(Uri url, OutboundOptions options)
    {
        var host = url.IdnHost.TrimEnd('.');
        var address = IPAddress.TryParse(host.Trim('[', ']'), out var parsed) ? parsed : null;
        var loopback = address is not null ? IPAddress.IsLoopback(address) : host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
        if (url.UserInfo.Length > 0)
            return "Must not contain a user or a password: they would be seen wherever the address is shown.";
        if (url.Fragment.Length > 0)
            return "Must not have a part after #: it is not sent.";
        if (loopback && options.AllowLoopback)
            return url.Scheme is "https" or "http" ? null : "Must begin with https:// or http://.";
        if (url.Scheme != Uri.UriSchemeHttps)
            return "Must begin with https://.";
        if (!options.HasPort(url.Port))
            return $"The port must be one of: {options.Ports.Replace(",", ", ", StringComparison.Ordinal)}.";
        if (address is not null)
            return PublicAddresses.Contains(address) ? null : NotPublic;
        if (!host.Contains('.', StringComparison.Ordinal)
            || LocalNames.Any(name => host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase)))
        {
            return NotPublic;
        }

        // What other programs read as a number (0x7f.1, 1.2.3.08) is no name either.
        var last = host[(host.LastIndexOf('.') + 1)..];
        return last.All(char.IsAsciiDigit) || last.StartsWith("0x", StringComparison.OrdinalIgnoreCase) || url.HostNameType is not UriHostNameType.Dns ? NotPublic : null;
    }

    internal const string NotPublic = "Must lead to an address of the public internet.";

    /// <summary>2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some and not to others; who means an address writes it as everybody does.</summary>
    private static string? SpellingProblem(string text, Uri url) =>
        url.HostNameType is UriHostNameType.IPv4 && !AuthorityOf(text).StartsWith(url.Host, StringComparison.Ordinal)
            ? "Write the address of the host as four plain numbers."
            : null;

    private static ReadOnlySpan<char> AuthorityOf(string text) => text.AsSpan(text.IndexOf("://", StringComparison.Ordinal) + 3);
}
