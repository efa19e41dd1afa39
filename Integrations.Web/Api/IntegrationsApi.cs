using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Web.SignIn;

namespace Integrations.Web.Api;

/// <summary>The Api as the console uses it: over HTTP, with the signed-in person's own session. The console has no other access.</summary>
internal sealed class IntegrationsApi(HttpClient http, SessionToken session)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public Task<Account[]> AccountsAsync(CancellationToken cancellationToken) =>
        SendAsync<Account[]>(HttpMethod.Get, "api/personal-telegram-accounts", null, cancellationToken);

    public Task<Login> StartLoginAsync(StartLogin start, CancellationToken cancellationToken) =>
        SendAsync<Login>(HttpMethod.Post, "api/personal-telegram-accounts/login", start, cancellationToken);

    public Task<Login> LoginAsync(Guid id, CancellationToken cancellationToken) =>
        SendAsync<Login>(HttpMethod.Get, $"api/personal-telegram-accounts/login/{id}", null, cancellationToken);

    public Task<Login> CodeAsync(Guid id, string code, CancellationToken cancellationToken) =>
        SendAsync<Login>(HttpMethod.Post, $"api/personal-telegram-accounts/login/{id}/code", new { code }, cancellationToken);

    public Task<Login> PasswordAsync(Guid id, string password, CancellationToken cancellationToken) =>
        SendAsync<Login>(HttpMethod.Post, $"api/personal-telegram-accounts/login/{id}/password", new { password }, cancellationToken);

    public Task CancelLoginAsync(Guid id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"api/personal-telegram-accounts/login/{id}", cancellationToken);

    public Task ReconnectAsync(Guid id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"api/personal-telegram-accounts/{id}/reconnect", cancellationToken);

    public Task DisconnectAsync(Guid id, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"api/v1/telegram/accounts/{id}", cancellationToken);

    public async Task<Dialog[]> DialogsAsync(Guid account, CancellationToken cancellationToken) =>
        (await SendAsync<Page<Dialog>>(HttpMethod.Get, $"api/v1/telegram/dialogs?account_id={account}", null, cancellationToken)).Items;

    /// <summary>The newest messages of a dialog, newest first.</summary>
    public async Task<Message[]> MessagesAsync(Guid dialog, CancellationToken cancellationToken) =>
        (await SendAsync<Page<Message>>(HttpMethod.Get, $"api/v1/telegram/messages?dialog_id={dialog}&limit=50", null, cancellationToken)).Items;

    /// <summary>Accepts a text; the key makes a repeated click harmless.</summary>
    public Task<AcceptedMessage> SendTextAsync(SendText message, string idempotencyKey, CancellationToken cancellationToken) =>
        SendAsync<AcceptedMessage>(HttpMethod.Post, "api/v1/telegram/send", message, cancellationToken, idempotencyKey);

    private async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(method, path, null, null, cancellationToken);
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken, string? idempotencyKey = null)
    {
        using var response = await RequestAsync(method, path, body, idempotencyKey, cancellationToken);
        return await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken) ?? throw new ApiException("INTERNAL", "", null);
    }

    private async Task<HttpResponseMessage> RequestAsync(HttpMethod method, string path, object? body, string? idempotencyKey, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", session.Value);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        var response = await http.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await ApiException.ReadAsync(response, cancellationToken);
    }
}
