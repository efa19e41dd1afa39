using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Outbound;

/// <summary>Where requests may go whose address a user has set.</summary>
public sealed class OutboundOptions
{
    public const string Section = "Outbound";

    /// <summary>Ports that may be named, divided by commas.</summary>
    [RegularExpression(@"^\d{1,5}(,\d{1,5})*$", ErrorMessage = "Outbound:Ports must be numbers divided by commas, such as 443,8443.")]
    public string Ports { get; set; } = "443,8443";

    /// <summary>Also takes this machine itself, over http and on any port: for a sandbox. Refused in Production.</summary>
    public bool AllowLoopback { get; set; }

    /// <summary>From the first byte sent to the last byte read, looking up the name included.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes of an answer that are read; a longer one is an error.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxAnswer { get; set; } = 1024 * 1024;

    internal bool HasPort(int port) => Ports.Split(',').Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);
}

internal sealed class OutboundValidation(IHostEnvironment environment) : IValidateOptions<OutboundOptions>
{
    public ValidateOptionsResult Validate(string? name, OutboundOptions options) => options.AllowLoopback && environment.IsProduction()
        ? ValidateOptionsResult.Fail($"{OutboundOptions.Section}:{nameof(OutboundOptions.AllowLoopback)} is set in a Production environment, where users would reach the services of this machine. Remove it.")
        : ValidateOptionsResult.Success;
}
