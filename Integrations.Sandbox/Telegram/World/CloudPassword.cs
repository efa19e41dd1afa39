using System.Text;
using Integrations.Mtproto.Crypto;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>A person's second factor: what the server keeps is salts and a verifier (https://core.telegram.org/api/srp).</summary>
internal sealed class CloudPassword
{
    // Only its prime and generator are used: they are the same for every password.
    private static readonly SrpParameters KnownGroup = SrpParameters.Create(SystemRandomSource.Instance);

    public required byte[] Salt1 { get; init; }

    public required byte[] Salt2 { get; init; }

    /// <summary>g^x mod p, 256 bytes.</summary>
    public required byte[] Verifier { get; init; }

    public string? Hint { get; init; }

    /// <summary>The password itself, kept because this world is a simulation that shows it; null when a client set a new one.</summary>
    public string? Plain { get; init; }

    /// <summary>How a client turns what is typed into a proof.</summary>
    public SrpParameters Parameters() => ParametersWith(Salt1, Salt2);

    private static SrpParameters ParametersWith(byte[] salt1, byte[] salt2) => KnownGroup with { Salt1 = salt1, Salt2 = salt2 };

    public static CloudPassword From(string password, byte[] salt1, byte[] salt2, string? hint) => new()
    {
        Salt1 = salt1,
        Salt2 = salt2,
        Verifier = ParametersWith(salt1, salt2).ComputeVerifier(Encoding.UTF8.GetBytes(password)),
        Hint = hint,
        Plain = password,
    };
}

/// <summary>One question for a password, known to client and server by its number.</summary>
/// <param name="Id"><c>srp_id</c>.</param>
/// <param name="Password">The password that it is about; a change since then makes the question void.</param>
/// <param name="Srp">The server's secret and B.</param>
internal sealed record PasswordChallenge(long Id, CloudPassword Password, SrpChallenge Srp);
