namespace Integrations.Core.Secrets.Vault;

public enum VaultAuthMethod
{
    /// <summary>A role's id and a secret id.</summary>
    AppRole,

    /// <summary>The pod's service account.</summary>
    Kubernetes,

    /// <summary>A token that somebody else has made, and renews where it cannot be renewed.</summary>
    Token,
}

/// <summary>How this host proves to Vault who it is. Section <c>Vault:Auth</c>. Secrets come from files where they can: a variable of the environment is seen by more than one thinks.</summary>
public sealed class VaultAuthOptions
{
    /// <summary>Unset: by token where there is one, by AppRole otherwise.</summary>
    public VaultAuthMethod? Method { get; set; }

    /// <summary>Where the method is mounted; unset: under its own name.</summary>
    public string? Mount { get; set; }

    /// <summary>The role of the method Kubernetes.</summary>
    public string? Role { get; set; }

    /// <summary>AppRole. No secret.</summary>
    public string? RoleId { get; set; }

    /// <summary>AppRole: the file with the secret id. Read again at each login.</summary>
    public string? SecretIdFile { get; set; }

    /// <summary>AppRole: the file with a wrapping token, which is exchanged for the secret id once; this process keeps that in memory.</summary>
    public string? WrappedSecretIdFile { get; set; }

    /// <summary>Kubernetes: the service account's token. Read again at each login, because the kubelet replaces it.</summary>
    public string JwtFile { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// <summary>Token: the file with it. Read again at each login.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Token: itself. <c>VAULT_TOKEN</c> is read where neither is set.</summary>
    public string? Token { get; set; }

    public VaultAuthMethod EffectiveMethod => Method ?? (Token is null && TokenFile is null ? VaultAuthMethod.AppRole : VaultAuthMethod.Token);

    public string EffectiveMount => Mount ?? EffectiveMethod switch
    {
        VaultAuthMethod.AppRole => "approle",
        VaultAuthMethod.Kubernetes => "kubernetes",
        _ => "token",
    };

    /// <summary>What is missing, with the keys to set.</summary>
    internal string? Problem() => EffectiveMethod switch
    {
        VaultAuthMethod.AppRole when string.IsNullOrEmpty(RoleId) => "Vault:Auth:RoleId is not set: the method AppRole needs it.",
        VaultAuthMethod.AppRole when SecretIdFile is null == WrappedSecretIdFile is null =>
            "The method AppRole needs one of Vault:Auth:SecretIdFile and Vault:Auth:WrappedSecretIdFile.",
        VaultAuthMethod.Kubernetes when string.IsNullOrEmpty(Role) => "Vault:Auth:Role is not set: the method Kubernetes needs it.",
        VaultAuthMethod.Token when Token is null && TokenFile is null => "The method Token needs Vault:Auth:TokenFile or VAULT_TOKEN.",
        _ => null,
    };
}
