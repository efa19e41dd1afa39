namespace Integrations.Web.Api;

/// <summary>What the signed-in person was told.</summary>
internal sealed partial class IntegrationsApi
{
    private const string Notices = "api/v1/notices";

    public Task<NoticePage> NoticesAsync(int size, CancellationToken cancellationToken) => GetAsync<NoticePage>($"{Notices}?size={size}", cancellationToken);

    /// <param name="id">Null for all.</param>
    public Task MarkNoticesReadAsync(Guid? id, CancellationToken cancellationToken) =>
        PostAsync<object>($"{Notices}/read", id is { } one ? (object)new { Ids = new[] { one } } : new { All = true }, cancellationToken);

    public Task<NoticeSettings> NoticeSettingsAsync(CancellationToken cancellationToken) => GetAsync<NoticeSettings>($"{Notices}/settings", cancellationToken);

    public Task<NoticeSettings> ChangeNoticeSettingsAsync(NoticeSettings settings, CancellationToken cancellationToken) =>
        SendAsync<NoticeSettings>(HttpMethod.Put, $"{Notices}/settings", settings, cancellationToken);
}
