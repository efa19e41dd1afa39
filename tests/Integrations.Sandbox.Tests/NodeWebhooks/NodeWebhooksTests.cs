using Integrations.Sandbox.Webhooks;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.NodeWebhooks;

/// <summary>A simulated receiver as the official library standardwebhooks 1.1.1 sees it.</summary>
public sealed class NodeWebhooksTests
{
    private const string Secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    // A vector of Svix's server, known to everybody.
    private const string PrivateKey = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    private const string PublicKey = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

    [Fact]
    public async Task It_takes_what_the_library_signs_and_refuses_what_is_forged_or_old()
    {
        var webhooks = new SandboxWebhooks();
        await using var server = await SandboxWebhookServer.StartAsync(webhooks, cancellationToken: TestContext.Current.CancellationToken);
        var receiver = webhooks.Put("library", Secret, PublicKey);

        Assert.Equal("14", await NodeScript.RunAsync("NodeWebhooks", "journey.js", server.AddressOf("library").ToString(), Secret, PrivateKey));

        var counts = receiver.Counts.ByVerdict.Where(pair => pair.Value > 0).ToDictionary();
        Assert.Equal(
            new Dictionary<DeliveryVerdict, long>
            {
                [DeliveryVerdict.Accepted] = 4,
                [DeliveryVerdict.Duplicate] = 1,
                [DeliveryVerdict.Forged] = 6,
                [DeliveryVerdict.Stale] = 2,
                [DeliveryVerdict.Unsigned] = 1,
            },
            counts);
    }
}
