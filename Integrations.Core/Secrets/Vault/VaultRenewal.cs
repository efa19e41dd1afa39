using Integrations.Core.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Integrations.Core.Secrets.Vault;

/// <summary>Keeps the host's token good: checks at the start what it may do, renews it at two thirds of its lease, gives it back at the end.</summary>
internal sealed partial class VaultRenewal(VaultClient vault, VaultLogin login, TimeProvider time, ILogger<VaultRenewal> logger) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(2);

    /// <summary>A Vault that is sealed or away stops nobody: accounts wait for it. One that denies us is a mistake to be shown at once.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            var missing = await vault.MissingCapabilitiesAsync(cancellationToken);
            if (missing.Count > 0)
            {
                throw new HostRefusedException(
                    $"Vault's policies do not allow this host what it needs: {string.Join(", ", missing)}. Apply the policies of deploy/vault to its role.");
            }
        }
        catch (VaultException e) when (e.Failure is VaultFailure.Sealed or VaultFailure.Unreachable)
        {
            LogAway(e.Message);
        }
        catch (VaultException e)
        {
            throw new HostRefusedException($"Vault does not let this host in. {e.Message}");
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // Last of all: what stops before may still have to seal something.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(PatienceAtEnd);
        try
        {
            await login.RevokeAsync(limit.Token);
        }
        catch (Exception e) when (e is VaultException or OperationCanceledException)
        {
            LogNotRevoked(e.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                var lease = await login.CurrentAsync(stoppingToken);
                await Task.Delay(UntilRenewal(lease), time, stoppingToken);
                await login.RenewAsync(lease, stoppingToken);
            }
            catch (VaultException e)
            {
                LogNotRenewed(e.Message);
                await Task.Delay(RetryInterval, time, stoppingToken);
            }
        }
    }

    /// <summary>Two thirds of the lease from its beginning, less up to a tenth, so that hosts that started together do not renew together.</summary>
    private TimeSpan UntilRenewal(VaultLease lease)
    {
        if (lease.Duration == TimeSpan.Zero)
            return Timeout.InfiniteTimeSpan;

        var due = lease.Duration * (2.0 / 3) * (0.9 + (Random.Shared.NextDouble() / 10));
        var left = due - time.GetElapsedTime(lease.ObtainedAt);
        // Never at once: a token that somebody else renews, and nobody does, would be looked up without end.
        return left > ShortestWait ? left : ShortestWait;
    }

    [LoggerMessage(EventId = 3303, Level = LogLevel.Warning, Message = "Vault does not serve keys; what needs one waits: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(EventId = 3304, Level = LogLevel.Warning, Message = "The token for Vault could not be renewed or replaced; it is tried again: {Reason}")]
    private partial void LogNotRenewed(string reason);

    [LoggerMessage(EventId = 3305, Level = LogLevel.Information, Message = "The token for Vault was not given back; it lapses by itself: {Reason}")]
    private partial void LogNotRevoked(string reason);
}
