using System.Runtime.Intrinsics;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace Integrations.Mtproto.Crypto;

/// <summary>AES-NI.</summary>
internal readonly struct X86Rounds : IAesRounds
{
    public static bool IsSupported => X86Aes.IsSupported;

    public static Vector128<byte> Round(Vector128<byte> state, Vector128<byte> key) => X86Aes.Encrypt(state, key);

    public static Vector128<byte> LastRound(Vector128<byte> state, Vector128<byte> key) => X86Aes.EncryptLast(state, key);

    public static Vector128<byte> InverseRound(Vector128<byte> state, Vector128<byte> key) => X86Aes.Decrypt(state, key);

    public static Vector128<byte> LastInverseRound(Vector128<byte> state, Vector128<byte> key) => X86Aes.DecryptLast(state, key);

    public static Vector128<byte> InverseMixColumns(Vector128<byte> key) => X86Aes.InverseMixColumns(key);

    public static uint SubWord(uint word) => X86Aes.KeygenAssist(Vector128.Create(word).AsByte(), 0).AsUInt32().ToScalar();
}
