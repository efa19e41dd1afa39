using System.Security.Cryptography;

namespace Integrations.Mtproto.Crypto;

/// <summary>The operating system's cryptographic generator; the only source for production.</summary>
public sealed class SystemRandomSource : IRandomSource
{
    private SystemRandomSource()
    {
    }

    public static SystemRandomSource Instance { get; } = new();

    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
