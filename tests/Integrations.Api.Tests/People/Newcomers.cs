using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.People;

/// <summary>People of the console, as tests need them: invited, and come in.</summary>
internal static class Newcomers
{
    public const string Password = "correct horse battery staple";

    private static int _last;

    public static string Address() => $"person{Interlocked.Increment(ref _last)}@example.org";

    public static async Task<Answer> InviteAsync(TestClient administrator, string email, string role = "operator", params string[] projects) =>
        await administrator.PostAsync("/api/v1/invitations", new { email, role, project_ids = projects });

    public static async Task<Answer> AcceptAsync(ApiHost host, string token, string password = Password, string name = "Newcomer")
    {
        using var anonymous = host.Anonymous();
        return await anonymous.PostAsync("/api/v1/invitations/accept", new { token, display_name = name, password });
    }

    /// <summary>A person of the owner's tenant who signs in here.</summary>
    public static async Task<(TestClient Client, int UserId, string Email)> ComeAsync(ApiHost host, string role = "operator", TestClient? by = null)
    {
        using var owner = host.Owner();
        var email = Address();
        var invited = (await InviteAsync(by ?? owner, email, role)).Expect(201);
        var joined = (await AcceptAsync(host, invited.Text("token"))).Expect(200);
        return (new TestClient(host.Address, joined.Text("session_token")), joined["user.user_id"]!.GetValue<int>(), email);
    }

    public static async Task<TestClient> KeyAsync(ApiHost host, TestClient person, params string[] scopes)
    {
        var made = (await person.PostAsync("/api/v1/api-keys", new { name = "Test", scopes })).Expect(201);
        return new TestClient(host.Address, made.Text("key"));
    }
}
