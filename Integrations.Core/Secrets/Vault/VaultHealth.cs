namespace Integrations.Core.Secrets.Vault;

/// <summary>How Vault stands, seen from here.</summary>
public enum VaultState
{
    /// <summary>The tenants' keys are in key files.</summary>
    NotConfigured,
    Ok,

    /// <summary>It answers and opens nothing: sealed, or not set up.</summary>
    Sealed,
    Unreachable,
}

/// <summary>Answers how Vault stands; asked often, it asks Vault seldom.</summary>
public sealed class VaultHealth : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(3);

    private readonly VaultClient? _vault;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _one = new(1);
    private VaultState _state;
    private long? _asked;

    internal VaultHealth(VaultClient? vault, TimeProvider time) => (_vault, _time) = (vault, time);

    public async ValueTask<VaultState> StateAsync(CancellationToken ct)
    {
        if (_vault is null)
            return VaultState.NotConfigured;

        await _one.WaitAsync(ct);
        try
        {
            if (_asked is not { } asked || _time.GetElapsedTime(asked) >= Freshness)
            {
                _state = await _vault.StateAsync(ct);
                _asked = _time.GetTimestamp();
            }

            return _state;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
