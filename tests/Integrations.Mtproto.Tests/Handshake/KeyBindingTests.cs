using System.Buffers.Binary;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Tests.Handshake;

public sealed class KeyBindingTests
{
    private const long SessionId = 0x1122334455667788;
    private const long MessageId = 0x6543210012345678;
    private const int ExpiresAt = 1_800_000_000;

    private static readonly AuthKey Permanent = new(Hex.Sequence(256, 3));
    private static readonly AuthKey Temporary = new(Hex.Sequence(256, 5));

    [Fact]
    public void The_proof_is_laid_out_as_documented()
    {
        // In this order: the nonce, then what stands where salt, session and padding would.
        byte[] nonce = [1, 2, 3, 4, 5, 6, 7, 8];
        var filling = Hex.Sequence(80, 7);

        var call = KeyBinding.Create(Permanent, Temporary, SessionId, MessageId, ExpiresAt, new ScriptedRandom(nonce, filling));

        Assert.Equal((Permanent.Id, BinaryPrimitives.ReadInt64LittleEndian(nonce), ExpiresAt), (call.PermAuthKeyId, call.Nonce, call.ExpiresAt));
        var message = call.EncryptedMessage;
        Assert.Equal(8 + 16 + 80, message.Length);
        Assert.Equal(Permanent.Id, BinaryPrimitives.ReadInt64LittleEndian(message));
        var plain = Decrypt(message);
        byte[] expected =
        [
            .. filling[..16],
            .. Bytes(MessageId), .. BitConverter.GetBytes(0), .. BitConverter.GetBytes(40),
            .. BitConverter.GetBytes(0x75a3f765), .. nonce, .. Bytes(Temporary.Id), .. Bytes(Permanent.Id), .. Bytes(SessionId), .. BitConverter.GetBytes(ExpiresAt),
        ];
        Assert.Equal(expected, plain[..72]);
        Assert.Equal(filling[72..], plain[72..]);
        Assert.Equal(SHA1.HashData(plain.AsSpan(0, 72))[4..], message[8..24]);
    }

    [Fact]
    public void A_proof_holds_for_its_keys_session_and_message_only()
    {
        var call = Create();

        Assert.True(KeyBinding.Proves(call, Permanent, Temporary.Id, SessionId, MessageId));
        Assert.False(KeyBinding.Proves(call, new AuthKey(Hex.Sequence(256, 4)), Temporary.Id, SessionId, MessageId));
        Assert.False(KeyBinding.Proves(call, Permanent, Temporary.Id + 1, SessionId, MessageId));
        Assert.False(KeyBinding.Proves(call, Permanent, Temporary.Id, SessionId + 1, MessageId));
        Assert.False(KeyBinding.Proves(call, Permanent, Temporary.Id, SessionId, MessageId + 4));
    }

    [Fact]
    public void What_is_said_beside_the_proof_has_to_be_what_it_proves()
    {
        var call = Create();

        Assert.False(Proves(Copy(call, nonce: call.Nonce + 1)));
        Assert.False(Proves(Copy(call, expiresAt: call.ExpiresAt + 1)));
        Assert.False(Proves(Copy(call, permanentId: call.PermAuthKeyId + 1)));
        Assert.False(Proves(Copy(call, message: [])));
        Assert.False(Proves(Copy(call, message: [.. call.EncryptedMessage, .. new byte[16]])));
    }

    [Fact]
    public void No_byte_of_a_proof_can_be_changed_but_those_of_the_padding()
    {
        var call = Create();
        for (var i = 0; i < call.EncryptedMessage.Length; i++)
        {
            var changed = call.EncryptedMessage.ToArray();
            changed[i] ^= 1;
            var isPadding = i >= 24 + 72;
            // The last block holds eight bytes of the message too, and a change of one byte of the cipher changes all of its block.
            Assert.False(!isPadding && Proves(Copy(call, message: changed)), $"Byte {i} does not matter.");
        }
    }

    [Theory]
    [InlineData(24, 1)]
    [InlineData(28, 36)]
    [InlineData(16, 7)]
    public void A_header_that_is_sealed_right_and_says_something_else_is_refused(int offset, int value)
    {
        var call = Create();
        var plain = Decrypt(call.EncryptedMessage);
        BinaryPrimitives.WriteInt32LittleEndian(plain.AsSpan(offset), value);

        Assert.False(Proves(Copy(call, message: Encrypt(plain))));
        Assert.True(Proves(Copy(call, message: Encrypt(Decrypt(call.EncryptedMessage)))));
    }

    private static AuthBindTempAuthKey Create() =>
        KeyBinding.Create(Permanent, Temporary, SessionId, MessageId, ExpiresAt, new SeededRandom(11));

    private static bool Proves(AuthBindTempAuthKey call) => KeyBinding.Proves(call, Permanent, Temporary.Id, SessionId, MessageId);

    private static AuthBindTempAuthKey Copy(
        AuthBindTempAuthKey call, long? permanentId = null, long? nonce = null, int? expiresAt = null, byte[]? message = null) => new()
        {
            PermAuthKeyId = permanentId ?? call.PermAuthKeyId,
            Nonce = nonce ?? call.Nonce,
            ExpiresAt = expiresAt ?? call.ExpiresAt,
            EncryptedMessage = message ?? call.EncryptedMessage,
        };

    private static byte[] Decrypt(byte[] message)
    {
        var (key, iv) = Keys(message.AsSpan(8, 16));
        var plain = new byte[message.Length - 24];
        AesIge.Decrypt(key, iv, message.AsSpan(24), plain);
        return plain;
    }

    private static byte[] Encrypt(byte[] plain)
    {
        var messageKey = KeyDerivation.MessageKeyVersion1(plain.AsSpan(0, 72));
        var (key, iv) = Keys(messageKey);
        var cipher = new byte[plain.Length];
        AesIge.Encrypt(key, iv, plain, cipher);
        return [.. Bytes(Permanent.Id), .. messageKey, .. cipher];
    }

    private static (byte[] Key, byte[] Iv) Keys(ReadOnlySpan<byte> messageKey)
    {
        var (key, iv) = (new byte[32], new byte[32]);
        KeyDerivation.Version1(Permanent, messageKey, MessageDirection.ClientToServer, key, iv);
        return (key, iv);
    }

    private static byte[] Bytes(long value) => BitConverter.GetBytes(value);
}
