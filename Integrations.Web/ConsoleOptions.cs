using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Integrations.Web;

/// <summary>How the console keeps its circuits, and whose word it takes for where a request came from.</summary>
internal sealed class ConsoleOptions : IValidatableObject
{
    public const string Section = "Console";

    /// <summary>
    /// How long a page that lost its connection finds its circuit again: a laptop that slept for a minute goes on where it was. A kept circuit
    /// costs what an open one costs, so that it is not kept for the length of a lunch; who comes later gets a new page with his drafts.
    /// </summary>
    public TimeSpan CircuitRetention { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Circuits kept without a connection; the oldest goes first. It bounds what a network that fails everybody at once costs.</summary>
    [Range(0, 100_000)]
    public int CircuitsRetained { get; set; } = 200;

    /// <summary>
    /// Bytes of one message from a browser. The longest that a page sends is a text of 4096 characters, 24 kB when each is escaped; files come in pieces.
    /// A larger message ends its circuit.
    /// </summary>
    [Range(32 * 1024, 1024 * 1024)]
    public int LargestMessage { get; set; } = 64 * 1024;

    /// <summary>How long a call to the browser's script may take. None of ours waits for a person: a browser that does not answer sleeps.</summary>
    public TimeSpan BrowserCallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Addresses or networks of the proxies in front, divided by commas; only theirs are the X-Forwarded-For and X-Forwarded-Proto that count.
    /// Empty believes nobody, since whoever is believed says whether a connection was encrypted.
    /// </summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>The proxies as networks; a single address is a network of its own.</summary>
    public IReadOnlyList<IPNetwork> ProxyNetworks() => [.. Proxies().Select(proxy => Network(proxy)!.Value)];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CircuitRetention < TimeSpan.Zero || BrowserCallTimeout <= TimeSpan.Zero)
            yield return new($"{Section}: {nameof(CircuitRetention)} must not be negative, and {nameof(BrowserCallTimeout)} must be above zero.");
        foreach (var proxy in Proxies().Where(proxy => Network(proxy) is null))
            yield return new($"{Section}:{nameof(TrustedProxies)}: '{proxy}' is neither an address nor a network such as 10.0.0.0/8.");
    }

    private string[] Proxies() => TrustedProxies.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static IPNetwork? Network(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
