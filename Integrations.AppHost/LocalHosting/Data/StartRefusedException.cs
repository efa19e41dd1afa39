using Aspire.Hosting;

namespace Integrations.AppHost.LocalHosting.Data;

/// <summary>The application cannot start, for a reason that its user can remove. The message is printed as it is.</summary>
internal sealed class StartRefusedException(string message, int exitCode = 1) : DistributedApplicationException(message)
{
    /// <summary>2 when something must be installed first, else 1.</summary>
    public int ExitCode { get; } = exitCode;
}
