namespace Integrations.Sandbox.Vault;

/// <summary>Whether Vault is closed. The shares stand for themselves: here is no key to put together from them.</summary>
internal sealed class VaultSeal(IReadOnlyList<string> shares)
{
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _shares = shares;

    public bool IsInitialized => _shares.Count > 0;

    public bool IsSealed { get; private set; }

    public int Threshold { get; private set; } = 1;

    public int Shares => _shares.Count;

    public int Progress => _given.Count;

    public void Close()
    {
        IsSealed = true;
        _given.Clear();
    }

    public void Open()
    {
        IsSealed = false;
        _given.Clear();
    }

    public void Initialize(IReadOnlyList<string> shares, int threshold)
    {
        (_shares, Threshold) = (shares, threshold);
        Close();
    }

    /// <summary>False when this is none of the shares.</summary>
    public bool Give(string share)
    {
        if (!_shares.Contains(share))
            return false;

        _given.Add(share);
        if (_given.Count >= Threshold)
            Open();
        return true;
    }

    public void Reset() => _given.Clear();

    /// <summary>As a Vault that was never set up.</summary>
    public void Forget() => (_shares, IsSealed) = ([], true);
}
