namespace Integrations.Web.Api;

/// <summary>How a project's working group stands.</summary>
/// <param name="Missing">What mirroring lacks, whether it is on or off.</param>
/// <param name="Found">Groups that the managing bots are in.</param>
internal sealed record WorkingGroup(
    bool Mirroring, string[] Missing, long? ChatId, string? Title, string Language, string? Link, ManagingBot[] Bots, FoundGroup[] Found, MirrorQueue Queue);

internal sealed record ManagingBot(Guid Id, string? Username, string? DisplayName, string[] Missing)
{
    public string Name => Username is null ? DisplayName ?? "" : "@" + Username;
}

internal sealed record FoundGroup(long ChatId, string? Title, bool IsForum);

/// <param name="DelaySeconds">Null while no bot can post.</param>
internal sealed record MirrorQueue(long Waiting, double OldestSeconds, double? DelaySeconds, long Failed);

/// <summary>Working groups.</summary>
internal sealed partial class IntegrationsApi
{
    public Task<WorkingGroup> WorkingGroupAsync(Guid project, CancellationToken cancellationToken) =>
        GetAsync<WorkingGroup>($"{ProjectsPath}/{project}/working-group", cancellationToken);

    public Task<WorkingGroup> SetWorkingGroupAsync(Guid project, IEnumerable<Guid> bots, string? chat, string? language, CancellationToken cancellationToken) =>
        SendAsync<WorkingGroup>(HttpMethod.Put, $"{ProjectsPath}/{project}/working-group", new { bots, chat, language }, cancellationToken);

    public Task<WorkingGroup> CheckWorkingGroupAsync(Guid project, CancellationToken cancellationToken) =>
        PostAsync<WorkingGroup>($"{ProjectsPath}/{project}/working-group/check", null, cancellationToken);
}
