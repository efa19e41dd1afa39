using System.Numerics;
using System.Text;
using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Tests.Crypto;

public sealed class SrpTests
{
    /// <summary>The first 256 bytes of the fixed entropy that the third vector was made with.</summary>
    private const string FixedEntropy =
        "29afd26df40fb8ed10b6b4ad6d56ef5df9453f88e6ee6adb6e0544ba635dc6a8a990c9b8b980c343936b33fa7f97bae025102532233abb269c489920ef99021b"
        + "259ce3a2c964c5c8972b4a84ff96f3375a94b535a9468f2896e2080ac7a32ed58e910474a4b02415e07671cbb5bdd58a5dd26fd137c4c98b8c346571fae6ead3"
        + "9dfd612bd6b480b6723433f5218e9d6e271591153fb3ffefc089f7e848d3f4633459fff66b33cf939e5655813149fa34be8625f9bc4814d1ee6cf40e4d0de229"
        + "1aa22e68c8ad8cc698103734f9aaf79f2bdc052a787a7a9b3629d1ed38750f88cb0481c0ba30a9c611672f9a4d1dc02637abb4e98913ee810a3b152d3d75f25d";

    private static readonly SrpParameters RealWorld = new()
    {
        Salt1 = Hex.Bytes("9b3accc457c0d5288e8cff31eb21094048bc11902f6614dbb9afb839ee7641c37619537d8ebe749e"),
        Salt2 = Hex.Bytes("6c619bb0786dc4ed1bf211d23f6e4065"),
        G = 3,
        P = SafePrimes.Known,
    };

    [Fact]
    public void A_small_group_gives_the_published_proof()
    {
        var parameters = new SrpParameters { Salt1 = [1], Salt2 = [2], G = 3, P = BigEndian.Padded(47, 256) };

        var proof = SrpClient.Compute(parameters, [7], b: 5, a: 6);

        Assert.Equal(BigEndian.Padded(24, 256), proof.A);
        Assert.Equal("9d83c46700b874e807c455e711241ede9eea62583b3847d7b77b7a32132036ce", Hex.Text(proof.M1));
    }

    [Fact]
    public void A_secret_of_one_gives_the_published_proof()
    {
        var parameters = new SrpParameters
        {
            Salt1 = Hex.Bytes("4d11fb6bec38f9d2546bb0f61e4f1c99a1bc0db8f0d5f35b1291b37b213123d7ed48f3c6794d495b"),
            Salt2 = Hex.Bytes("a1b181aafe88188680ae32860d60bb01"),
            G = 3,
            P = SafePrimes.Known,
        };
        var b = Hex.Bytes(
            "9c52401a6a8084ec82f01c3725d3fb448bd2f0c909f9d97726eac4b7a74172d952f02466be6734fa274d2b7429e27397f10372d66b400b80a5c5ae3f28b17bf3"
            + "105d7a2d2a885998cdc2defc208aec217ab58859a9abc2374ad93dc285f4b3fbcaff4143d7888f2425bd2fb711b25609ceb21757d935b1ef2f042173ad0ce2fe"
            + "0e474dac53914bd25a8a9aed4aea8953d55cb88621db37b871ea0d04393ac0987f68094ccc9de8239251375d8fffd263316cd528c097b7bc9fb919fbedb76c52"
            + "5df3413c374ee076d97a1e6d352bb7cc80fd13651b04b32e2e48c5268150842cfd07cf855958b1b5ea9c36fdad697fe3aec8dcc6b1efec36874af226204676cf");

        var proof = SrpClient.Compute(parameters, "123123"u8, BigEndian.Read(b), BigInteger.One);

        Assert.Equal(BigEndian.Padded(3, 256), proof.A);
        Assert.Equal("999df906bda2c6cbb52f503406eba2d0d0503ace0cc302c38f13ee5010ad4051", Hex.Text(proof.M1));
    }

    [Fact]
    public void A_full_size_secret_gives_the_published_proof()
    {
        var parameters = new SrpParameters
        {
            Salt1 = Hex.Bytes("5f483c38bd0986e7cdc95ae138ef4f49b951c1f81c713fecdef3af692cec4b4716ac9b770a195ebe"),
            Salt2 = Hex.Bytes("b616fc6bbedf511119c5ed34629527f1"),
            G = 3,
            P = SafePrimes.Known,
        };
        var b = Hex.Bytes(
            "93f70ebd50f6426aca2568769599f91f24d01284cc51a449e62dcc1527dfe50126b2aa44238e4fb2331419ed4aebf1a0ae15e03abd18bfc52ca6baec564c13b5"
            + "a1d2e357799897757bb736fdc2ceb1b56aacf19ab3548d6d922a522f0b51f40124c3bc9936aff3e1dcfbea39ac9ad2addc6af0ad30783278bbb84cab0ed8464b"
            + "0ffeb2b0c93a39a5d97dba0105672ca5475373d8d23e54a6ac9bed9519e8bef4f00719f5ad56151be5537648df2f8e3e7265cb57fb94a054ce2a82b8cc664ad0"
            + "60e0d6c6df1879345440eb977fa0f2d36f31a253d8917732f133d40033a34b6152969b600d59cdabfea2ab2393ad659e56d66e13605b1f61e48e3cd65c0f58ac");
        var a = Hex.Bytes(
            "bf31574f34fce1e53891c59b7f62468a0ca682da8585df8de0a18873359755fbb1818878a9ee919bb1e94d20c5f0607e02a33176199bf3220256c9ea1a69f395"
            + "a515d20539d88cda750a5252fb864f573f2b032f3b467d08b34fd9c89d1c5d06278e113e51d4e893c1c027455af4653f096607a4156d94fb8e1dc7cee5bfe328"
            + "50982f941ae4414e83bf22df56270b43b7ccc44c26d40886464da8e344a8540795b8f69b8f508552a723cd6931e1d69204e8e9dc056f0a2a10a0d7951e355f3e"
            + "def5a5e18a9091295a51eb9db10b8b0d30489c8d29bc0cd86e97781f5e30c5b6bfe7caf4aae81b282e653ac48aa1a8fde789722bc04f4320cd9f86849fe05ca4");

        var proof = SrpClient.Prove(parameters, "234567"u8, b, new ScriptedRandom(a));

        Assert.Equal(
            "0fa12bc655b1187a28296a69ae565d682782e0ceb05a089c0c41c1dce983dc7f4a53434ea78e065d9e1cb60e427b4468a4780609feba2f55654ee2efe0aeb72e"
            + "dafde2652e26ed5b4d4baad9d2a381806af63416bf6263df45a43d85be5401bc223ebfac09421caddd7e260bd6b86542133c048d6cd54b38d8e2ccdf6b550e87"
            + "5b1353a4acfe3292ffb56a0f58b2a39027c9bfdd91fd4c531d23c77d6e8f7d583eaeea316dedded69935296ce7ea34e9be6ef2fbd829eac4c9bd646dc1563e47"
            + "f77b91431ca002cf79fc149d968272835c15ca1c6b2c5e03712a2e1b5d52f5e4faa1c16cb177fafd96a6aa5b4b3f4c649915644b63855cfb38561ff17fedfb8a",
            Hex.Text(proof.A));
        Assert.Equal("4d7af412c5a2e7b15467376bd118b853604e687b31f51c4980c4d7c1876613e3", Hex.Text(proof.M1));
    }

    [Fact]
    public void A_request_from_a_real_account_gives_the_published_proof()
    {
        var b = Hex.Bytes(
            "1476a7b5991d7f028bbee33b3455cad3f2cd0eb3737409fcce92fa7d4cd5c733ec6d2cb3454e587d4c17eda2fd7ef9a57327215f38292cc8bd5dc77d3e1d31cd"
            + "dae2652f8347c4b0093f7c78242f70e6cc13137ee7acc257a49855a63113db8f163992b9101551f3b6f7eb5d196cee3647c359553b1bcbe82ba8933c0fb1ac35"
            + "0243c535b8e634613e1f626ba8a6d141ef957c859e71a117b557c0298bfbb107c91f71f5b4275fded58289aa1e87c612f44b7aa0b5e0de7def4458f58db80019"
            + "d2e7b181eb66dc270374af2d160dd0c53edd677b2701694d71ea8718c49df6a9dbe2cbae051ffc1986336cd26f11a8ab426dfe0813d7b3f4eedf4e34182ccc3a");

        // The published proof was made after that suite's "new password" test had appended 32 bytes of the same entropy to salt1.
        var parameters = RealWorld with { Salt1 = [.. RealWorld.Salt1, .. Hex.Bytes(FixedEntropy)[..32]] };
        var proof = SrpClient.Prove(parameters, "qwe123"u8, b, new ScriptedRandom(Hex.Bytes(FixedEntropy)));

        Assert.Equal(
            "363976f55edb57cc5cc0c4aaca9b7539eff98a43a93fa84be34860d18ac3a80fffd57c4617896ff667677d0552a079eb189d25d147ec96edd4495c946a18652d"
            + "31d78eede40a8b29da340c19b32ccac78f8482406e392102c03d850d1db872232c144bfacadb58856971aafb70ca3aac4efa7f73977ddc50dfc0a2c76c0ac950"
            + "728d58b8480fa89c701703855148fadd885aaf1ca313ae3a3b2942de58a9a6fb9e3e65c7ac7a1b7f4e6aa4742b957f81927bd8cc761b76f90229dec34d6f15d3"
            + "4fa454aa69d9219d9c5fa3625f5c6f1ac03892a70aa17269c76cd9bf2949a961fad2a71e5fa961824b32db037130c7e9aad4c1e9f02ebc5b832622f98b59597e",
            Hex.Text(proof.A));
        Assert.Equal("25a91b21c634ad670a144165a9829192d152e131a716f676abc48cd817f508c6", Hex.Text(proof.M1));
    }

    [Fact]
    public void The_password_hash_is_the_published_one() =>
        Assert.Equal("750f1fe282965e63ce17b98427b35549fb864465211840f6a7c1f2fb657cc33b", Hex.Text(RealWorld.PasswordHash("qwe123"u8)));

    [Fact]
    public void A_new_password_gives_the_published_verifier()
    {
        var (parameters, verifier) = SrpClient.NewPassword(RealWorld, "123qwe"u8, new ScriptedRandom(Hex.Bytes(FixedEntropy)));

        Assert.Equal([.. RealWorld.Salt1, .. Hex.Bytes(FixedEntropy)[..32]], parameters.Salt1);
        Assert.Equal(
            "2540539ceeffd4543cd845bf319b8392e6b17bf7cf26bafcf6282ce9ae7953684ff49469c2863b17e6d65ddb16ae6f60bc07cc254c00e5ba389292f6cea0b3aa"
            + "c459d1d08984d65319df8c5d124042169bbe2ab8c0c93bc7178827f2ea84e7c3a4f2660099fb6a4c38984c914283d3015278369521a4b81ecf927669b8c89746"
            + "ef49ec7b019af7f3addc746362f298d96409bef4677b9c3d8e5b5afe7a44c0bc130ebc7a79b5d5980966d88d3d9eba511b101b0703abd86df7410cd120edad12"
            + "2a7a3ccad92d906dbf6f43bba13555bafb626b45551275f3626a4ae26a14908d38d640680e501f52bd08a0e3ff9d9185eebdae890c167459449b2c205b3ecde4",
            Hex.Text(verifier));
    }

    [Fact]
    public void A_server_accepts_the_right_password_and_no_other()
    {
        var parameters = SrpParameters.Create(SystemRandomSource.Instance);
        var challenge = new SrpChallenge(parameters, parameters.ComputeVerifier("correct horse"u8), SystemRandomSource.Instance);

        var right = SrpClient.Prove(parameters, "correct horse"u8, challenge.B, SystemRandomSource.Instance);
        var wrong = SrpClient.Prove(parameters, "incorrect horse"u8, challenge.B, SystemRandomSource.Instance);

        Assert.True(challenge.Verify(right.A, right.M1));
        Assert.False(challenge.Verify(wrong.A, wrong.M1));
        Assert.False(challenge.Verify(right.A, wrong.M1));
    }

    [Fact]
    public void A_server_refuses_values_that_force_the_shared_secret()
    {
        var parameters = SrpParameters.Create(SystemRandomSource.Instance);
        var challenge = new SrpChallenge(parameters, parameters.ComputeVerifier("x"u8), SystemRandomSource.Instance);

        Assert.False(challenge.Verify([0], new byte[32]));
        Assert.False(challenge.Verify(parameters.P, new byte[32]));
        Assert.False(challenge.Verify(new byte[300], new byte[32]));
    }

    [Fact]
    public void A_client_refuses_a_b_outside_the_group()
    {
        Assert.Throws<SrpException>(() => SrpClient.Prove(RealWorld, "x"u8, new byte[256], SystemRandomSource.Instance));
        Assert.Throws<SrpException>(() => SrpClient.Prove(RealWorld, "x"u8, RealWorld.P, SystemRandomSource.Instance));
        Assert.Throws<SrpException>(() => SrpClient.Prove(RealWorld, "x"u8, [1], SystemRandomSource.Instance));
    }

    [Fact]
    public void A_client_refuses_a_weak_group() =>
        Assert.Throws<SrpException>(() => SrpClient.Prove(
            RealWorld with { P = BigEndian.Padded(47, 256) }, "x"u8, Encoding.ASCII.GetBytes(new string('b', 256)), SystemRandomSource.Instance));
}
