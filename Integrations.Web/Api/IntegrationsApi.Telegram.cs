namespace Integrations.Web.Api;

/// <summary>Accounts, their logins, dialogs and messages.</summary>
internal sealed partial class IntegrationsApi
{
    private const string Accounts = "api/personal-telegram-accounts";
    private const string Telegram = "api/v1/telegram";

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

    public Task<Page<Message>> MessagesAsync(Guid dialog, Guid? before, CancellationToken cancellationToken) =>
        GetAsync<Page<Message>>($"{Telegram}/messages?dialog_id={dialog}&limit=50{Before(before)}", cancellationToken);

    public Task<Page<Message>> MessagesAroundAsync(Guid dialog, Guid message, CancellationToken cancellationToken) =>
        GetAsync<Page<Message>>($"{Telegram}/messages?dialog_id={dialog}&limit=50&around={message}", cancellationToken);

    public Task<Page<Message>> MessagesAfterAsync(Guid dialog, Guid message, CancellationToken cancellationToken) =>
        GetAsync<Page<Message>>($"{Telegram}/messages?dialog_id={dialog}&limit=50&after={message}", cancellationToken);

    /// <summary>What was said with the words of the query, within its inbox.</summary>
    public Task<Page<Message>> SearchMessagesAsync(DialogQuery query, Guid? before, CancellationToken cancellationToken) =>
        GetAsync<Page<Message>>(
            $"{Telegram}/messages?limit=20&q={Uri.EscapeDataString(query.Text!.Trim())}{(query.AccountId is { } account ? $"&account_id={account}" : "")}"
            + $"{(query.BotId is { } bot ? $"&bot_id={bot}" : "")}{Before(before)}",
            cancellationToken);

    public Task<Message> MessageAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Message>($"{Telegram}/messages/{id}", cancellationToken);

    /// <summary>Sends a failed message again, under the key that Telegram may know it by.</summary>
    public Task<Message> RetryAsync(Guid id, CancellationToken cancellationToken) => PostAsync<Message>($"{Telegram}/messages/{id}/retry", null, cancellationToken);

    /// <summary>Accepts a text; the key makes a repeated click harmless.</summary>
    public async Task<AcceptedMessage> SendTextAsync(SendText message, string idempotencyKey, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Post, $"{Telegram}/send", message, idempotencyKey, cancellationToken);
        return await ReadAsync<AcceptedMessage>(response, cancellationToken);
    }

    /// <summary>Brings a file, which a message may take then.</summary>
    public async Task<UploadedFile> UploadAsync(Stream content, string name, string type, string idempotencyKey, CancellationToken cancellationToken)
    {
        using var body = new StreamContent(content);
        body.Headers.TryAddWithoutValidation("Content-Type", type.Length > 0 ? type : "application/octet-stream");
        using var response = await RequestAsync(HttpMethod.Post, $"{Telegram}/media?file_name={Uri.EscapeDataString(name)}", body, idempotencyKey, cancellationToken);
        return await ReadAsync<UploadedFile>(response, cancellationToken);
    }

    private static string LoginPath(Guid id) => $"{Accounts}/login/{id}";

    private static string Before(Guid? id) => id is null ? "" : $"&before={id}";
}
