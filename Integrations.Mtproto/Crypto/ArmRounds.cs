using System.Runtime.Intrinsics;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;

namespace Integrations.Mtproto.Crypto;

/// <summary>The cryptographic extension of Armv8. AESE and AESD add their key before the step and not after it, so they get a zero one.</summary>
internal readonly struct ArmRounds : IAesRounds
{
    public static bool IsSupported => ArmAes.IsSupported;

    public static Vector128<byte> Round(Vector128<byte> state, Vector128<byte> key) =>
        ArmAes.MixColumns(ArmAes.Encrypt(state, Vector128<byte>.Zero)) ^ key;

    public static Vector128<byte> LastRound(Vector128<byte> state, Vector128<byte> key) => ArmAes.Encrypt(state, Vector128<byte>.Zero) ^ key;

    public static Vector128<byte> InverseRound(Vector128<byte> state, Vector128<byte> key) =>
        ArmAes.InverseMixColumns(ArmAes.Decrypt(state, Vector128<byte>.Zero)) ^ key;

    public static Vector128<byte> LastInverseRound(Vector128<byte> state, Vector128<byte> key) =>
        ArmAes.Decrypt(state, Vector128<byte>.Zero) ^ key;

    public static Vector128<byte> InverseMixColumns(Vector128<byte> key) => ArmAes.InverseMixColumns(key);

    // Four equal columns: moving the rows changes nothing, and what is left of the step is the S-box.
    public static uint SubWord(uint word) => ArmAes.Encrypt(Vector128.Create(word).AsByte(), Vector128<byte>.Zero).AsUInt32().ToScalar();
}
