using System.Runtime.Intrinsics;

namespace Integrations.Mtproto.Crypto;

/// <summary>The steps of AES as a processor has them, so that a mode of our own runs without a call into the platform for each block.</summary>
internal interface IAesRounds
{
    static abstract bool IsSupported { get; }

    /// <summary>SubBytes, ShiftRows, MixColumns, then the round key.</summary>
    static abstract Vector128<byte> Round(Vector128<byte> state, Vector128<byte> key);

    /// <summary>SubBytes, ShiftRows, then the round key.</summary>
    static abstract Vector128<byte> LastRound(Vector128<byte> state, Vector128<byte> key);

    /// <summary>The inverse of a round in the equivalent inverse cipher (FIPS 197, 5.3.5), whose keys went through <see cref="InverseMixColumns"/>.</summary>
    static abstract Vector128<byte> InverseRound(Vector128<byte> state, Vector128<byte> key);

    static abstract Vector128<byte> LastInverseRound(Vector128<byte> state, Vector128<byte> key);

    static abstract Vector128<byte> InverseMixColumns(Vector128<byte> key);

    /// <summary>The S-box on each byte of a word. By the processor too: a table would tell by its timing which of its lines were read.</summary>
    static abstract uint SubWord(uint word);
}
