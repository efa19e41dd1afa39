using System.Security.Cryptography;
using System.Text;

namespace Integrations.Sandbox.Tests.Webhooks;

/// <summary>Delivers as a sender does, from the specification alone: what is sent is not what the product would make.</summary>
internal sealed class Sender(HttpClient http, Uri address, TimeProvider time)
{
    public const string Secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// <summary>A delivery that is in order, or whose timestamp or body is another one than it should be.</summary>
    public Task<HttpResponseMessage> DeliverAsync(string id, string body = "{}", TimeSpan age = default, string? sentBody = null) =>
        http.SendAsync(Request(id, body, age, sentBody), TestContext.Current.CancellationToken);

    /// <summary>The same, for its status alone.</summary>
    public async Task<int> StatusAsync(string id, string body = "{}", TimeSpan age = default, string? sentBody = null)
    {
        using var response = await DeliverAsync(id, body, age, sentBody);
        return (int)response.StatusCode;
    }

    public HttpRequestMessage Request(string id, string body = "{}", TimeSpan age = default, string? sentBody = null)
    {
        var timestamp = (time.GetUtcNow() - age).ToUnixTimeSeconds();
        var key = Convert.FromBase64String(Secret["whsec_".Length..]);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));
        return new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new StringContent(sentBody ?? body, Encoding.UTF8, "application/json"),
            Headers = { { "webhook-id", id }, { "webhook-timestamp", $"{timestamp}" }, { "webhook-signature", $"v1,{signature}" } },
        };
    }
}
