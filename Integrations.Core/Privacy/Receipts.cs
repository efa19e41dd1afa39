using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Secrets;

namespace Integrations.Core.Privacy;

/// <summary>Signs what says that something was erased, so that whoever keeps it can prove it later, to others as well: ECDSA over P-256 with SHA-256.</summary>
/// <remarks>The key is drawn from the installation's own, so that there is none to be stored, copied or lost by itself.</remarks>
public sealed class Receipts(ISecretProtector secrets)
{
    private const string Purpose = "privacy.receipt";

    /// <returns>In the form of RFC 3279, which openssl reads.</returns>
    public async Task<byte[]> SignAsync(string receipt, CancellationToken cancellationToken)
    {
        using var key = await KeyAsync(cancellationToken);
        return key.SignData(Encoding.UTF8.GetBytes(receipt), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    public async Task<bool> VerifyAsync(string receipt, byte[] signature, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(signature);
        using var key = await KeyAsync(cancellationToken);
        return key.VerifyData(Encoding.UTF8.GetBytes(receipt), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>The public key in PEM, by which anybody can verify a receipt.</summary>
    public async Task<string> PublicKeyAsync(CancellationToken cancellationToken)
    {
        using var key = await KeyAsync(cancellationToken);
        return key.ExportSubjectPublicKeyInfoPem() + "\n";
    }

    private async Task<ECDsa> KeyAsync(CancellationToken ct)
    {
        // A number of 256 bits is no private key in one of four thousand million cases; then the next one is.
        for (byte attempt = 0; ; attempt++)
        {
            var number = await secrets.FingerprintAsync(Purpose, new[] { attempt }, ct);
            try
            {
                return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = number });
            }
            catch (CryptographicException) when (attempt < 3)
            {
                // The next number.
            }
            finally
            {
                CryptographicOperations.ZeroMemory(number);
            }
        }
    }
}
