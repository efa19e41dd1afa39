using Integrations.Core.Webhooks;

namespace Integrations.Core.Tests.Webhooks;

public sealed class WebhookKeyringTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 12, 10, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void A_replaced_key_signs_beside_the_new_one_until_its_time_is_over()
    {
        var (first, second) = (WebhookSecret.Make(), WebhookSecret.Make());

        var ring = new WebhookKeyring(first).Replace(second, Hour, Now)!;

        Assert.Equal(Signatures(second, first), Signatures(ring, Now + Hour - TimeSpan.FromTicks(1)));
        Assert.Equal(Signatures(second), Signatures(ring, Now + Hour));
    }

    [Fact]
    public void A_secret_changes_over_to_a_key_pair()
    {
        var (secret, pair) = (WebhookSecret.Make(), WebhookKeyPair.Make());

        Assert.Equal(Signatures(pair, secret), Signatures(new WebhookKeyring(secret).Replace(pair, Hour, Now)!, Now));
    }

    [Fact]
    public void Without_an_overlap_every_earlier_key_ends()
    {
        var last = WebhookSecret.Make();
        var ring = new WebhookKeyring(WebhookSecret.Make()).Replace(WebhookSecret.Make(), Hour, Now)!.Replace(last, TimeSpan.Zero, Now)!;

        Assert.Equal(Signatures(last), Signatures(ring, Now));
    }

    [Fact]
    public void At_most_ten_replaced_keys_sign_and_room_comes_as_they_end()
    {
        var ring = new WebhookKeyring(WebhookSecret.Make());
        for (var i = 0; i < WebhookKeyring.MaxReplaced; i++)
            ring = ring.Replace(WebhookSecret.Make(), Hour, Now.AddMinutes(i))!;

        Assert.Equal(11, Signatures(ring, Now.AddMinutes(10)).Length);
        Assert.Null(ring.Replace(WebhookSecret.Make(), Hour, Now.AddMinutes(10)));
        Assert.Equal(10, ring.Replace(WebhookSecret.Make(), Hour, Now + Hour)!.Replaced.Count);
    }

    [Fact]
    public void An_overlap_has_its_bounds()
    {
        var ring = new WebhookKeyring(WebhookSecret.Make());

        Assert.NotNull(ring.Replace(WebhookSecret.Make(), WebhookKeyring.MaxOverlap, Now));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Replace(WebhookSecret.Make(), WebhookKeyring.MaxOverlap + TimeSpan.FromTicks(1), Now));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Replace(WebhookSecret.Make(), -Hour, Now));
    }

    private static string[] Signatures(WebhookKeyring ring, DateTimeOffset at) => ring.SignerAt(at).Sign("msg_1", Now, "{}"u8).Signature.Split(' ');

    private static string[] Signatures(params WebhookKey[] keys) => [.. keys.Select(key => new WebhookSigner(key).Sign("msg_1", Now, "{}"u8).Signature)];
}
