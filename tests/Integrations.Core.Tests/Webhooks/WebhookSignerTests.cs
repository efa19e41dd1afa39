using System.Text;
using Integrations.Core.Webhooks;

namespace Integrations.Core.Tests.Webhooks;

/// <summary>Signatures against the vectors of the reference libraries, of Svix's server and of RFC 8032.</summary>
public sealed class WebhookSignerTests
{
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Body = """{"test": 2432232314}""";
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string SecretSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private const string PrivateKey = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    private const string PairSignature = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeSeconds(1614265330);

    [Fact]
    public void A_secret_signs_as_the_reference_libraries_do()
    {
        var headers = new WebhookSigner(WebhookKey.Parse(Secret)).Sign(Id, At, Encoding.UTF8.GetBytes(Body));

        Assert.Equal(new WebhookHeaders(Id, "1614265330", SecretSignature), headers);
    }

    [Fact]
    public void A_key_pair_signs_as_Svix_does()
    {
        Assert.True(WebhookKeyPair.TryParse(PrivateKey, out var pair));

        Assert.Equal(PairSignature, new WebhookSigner(pair).Sign(Id, At, Encoding.UTF8.GetBytes(Body)).Signature);
        Assert.Equal("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", pair.PublicKey);
    }

    [Theory]
    [InlineData("""{"type":"contact.created","data":{"id":"1"}}""", "v1,/+h5vzEC7N3Sg6Ow2tArS/5cMuXXEyTOMIZOLgXdhY4=")]
    [InlineData("""{"text":"Привет ✓"}""", "v1,AE1PltyeVVax4sh6eZYLz4D5t8SzwU2yO+DyE5itUvs=")]
    [InlineData("", "v1,WbgT9oWns5KW0sfIevMtUcjJs1qKbtarYtE2RCkPRTs=")]
    public void The_bytes_are_signed_whatever_they_say(string body, string signature)
    {
        var signer = new WebhookSigner(WebhookKey.Parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));

        Assert.Equal(signature, signer.Sign("msg_test", DateTimeOffset.FromUnixTimeSeconds(1700000000), Encoding.UTF8.GetBytes(body)).Signature);
    }

    /// <summary>RFC 8032, 7.1, tests 1 to 3.</summary>
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void A_key_pair_signs_as_RFC_8032_says(string seed, string publicKey, string message, string signature)
    {
        Assert.True(WebhookKeyPair.TryParse("whsk_" + Convert.ToBase64String(Convert.FromHexString(seed + publicKey)), out var pair));

        Assert.Equal("v1a," + Convert.ToBase64String(Convert.FromHexString(signature)), pair.Sign(Convert.FromHexString(message)));
    }

    [Fact]
    public void Every_key_in_force_signs_in_the_order_of_the_keys()
    {
        var signer = new WebhookSigner(WebhookKey.Parse(PrivateKey), WebhookKey.Parse(Secret));

        Assert.Equal($"{PairSignature} {SecretSignature}", signer.Sign(Id, At, Encoding.UTF8.GetBytes(Body)).Signature);
    }

    [Theory]
    [InlineData("")]
    [InlineData("msg.1")]
    [InlineData("msg 1")]
    [InlineData("msg\r\nwebhook-id: 2")]
    [InlineData("msgé")]
    public void An_id_that_could_be_read_as_another_message_is_refused(string id) =>
        Assert.ThrowsAny<ArgumentException>(() => new WebhookSigner(WebhookSecret.Make()).Sign(id, At, []));

    [Fact]
    public void An_id_is_bounded()
    {
        var signer = new WebhookSigner(WebhookSecret.Make());

        Assert.NotNull(signer.Sign(new string('a', WebhookSigner.MaxIdLength), At, []));
        Assert.Throws<ArgumentException>(() => signer.Sign(new string('a', WebhookSigner.MaxIdLength + 1), At, []));
    }

    [Fact]
    public void A_signer_has_a_key() => Assert.Throws<ArgumentOutOfRangeException>(() => new WebhookSigner());

    [Fact]
    public async Task A_request_carries_the_signed_bytes_and_the_three_headers()
    {
        var body = Encoding.UTF8.GetBytes(Body);
        using var request = new WebhookSigner(WebhookKey.Parse(Secret)).Request(new Uri("https://example.com/hook"), Id, At, body);

        Assert.Equal(HttpMethod.Post, request.Method);
        Assert.Equal("application/json", request.Content!.Headers.ContentType!.ToString());
        Assert.Equal(body, await request.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            ["webhook-id: " + Id, "webhook-timestamp: 1614265330", "webhook-signature: " + SecretSignature],
            request.Headers.Select(header => $"{header.Key}: {Assert.Single(header.Value)}"));
    }
}
