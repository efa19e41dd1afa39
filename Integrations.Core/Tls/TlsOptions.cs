namespace Integrations.Core.Tls;

/// <summary>How hosts speak with PostgreSQL, RabbitMQ and Redis where those are not on the same machine.</summary>
public sealed class TlsOptions
{
    public const string Section = "Tls";

    /// <summary>
    /// PEM file with the certificates of one's own authority. Set, a server's certificate must come from it and no other authority is believed;
    /// empty, the system's authorities are.
    /// </summary>
    public string CertificateAuthority { get; set; } = "";

    /// <summary>Lets a Production host send passwords and messages to another machine in clear, for a network that is encrypted by other means.</summary>
    public bool AllowUnencrypted { get; set; }
}
