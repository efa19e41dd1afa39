namespace Integrations.Web.Api;

/// <summary>Channels and groups.</summary>
internal sealed partial class IntegrationsApi
{
    private const string ChannelsPath = "api/v1/telegram/channels";

    public Task<Channel[]> ChannelsAsync(CancellationToken cancellationToken) => GetAsync<Channel[]>(ChannelsPath, cancellationToken);

    public Task<Channel> ChannelAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Channel>($"{ChannelsPath}/{id}", cancellationToken);

    /// <param name="isBot">Whether the sender is a bot, and not an account.</param>
    public Task<FoundChannel[]> FoundChannelsAsync(Guid sender, bool isBot, CancellationToken cancellationToken) =>
        GetAsync<FoundChannel[]>($"{ChannelsPath}/found?{(isBot ? "bot_id" : "account_id")}={sender}", cancellationToken);

    public Task<Channel> ConnectChannelAsync(Guid sender, bool isBot, string target, CancellationToken cancellationToken) => PostAsync<Channel>(
        ChannelsPath, new { account_id = isBot ? (Guid?)null : sender, bot_id = isBot ? sender : (Guid?)null, target }, cancellationToken);

    public Task<Channel> SwitchChannelAsync(Guid id, bool on, CancellationToken cancellationToken) =>
        SendAsync<Channel>(HttpMethod.Patch, $"{ChannelsPath}/{id}", new { is_active = on }, cancellationToken);

    public Task<Channel> CheckChannelAsync(Guid id, CancellationToken cancellationToken) => PostAsync<Channel>($"{ChannelsPath}/{id}/check", null, cancellationToken);

    public Task DeleteChannelAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{ChannelsPath}/{id}", cancellationToken);

    public Task<PostPage> PostsAsync(Guid id, Guid? before, CancellationToken cancellationToken) =>
        GetAsync<PostPage>($"{ChannelsPath}/{id}/posts?limit=50{(before is null ? "" : $"&before={before}")}", cancellationToken);

    /// <param name="sendAt">Null for at once.</param>
    public async Task PostAsync(Guid channel, string text, IReadOnlyList<SendMedia> media, DateTimeOffset? sendAt, string idempotencyKey, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(
            HttpMethod.Post,
            $"{Telegram}/send",
            new
            {
                channel_id = channel,
                text,
                media = media.Count == 0 ? null : media,
                send_at = sendAt?.ToString("yyyy-MM-dd'T'HH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture),
            },
            idempotencyKey,
            cancellationToken);
    }

    public Task EditMessageAsync(Guid id, string text, CancellationToken cancellationToken) => PostAsync<PostChange>($"{Telegram}/messages/{id}/edit", new { text }, cancellationToken);

    public Task DeleteMessageAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{Telegram}/messages/{id}", cancellationToken);

    public Task PinMessageAsync(Guid id, bool pinned, CancellationToken cancellationToken) =>
        PostAsync<PostChange>($"{Telegram}/messages/{id}/{(pinned ? "pin" : "unpin")}", null, cancellationToken);
}
