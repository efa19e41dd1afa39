using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Handshake;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Tests.Handshake;

public sealed class ClientVectorTests
{
    [Fact]
    public void The_documented_handshake_is_replayed_whole()
    {
        var vector = DocumentedHandshake.Load();
        var (nonce, serverNonce, newNonce) = (vector.Bytes("nonce"), vector.Bytes("server_nonce"), vector.Bytes("new_nonce"));
        var random = new ScriptedRandom(
            nonce,
            newNonce,
            vector.Bytes("random_padding_bytes"),
            new byte[32], // temp_key, which the page does not print
            vector.Bytes("b"),
            vector.Bytes("client_padding"));
        var handshake = new ClientHandshake([KnownKeys.TelegramProduction], 2, random);

        var request = handshake.Start();
        Assert.Equal("f18e7ebe" + vector["nonce"], Hex.Text(request));

        var resPq = new ResPQ
        {
            Nonce = nonce,
            ServerNonce = serverNonce,
            Pq = BigEndian.Padded(vector.Number("pq"), 8),
            ServerPublicKeyFingerprints = [1, BinaryPrimitives.ReadInt64LittleEndian(vector.Bytes("rsa_fingerprint_le"))],
        };
        request = handshake.Handle(Padded(resPq), out var result);
        var dhRequest = Assert.IsType<ReqDHParams>(TlRegistry.Read(request));
        Assert.Null(result);
        Assert.Equal(vector["p_q_inner_data_dc"], Hex.Text(handshake.InnerData));
        Assert.Equal(nonce, dhRequest.Nonce);
        Assert.Equal(serverNonce, dhRequest.ServerNonce);
        Assert.Equal("3c2357cf", Hex.Text(dhRequest.P));
        Assert.Equal("56bfb29f", Hex.Text(dhRequest.Q));
        Assert.Equal(vector["rsa_fingerprint_le"], Hex.Text(BitConverter.GetBytes(dhRequest.PublicKeyFingerprint)));

        var answer = new ServerDHParamsOk { Nonce = nonce, ServerNonce = serverNonce, EncryptedAnswer = vector.Bytes("encrypted_answer") };
        request = handshake.Handle(Padded(answer), out result);
        var publicValue = Assert.IsType<SetClientDHParams>(TlRegistry.Read(request));
        Assert.Null(result);
        Assert.Equal(vector["client_encrypted_data"], Hex.Text(publicValue.EncryptedData));

        var done = new DhGenOk { Nonce = nonce, ServerNonce = serverNonce, NewNonceHash1 = vector.Bytes("new_nonce_hash1") };
        Assert.Null(handshake.Handle(Padded(done), out result));
        Assert.NotNull(result);
        Assert.Equal(vector["auth_key"], Hex.Text(result.AuthKey.Export()));
        Assert.Equal(vector["auth_key_id"], Hex.Text(BitConverter.GetBytes(result.AuthKey.Id)));
        Assert.Equal(vector["auth_key_aux_hash"], Hex.Text(BitConverter.GetBytes(result.AuthKey.AuxHash)));
        Assert.Equal(vector["first_server_salt"], Hex.Text(BitConverter.GetBytes(result.ServerSalt)));
        Assert.Equal(vector.Number("server_time"), result.ServerTime.ToUnixTimeSeconds());
        Assert.Equal(0, random.Left);
    }

    [Fact]
    public void A_recorded_handshake_with_fixed_randomness_gives_the_same_bytes()
    {
        var step2 = Hex.Bytes(Recorded.Step2Random);
        var step3 = Hex.Bytes(Recorded.Step3Random);
        var innerDataSize = 4 + 12 + 8 + 8 + 16 + 16 + 32;
        var random = new ScriptedRandom(
            Hex.Bytes(Recorded.Step1Random),
            step2[..32],
            step2[32..(32 + 192 - innerDataSize)],
            step2[(32 + 192)..],
            step3[..256],
            step3[256..(256 + 12)]);
        var handshake = new ClientHandshake([KnownKeys.TelegramTest], dcId: null, random);

        Assert.Equal(Recorded.Step1Request, Hex.Text(handshake.Start()));
        Assert.Equal(Recorded.Step2Request, Hex.Text(handshake.Handle(Hex.Bytes(Recorded.Step1Response), out _)));
        Assert.Equal(Recorded.Step3Request, Hex.Text(handshake.Handle(Hex.Bytes(Recorded.Step2Response), out _)));
        Assert.Null(handshake.Handle(Hex.Bytes(Recorded.Step3Response), out var result));

        Assert.NotNull(result);
        Assert.Equal(Recorded.AuthKey, Hex.Text(result.AuthKey.Export()));
        Assert.Equal(4459407212920268508, result.ServerSalt);
        Assert.Equal(1693436740, result.ServerTime.ToUnixTimeSeconds());
    }

    /// <summary>Real servers pad their plain answers; what follows the object must not matter.</summary>
    private static byte[] Padded(TlObject answer) => [.. answer.ToBytes(), .. new byte[104]];
}
