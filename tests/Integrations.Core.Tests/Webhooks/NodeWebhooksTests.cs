using System.Text;
using System.Text.Json;
using Integrations.Core.Webhooks;
using Integrations.Testing;

namespace Integrations.Core.Tests.Webhooks;

/// <summary>What we sign, judged by the official library standardwebhooks 1.1.1 and, for ed25519, by Node's own cryptography.</summary>
public sealed class NodeWebhooksTests
{
    /// <summary>The library reads the system's clock.</summary>
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"type":"message.created","data":{"text":"Привет, \u2713"}}""");

    [Fact]
    public async Task What_is_right_is_accepted_and_what_is_forged_or_old_is_refused()
    {
        var (secret, shortest, longest, pair, stranger) = (WebhookSecret.Make(), Of(24), Of(64), WebhookKeyPair.Make(), WebhookSecret.Make());
        var age = TimeSpan.FromMinutes(6);
        (string Expected, string Key, WebhookHeaders Headers, byte[] Body)[] deliveries =
        [
            ("ok", secret.Reveal(), new WebhookSigner(secret).Sign("msg_1", Now, Body), Body),
            ("ok", shortest.Reveal(), new WebhookSigner(shortest).Sign("msg_1", Now, Body), Body),
            ("ok", longest.Reveal(), new WebhookSigner(longest).Sign("msg_1", Now, Body), Body),
            ("ok", secret.Reveal(), new WebhookSigner(secret).Sign("msg_1", Now, []), []),
            ("ok", secret.Reveal(), new WebhookSigner(stranger, pair, secret).Sign("msg_1", Now, Body), Body),
            ("ok", stranger.Reveal(), new WebhookKeyring(stranger).Replace(secret, TimeSpan.FromHours(1), Now)!.SignerAt(Now).Sign("msg_1", Now, Body), Body),
            ("ok", pair.PublicKey, new WebhookSigner(pair).Sign("msg_1", Now, Body), Body),
            ("ok", pair.PublicKey, new WebhookSigner(secret, pair).Sign("msg_1", Now, Body), Body),
            ("No matching signature found", secret.Reveal(), new WebhookSigner(stranger).Sign("msg_1", Now, Body), Body),
            ("No matching signature found", secret.Reveal(), new WebhookSigner(pair).Sign("msg_1", Now, Body), Body),
            ("No matching signature found", secret.Reveal(), new WebhookSigner(secret).Sign("msg_1", Now, Body), [.. Body, (byte)' ']),
            ("No matching signature found", secret.Reveal(), new WebhookSigner(secret).Sign("msg_1", Now, Body) with { Id = "msg_2" }, Body),
            ("No matching signature found", pair.PublicKey, new WebhookSigner(WebhookKeyPair.Make()).Sign("msg_1", Now, Body), Body),
            ("Message timestamp too old", secret.Reveal(), new WebhookSigner(secret).Sign("msg_1", Now - age, Body), Body),
            ("Message timestamp too new", secret.Reveal(), new WebhookSigner(secret).Sign("msg_1", Now + age, Body), Body),
        ];

        var output = await NodeScript.RunAsync("NodeWebhooks", "verify.js", JsonSerializer.Serialize(deliveries.Select(delivery => new
        {
            key = delivery.Key,
            id = delivery.Headers.Id,
            timestamp = delivery.Headers.Timestamp,
            signature = delivery.Headers.Signature,
            body = Convert.ToBase64String(delivery.Body),
        })));

        Assert.Equal(deliveries.Select(delivery => delivery.Expected), JsonSerializer.Deserialize<string[]>(output));
    }

    private static WebhookKey Of(int bytes) => WebhookKey.Parse("whsec_" + Convert.ToBase64String([.. Enumerable.Range(1, bytes).Select(i => (byte)i)]));
}
