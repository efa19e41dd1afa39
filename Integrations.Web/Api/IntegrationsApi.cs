using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Web.SignIn;

namespace Integrations.Web.Api;

/// <summary>The Api as the console uses it: over HTTP, with the signed-in person's own session. The console has no other access.</summary>
internal sealed class IntegrationsApi(HttpClient http, SessionToken session)
{
    private const string Accounts = "api/personal-telegram-accounts";
    private const string Telegram = "api/v1/telegram";

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public Task<Account[]> AccountsAsync(CancellationToken cancellationToken) => GetAsync<Account[]>(Accounts, cancellationToken);

    public Task<Account> AccountAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Account>($"{Accounts}/{id}", cancellationToken);

    public Task<Account> ChangeAccountAsync(Guid id, AccountChange change, CancellationToken cancellationToken) =>
        SendAsync<Account>(HttpMethod.Patch, $"{Accounts}/{id}", change, cancellationToken);

    public Task PauseAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, $"{Accounts}/{id}/pause", cancellationToken);

    public Task<Reconnected> ReconnectAsync(Guid id, CancellationToken cancellationToken) =>
        PostAsync<Reconnected>($"{Accounts}/{id}/reconnect", null, cancellationToken);

    public Task DisconnectAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, $"{Accounts}/{id}/disconnect", cancellationToken);

    /// <summary>Signs the account out of Telegram here and takes it off the list.</summary>
    public Task DeleteAccountAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{Accounts}/{id}", cancellationToken);

    public Task<Login> StartLoginAsync(StartLogin start, CancellationToken cancellationToken) => PostAsync<Login>($"{Accounts}/login", start, cancellationToken);

    public Task<Login> LoginAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Login>(LoginPath(id), cancellationToken);

    public Task<Login> CodeAsync(Guid id, string code, CancellationToken cancellationToken) =>
        PostAsync<Login>($"{LoginPath(id)}/code", new { code }, cancellationToken);

    public Task<Login> ResendCodeAsync(Guid id, CancellationToken cancellationToken) => PostAsync<Login>($"{LoginPath(id)}/resend-code", null, cancellationToken);

    public Task<Login> PasswordAsync(Guid id, string password, CancellationToken cancellationToken) =>
        PostAsync<Login>($"{LoginPath(id)}/password", new { password }, cancellationToken);

    public Task<Login> RecoverAsync(Guid id, CancellationToken cancellationToken) => PostAsync<Login>($"{LoginPath(id)}/recovery", null, cancellationToken);

    public Task<Login> ConfirmRecoveryAsync(Guid id, string code, CancellationToken cancellationToken) =>
        PostAsync<Login>($"{LoginPath(id)}/recovery/confirm", new { code }, cancellationToken);

    public Task CancelLoginAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, LoginPath(id), cancellationToken);

    public Task<Page<Dialog>> DialogsAsync(Guid account, Guid? before, CancellationToken cancellationToken) =>
        GetAsync<Page<Dialog>>($"{Telegram}/dialogs?account_id={account}&limit=50{Before(before)}", cancellationToken);

    public Task<Dialog> DialogAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Dialog>($"{Telegram}/dialogs/{id}", cancellationToken);

    public Task<Page<Message>> MessagesAsync(Guid dialog, Guid? before, CancellationToken cancellationToken) =>
        GetAsync<Page<Message>>($"{Telegram}/messages?dialog_id={dialog}&limit=50{Before(before)}", cancellationToken);

    public Task<Message> MessageAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Message>($"{Telegram}/messages/{id}", cancellationToken);

    /// <summary>Sends a failed message again, under the key that Telegram may know it by.</summary>
    public Task<Message> RetryAsync(Guid id, CancellationToken cancellationToken) => PostAsync<Message>($"{Telegram}/messages/{id}/retry", null, cancellationToken);

    public Task MarkReadAsync(Guid dialog, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, $"{Telegram}/dialogs/{dialog}/read", cancellationToken);

    /// <summary>Accepts a text; the key makes a repeated click harmless.</summary>
    public async Task<AcceptedMessage> SendTextAsync(SendText message, string idempotencyKey, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Post, $"{Telegram}/send", message, idempotencyKey, cancellationToken);
        return await ReadAsync<AcceptedMessage>(response, cancellationToken);
    }

    /// <summary>The caller's log, the newest first; a page is counted from 1.</summary>
    public Task<LogPage> LogsAsync(string? status, int days, int page, CancellationToken cancellationToken) =>
        GetAsync<LogPage>($"{Telegram}/logs?days_back={days}&page={page}&size=50{(status is null ? "" : $"&log_status={status}")}", cancellationToken);

    private static string LoginPath(Guid id) => $"{Accounts}/login/{id}";

    private static string Before(Guid? id) => id is null ? "" : $"&before={id}";

    private Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Get, path, null, cancellationToken);

    private Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Post, path, body, cancellationToken);

    private async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(method, path, null, null, cancellationToken);
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(method, path, body, null, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken) ?? throw new ApiException("INTERNAL", "", null);

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
