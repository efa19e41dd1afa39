using System.Xml.Linq;
using Integrations.Web.Api;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Integrations.Web.SignIn;

/// <summary>
/// The DataProtection ring, kept by the Api and sealed there at rest, so that every copy of the console reads every other's cookies.
/// The framework's contract is synchronous and called at start and once a day; the synchronous <see cref="HttpClient.Send(HttpRequestMessage)"/> serves it.
/// </summary>
internal sealed class ApiKeyRing(IHttpClientFactory clients, IConfiguration configuration) : IXmlRepository
{
    private const string Path = "internal/data-protection-keys";

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var response = Send(new HttpRequestMessage(HttpMethod.Get, Path));
        using var body = response.Content.ReadAsStream();
        var keys = System.Text.Json.JsonSerializer.Deserialize<Key[]>(body, IntegrationsApi.Json) ?? [];
        return [.. keys.Select(k => XElement.Parse(k.Xml))];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var response = Send(new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = JsonContent.Create(new Key(friendlyName, element.ToString(SaveOptions.DisableFormatting)), options: IntegrationsApi.Json),
        });
    }

    private HttpResponseMessage Send(HttpRequestMessage request)
    {
        using (request)
        {
            request.Headers.Add("X-Internal-Key", configuration["INTERNAL_SERVICE_KEY"]);
            var response = clients.CreateClient(nameof(IntegrationsApi)).Send(request);
            response.EnsureSuccessStatusCode();
            return response;
        }
    }

    private sealed record Key(string Name, string Xml);
}
