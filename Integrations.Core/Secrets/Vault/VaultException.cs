namespace Integrations.Core.Secrets.Vault;

internal enum VaultFailure
{
    /// <summary>400, 405: the request, not the moment. Also wrong credentials and ciphertexts that do not open.</summary>
    Refused,

    /// <summary>403 after a fresh login: a policy lacks the capability.</summary>
    Denied,

    /// <summary>404.</summary>
    Absent,

    /// <summary>503: sealed, or in maintenance.</summary>
    Sealed,

    /// <summary>No answer, or one of those after which trying again may help: 412, 429, 500, 502.</summary>
    Unreachable,
}

/// <summary>Vault did not do what it was asked. The message has the path and Vault's own words, which hold no secret.</summary>
internal sealed class VaultException(VaultFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public VaultFailure Failure => failure;

    /// <summary>For whoever asked for a secret.</summary>
    public SecretObstacle Obstacle => failure switch
    {
        VaultFailure.Sealed => SecretObstacle.Sealed,
        VaultFailure.Unreachable or VaultFailure.Denied => SecretObstacle.Unreachable,
        _ => SecretObstacle.Lasting,
    };
}
