namespace Integrations.Web.Api;

/// <summary>Bots.</summary>
internal sealed partial class IntegrationsApi
{
    private const string BotsPath = "api/v1/telegram/bots";

    public Task<Bot[]> BotsAsync(CancellationToken cancellationToken) => GetAsync<Bot[]>(BotsPath, cancellationToken);

    public Task<Bot> ConnectBotAsync(string token, Guid? project, CancellationToken cancellationToken) =>
        PostAsync<Bot>(BotsPath, new { bot_token = token, project_id = project }, cancellationToken);

    public Task<Bot> ChangeBotAsync(Guid id, BotChange change, CancellationToken cancellationToken) => SendAsync<Bot>(HttpMethod.Patch, $"{BotsPath}/{id}", change, cancellationToken);

    public Task<BotWebhook> BotWebhookAsync(Guid id, CancellationToken cancellationToken) => GetAsync<BotWebhook>($"{BotsPath}/{id}/webhook", cancellationToken);

    public Task<Bot> RestartBotAsync(Guid id, CancellationToken cancellationToken) => PostAsync<Bot>($"{BotsPath}/{id}/restart", null, cancellationToken);

    public Task<Bot> DeactivateBotAsync(Guid id, CancellationToken cancellationToken) => PostAsync<Bot>($"{BotsPath}/{id}/deactivate", null, cancellationToken);

    public Task DeleteBotAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{BotsPath}/{id}", cancellationToken);
}
