using System.Diagnostics;
using Integrations.ServiceDefaults.Logging;
using OpenTelemetry;

namespace Integrations.ServiceDefaults.Telemetry;

/// <summary>
/// Masks secrets in the addresses of spans: some platforms carry the token in the path (<c>/bot{token}/sendMessage</c>), and the
/// runtime redacts only the query.
/// </summary>
internal sealed class TraceRedactor : BaseProcessor<Activity>
{
    private static readonly string[] Addresses = ["url.full", "url.path", "url.query", "exception.message"];

    public override void OnEnd(Activity data)
    {
        foreach (var name in Addresses)
        {
            if (data.GetTagItem(name) is string address && Redaction.Text(address) is var masked && !ReferenceEquals(masked, address))
                data.SetTag(name, masked);
        }

        if (data.StatusDescription is { } description)
            data.SetStatus(data.Status, Redaction.Text(description));
    }
}
