using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Integrations.Mtproto.Proxies;

/// <summary>A way to the data centres through somebody else's server.</summary>
/// <param name="Host">IP address or DNS name of the proxy.</param>
/// <param name="Port">Its TCP port.</param>
public abstract record TelegramProxy(string Host, int Port)
{
    /// <summary>
    /// Reads a proxy as people pass it on: <c>socks5://user:password@host:port</c>, <c>http://…</c>, and Telegram's own links
    /// (<c>tg://socks?server=…&amp;port=…&amp;user=…&amp;pass=…</c>, <c>tg://proxy?server=…&amp;port=…&amp;secret=…</c>, also as <c>https://t.me/…</c>).
    /// </summary>
    /// <param name="text">The link.</param>
    /// <param name="proxy">The proxy, when it is one.</param>
    /// <param name="problem">What is wrong with it otherwise. It repeats nothing of the text, which may hold a password.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out TelegramProxy? proxy, [NotNullWhen(false)] out string? problem)
    {
        (proxy, problem) = Read(text);
        return proxy is not null;
    }

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">It is no proxy; the message says why.</exception>
    public static TelegramProxy Parse(string text) =>
        TryParse(text, out var proxy, out var problem) ? proxy : throw new FormatException(problem);

    private static (TelegramProxy? Proxy, string? Problem) Read(string? text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var link))
            return (null, "It is no link: socks5://host:port, http://host:port or tg://proxy?server=…&port=…&secret=… is one.");
        var isTelegrams = link.Scheme == "tg" || (link.Scheme == Uri.UriSchemeHttps && link.Host is "t.me" or "telegram.me");
        return isTelegrams ? ReadTelegrams(link) : link.Scheme switch
        {
            "socks5" or "socks5h" => ReadPlain(link, static (host, port, user, password) => new Socks5Proxy(host, port, user, password)),
            "http" => ReadPlain(link, static (host, port, user, password) => new HttpProxy(host, port, user, password)),
            _ => (null, "Its kind is unknown: socks5, http and Telegram's own proxy links are known."),
        };
    }

    private static (TelegramProxy?, string?) ReadPlain(Uri link, Func<string, int, string?, string?, TelegramProxy> make)
    {
        if (link.Host.Length == 0 || link.Port <= 0)
            return (null, "It needs a host and a port.");
        if (link.UserInfo.Length == 0)
            return (make(link.IdnHost, link.Port, null, null), null);
        var colon = link.UserInfo.IndexOf(':', StringComparison.Ordinal);
        var (user, password) = colon < 0 ? (link.UserInfo, "") : (link.UserInfo[..colon], link.UserInfo[(colon + 1)..]);
        return ProblemOf(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)) is { } problem
            ? (null, problem)
            : (make(link.IdnHost, link.Port, Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)), null);
    }

    private static (TelegramProxy?, string?) ReadTelegrams(Uri link)
    {
        var kind = link.Scheme == "tg" ? link.Host : link.AbsolutePath.Trim('/');
        var fields = link.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(field => field.Split('=', 2))
            .Where(field => field.Length == 2)
            .GroupBy(field => field[0], field => Uri.UnescapeDataString(field[1]), StringComparer.Ordinal)
            .ToDictionary(field => field.Key, field => field.First(), StringComparer.Ordinal);
        if (!fields.TryGetValue("server", out var host) || host.Length == 0
            || !int.TryParse(fields.GetValueOrDefault("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > ushort.MaxValue)
        {
            return (null, "It needs a server and a port from 1 to 65535.");
        }

        switch (kind)
        {
            case "socks":
                var (user, password) = (fields.GetValueOrDefault("user"), fields.GetValueOrDefault("pass"));
                return string.IsNullOrEmpty(user)
                    ? (new Socks5Proxy(host, port), null)
                    : ProblemOf(user, password ?? "") is { } problem ? (null, problem) : (new Socks5Proxy(host, port, user, password ?? ""), null);
            case "proxy":
                return SecretIn(fields.GetValueOrDefault("secret") ?? "") is not { } secret ? (null, "It needs a secret in hex or base64.")
                    : MtprotoProxy.ProblemOf(secret) is { } wrong ? (null, wrong)
                    : (new MtprotoProxy(host, port, secret), null);
            default:
                return (null, "Telegram's links to proxies are tg://proxy and tg://socks.");
        }
    }

    // RFC 1929, section 2: one byte tells each length.
    private protected static string? ProblemOf(string user, string password) =>
        System.Text.Encoding.UTF8.GetByteCount(user) is 0 or > 255 || System.Text.Encoding.UTF8.GetByteCount(password) > 255
            ? "Its user name must have 1 to 255 bytes, and its password at most 255."
            : null;

    private static byte[]? SecretIn(string text)
    {
        if (text.Length > 0 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(text);
        var base64 = text.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return base64.Length > 0 && Base64Url.IsValid(base64) ? Base64Url.DecodeFromChars(base64) : null;
    }
}

/// <summary>A SOCKS5 server (RFC 1928), with a user name and password (RFC 1929) or without.</summary>
/// <param name="Host">IP address or DNS name of the proxy.</param>
/// <param name="Port">Its TCP port.</param>
/// <param name="Username">1 to 255 bytes in UTF-8; null goes without.</param>
/// <param name="Password">At most 255 bytes in UTF-8.</param>
public sealed record Socks5Proxy(string Host, int Port, string? Username = null, string? Password = null) : TelegramProxy(Host, Port)
{
    /// <exception cref="ArgumentException">It, or the password, is too long to be said.</exception>
    public string? Username { get; } = Username is not null && ProblemOf(Username, Password ?? "") is { } problem ? throw new ArgumentException(problem, nameof(Username)) : Username;

    /// <summary>Without the password.</summary>
    public override string ToString() => $"socks5://{Host}:{Port}";
}

/// <summary>An HTTP proxy that passes connections on (RFC 9110, section 9.3.6, <c>CONNECT</c>), with Basic credentials or without.</summary>
public sealed record HttpProxy(string Host, int Port, string? Username = null, string? Password = null) : TelegramProxy(Host, Port)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => $"http://{Host}:{Port}";
}

/// <summary>
/// A proxy of Telegram's own kind (core.telegram.org/mtproto/mtproto-transports#transport-obfuscation): it knows the number of the data centre, and
/// finds it itself.
/// </summary>
/// <param name="Host">IP address or DNS name of the proxy.</param>
/// <param name="Port">Its TCP port.</param>
/// <param name="Secret">16 bytes, or 17 that begin with <c>dd</c>: then packets are padded, so that their lengths tell nothing.</param>
public sealed record MtprotoProxy(string Host, int Port, ReadOnlyMemory<byte> Secret) : TelegramProxy(Host, Port)
{
    private const int KeySize = 16;

    /// <exception cref="ArgumentException">It has another form.</exception>
    public ReadOnlyMemory<byte> Secret { get; } = ProblemOf(Secret.Span) is { } problem ? throw new ArgumentException(problem, nameof(Secret)) : Secret;

    /// <summary>The part that goes into the keys.</summary>
    internal ReadOnlySpan<byte> Key => Secret.Span[^KeySize..];

    /// <summary>Only padded packets may go through.</summary>
    internal bool IsPadded => Secret.Length == KeySize + 1;

    /// <summary>Without the secret.</summary>
    public override string ToString() => $"tg://proxy?server={Host}&port={Port}";

    /// <summary>What is wrong with a secret; null when it is good.</summary>
    internal static string? ProblemOf(ReadOnlySpan<byte> secret) => secret switch
    {
        { Length: KeySize } or [0xdd, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] => null,
        [0xee, ..] => "Its secret asks for a disguise as TLS (ee…), which is not supported: use one that begins with dd.",
        _ => "Its secret must have 16 bytes, or 17 that begin with dd.",
    };
}
