using System.Text.Json;
using Integrations.Core.Webhooks;

namespace Integrations.Core.Tests.Webhooks;

public sealed class WebhookKeyTests
{
    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_secret_has_24_to_64_bytes(int bytes, bool isSecret)
    {
        var text = "whsec_" + Convert.ToBase64String(new byte[bytes]);

        Assert.Equal(isSecret, WebhookSecret.TryParse(text, out var secret));
        Assert.Equal(isSecret ? text : null, secret?.Reveal());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS_")]
    [InlineData("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")]
    public void What_is_no_key_is_refused(string? text)
    {
        Assert.False(WebhookKey.TryParse(text, out var key));
        Assert.Null(key);
    }

    [Fact]
    public void What_is_far_too_long_is_not_even_decoded() => Assert.False(WebhookKey.TryParse("whsec_" + new string('A', 1 << 20), out _));

    [Fact]
    public void A_secret_of_another_sender_may_come_without_its_prefix()
    {
        Assert.True(WebhookKey.TryParse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", out var key));

        Assert.Equal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", key.Reveal());
    }

    [Fact]
    public void Halves_that_do_not_belong_together_are_no_key_pair()
    {
        var bytes = Convert.FromBase64String(WebhookKeyPair.Make().Reveal()[WebhookKeyPair.PrivatePrefix.Length..]);
        bytes[^1] ^= 1;

        Assert.False(WebhookKeyPair.TryParse(WebhookKeyPair.PrivatePrefix + Convert.ToBase64String(bytes), out _));
    }

    [Fact]
    public void Made_keys_are_read_again_and_no_two_are_alike()
    {
        WebhookKey[] keys = [WebhookSecret.Make(), WebhookSecret.Make(), WebhookKeyPair.Make(), WebhookKeyPair.Make()];

        Assert.Equal(4, keys.Select(key => key.Reveal()).Distinct().Count());
        Assert.All(keys, key =>
        {
            Assert.True(WebhookKey.TryParse(key.Reveal(), out var again));
            Assert.Equal(key.Reveal(), again.Reveal());
            Assert.Equal(key.GetType(), again.GetType());
        });
    }

    [Theory]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_…LaSw")]
    [InlineData("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==", "whsk_…6Kvg")]
    public void A_key_is_masked_wherever_it_is_written_out(string text, string masked)
    {
        var key = WebhookKey.Parse(text);
        var ring = new ReplacedWebhookKey(key, DateTimeOffset.UnixEpoch);

        Assert.Equal(masked, key.ToString());
        Assert.All(
            [$"{ring}", JsonSerializer.Serialize(key, key.GetType()), JsonSerializer.Serialize(ring), JsonSerializer.Serialize(new WebhookKeyring(key, ring))],
            written => Assert.DoesNotContain(text[6..12], written, StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_no_key_is_not_shown()
    {
        const string Almost = "whsec_AlmostASecret";

        var refused = Assert.Throws<FormatException>(() => WebhookKey.Parse(Almost));

        Assert.DoesNotContain("Almost", refused.ToString(), StringComparison.Ordinal);
    }
}
