namespace Integrations.Web.Api;

/// <summary>People, invitations, projects and their members; and what is the reader's own: sessions, keys, preferences.</summary>
internal sealed partial class IntegrationsApi
{
    private const string Users = "api/v1/users";
    private const string InvitationsPath = "api/v1/invitations";
    private const string ProjectsPath = "api/v1/projects";
    private const string Own = "api/v1/me";
    private const string SecondFactorPath = Own + "/second-factor";
    private const string Keys = "api/v1/api-keys";

    public Task<Person[]> PeopleAsync(CancellationToken cancellationToken) => GetAsync<Person[]>(Users, cancellationToken);

    public Task<Person> ChangePersonAsync(int userId, PersonChange change, CancellationToken cancellationToken) =>
        SendAsync<Person>(HttpMethod.Patch, $"{Users}/{userId}", change, cancellationToken);

    public Task<Invitation[]> InvitationsAsync(CancellationToken cancellationToken) => GetAsync<Invitation[]>(InvitationsPath, cancellationToken);

    public Task<IssuedInvitation> InviteAsync(Invite invite, CancellationToken cancellationToken) =>
        PostAsync<IssuedInvitation>(InvitationsPath, invite, cancellationToken);

    public Task<IssuedInvitation> ResendInvitationAsync(Guid id, CancellationToken cancellationToken) =>
        PostAsync<IssuedInvitation>($"{InvitationsPath}/{id}/resend", null, cancellationToken);

    public Task RevokeInvitationAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{InvitationsPath}/{id}", cancellationToken);

    /// <summary>How the accounts and bots of a project stand, and what they did.</summary>
    public Task<IntegrationActivity[]> ActivityOfProjectAsync(Guid project, CancellationToken cancellationToken) =>
        GetAsync<IntegrationActivity[]>($"api/v1/integrations?project_id={project}", cancellationToken);

    public Task<Project[]> ProjectsAsync(CancellationToken cancellationToken) => GetAsync<Project[]>(ProjectsPath, cancellationToken);

    public Task<Project> ProjectAsync(Guid id, CancellationToken cancellationToken) => GetAsync<Project>($"{ProjectsPath}/{id}", cancellationToken);

    public Task<Project> OpenProjectAsync(string name, CancellationToken cancellationToken) => PostAsync<Project>(ProjectsPath, new { name }, cancellationToken);

    public Task<Project> ChangeProjectAsync(Guid id, ProjectChange change, CancellationToken cancellationToken) =>
        SendAsync<Project>(HttpMethod.Patch, $"{ProjectsPath}/{id}", change, cancellationToken);

    public Task DeleteProjectAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{ProjectsPath}/{id}", cancellationToken);

    public Task<Person[]> MembersAsync(Guid project, CancellationToken cancellationToken) => GetAsync<Person[]>($"{ProjectsPath}/{project}/members", cancellationToken);

    public Task AddMemberAsync(Guid project, int userId, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, $"{ProjectsPath}/{project}/members/{userId}", cancellationToken);

    public Task RemoveMemberAsync(Guid project, int userId, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{ProjectsPath}/{project}/members/{userId}", cancellationToken);

    public Task<Myself> MyselfAsync(CancellationToken cancellationToken) => GetAsync<Myself>("api/v1/auth/me", cancellationToken);

    public Task<Person> RenameMeAsync(string displayName, CancellationToken cancellationToken) =>
        SendAsync<Person>(HttpMethod.Patch, Own, new { display_name = displayName }, cancellationToken);

    public async Task ChangePasswordAsync(string current, string replacement, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(
            HttpMethod.Post, $"{Own}/password", new { current_password = current, new_password = replacement }, null, cancellationToken);
    }

    public Task<OwnSession[]> SessionsAsync(CancellationToken cancellationToken) => GetAsync<OwnSession[]>($"{Own}/sessions", cancellationToken);

    public Task EndSessionAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{Own}/sessions/{id}", cancellationToken);

    public Task<SecondFactor> SecondFactorAsync(CancellationToken cancellationToken) => GetAsync<SecondFactor>(SecondFactorPath, cancellationToken);

    public Task<SecondFactorSecret> BeginSecondFactorAsync(string password, CancellationToken cancellationToken) =>
        PostAsync<SecondFactorSecret>(SecondFactorPath, new { password }, cancellationToken);

    public Task<IssuedRecoveryCodes> ConfirmSecondFactorAsync(string code, CancellationToken cancellationToken) =>
        PostAsync<IssuedRecoveryCodes>($"{SecondFactorPath}/confirm", new { code }, cancellationToken);

    public Task<IssuedRecoveryCodes> RenewRecoveryCodesAsync(string password, string code, CancellationToken cancellationToken) =>
        PostAsync<IssuedRecoveryCodes>($"{SecondFactorPath}/recovery-codes", new { password, code }, cancellationToken);

    public async Task DisableSecondFactorAsync(string password, string code, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Post, $"{SecondFactorPath}/disable", new { password, code }, null, cancellationToken);
    }

    public Task<Preferences> PreferencesAsync(CancellationToken cancellationToken) => GetAsync<Preferences>($"{Own}/preferences", cancellationToken);

    /// <summary>Null leaves a thing as it is; an empty text forgets the choice.</summary>
    public Task<Preferences> ChangePreferencesAsync(Preferences change, CancellationToken cancellationToken) =>
        SendAsync<Preferences>(HttpMethod.Patch, $"{Own}/preferences", change, cancellationToken);

    public Task<ApiKey[]> ApiKeysAsync(CancellationToken cancellationToken) => GetAsync<ApiKey[]>(Keys, cancellationToken);

    public Task<IssuedApiKey> CreateApiKeyAsync(NewApiKey key, CancellationToken cancellationToken) => PostAsync<IssuedApiKey>(Keys, key, cancellationToken);

    public Task<IssuedApiKey> RotateApiKeyAsync(Guid id, int overlapHours, CancellationToken cancellationToken) =>
        PostAsync<IssuedApiKey>($"{Keys}/{id}/rotate", new { overlap_hours = overlapHours }, cancellationToken);

    public Task RevokeApiKeyAsync(Guid id, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, $"{Keys}/{id}", cancellationToken);
}
