using Integrations.Api.Tests.Events;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.People;

[Collection(ApiCollection.Name)]
public sealed class OwnAccountTests(ApiHost host)
{
    [Fact]
    public async Task A_new_password_takes_the_current_one_and_ends_all_other_sessions()
    {
        var (person, _, email) = await Newcomers.ComeAsync(host);
        using var anonymous = host.Anonymous();
        var other = (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = Newcomers.Password })).Expect(200).Text("session_token");
        using var elsewhere = new TestClient(host.Address, other);
        using (person)
        {
            await using var stream = await SseReader.OpenAsync(elsewhere);
            (await person.PostAsync("/api/v1/me/password", new { current_password = "not the password", new_password = "another password" })).Expect(400, "PASSWORD_WRONG");
            Assert.Equal(["new_password"], (await person.PostAsync("/api/v1/me/password", new { current_password = Newcomers.Password, new_password = "short" })).Expect(400, "VALIDATION_FAILED").ErrorFields);

            (await person.PostAsync("/api/v1/me/password", new { current_password = Newcomers.Password, new_password = "another password" })).Expect(204);

            (await person.GetAsync("/api/v1/auth/me")).Expect(200);
            (await elsewhere.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
            await stream.UntilAsync("end", _ => true);
            (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = Newcomers.Password })).Expect(401, "SIGN_IN_FAILED");
            (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = "another password" })).Expect(200);
        }
    }

    [Fact]
    public async Task Guessing_the_current_password_has_to_wait_after_five_tries()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host);
        using (person)
        {
            for (var i = 0; i < 5; i++)
                (await person.PostAsync("/api/v1/me/password", new { current_password = $"guess {i}", new_password = "another password" })).Expect(400, "PASSWORD_WRONG");
            (await person.PostAsync("/api/v1/me/password", new { current_password = Newcomers.Password, new_password = "another password" })).Expect(429, "RATE_LIMITED");
        }
    }

    [Fact]
    public async Task A_person_sees_and_ends_his_own_sessions_and_nobody_elses()
    {
        var (person, _, email) = await Newcomers.ComeAsync(host);
        using var anonymous = host.Anonymous();
        var signedIn = (await anonymous.PostAsync("/api/v1/auth/sign-in", new { email, password = Newcomers.Password }, ("User-Agent", "Test browser"))).Expect(200).Text("session_token");
        using var elsewhere = new TestClient(host.Address, signedIn);
        using var owner = host.Owner();
        using (person)
        {
            var sessions = (await person.GetAsync("/api/v1/me/sessions")).Expect(200).Body!.AsArray();
            Assert.Equal(2, sessions.Count);
            Assert.Single(sessions, session => session!["current"]!.GetValue<bool>());
            var other = sessions.Single(session => session!["user_agent"]?.ToString() == "Test browser")!["id"]!.ToString();

            (await owner.DeleteAsync($"/api/v1/me/sessions/{other}")).Expect(404, "NOT_FOUND");
            (await elsewhere.GetAsync("/api/v1/auth/me")).Expect(200);
            (await person.DeleteAsync($"/api/v1/me/sessions/{other}")).Expect(204);
            (await elsewhere.GetAsync("/api/v1/auth/me")).Expect(401, "UNAUTHENTICATED");
            (await person.DeleteAsync($"/api/v1/me/sessions/{other}")).Expect(404, "NOT_FOUND");
        }
    }

    [Fact]
    public async Task A_person_of_the_user_service_has_no_password_and_no_session_here()
    {
        using var token = host.User(2401);

        (await token.PostAsync("/api/v1/me/password", new { current_password = "x", new_password = "another password" })).Expect(409, "CONFLICT");
        Assert.Equal("[]", (await token.GetAsync("/api/v1/me/sessions")).Expect(200).Raw);
    }

    [Fact]
    public async Task A_name_is_changed_and_removed()
    {
        var (person, _, _) = await Newcomers.ComeAsync(host);
        using (person)
        {
            Assert.Equal("Zora", (await person.PatchAsync("/api/v1/me", new { display_name = " Zora " })).Expect(200).Text("display_name"));
            Assert.Equal("Zora", (await person.GetAsync("/api/v1/auth/me")).Text("display_name"));
            Assert.Null((await person.PatchAsync("/api/v1/me", new { display_name = "" })).Expect(200)["display_name"]);
        }
    }

    [Fact]
    public async Task Preferences_are_kept_one_by_one_and_forgotten_by_an_empty_text()
    {
        using var token = host.User(2402, "viewer");
        using var other = host.User(2403, "viewer");
        const string Path = "/api/v1/me/preferences";
        Assert.Equal("""{"language":null,"theme":null,"time_zone":null}""", (await token.GetAsync(Path)).Expect(200).Raw);

        (await token.PatchAsync(Path, new { language = "uk", time_zone = "Europe/Kyiv" })).Expect(200);
        (await token.PatchAsync(Path, new { theme = "dark" })).Expect(200);
        Assert.Equal("""{"language":"uk","theme":"dark","time_zone":"Europe/Kyiv"}""", (await token.GetAsync(Path)).Raw);
        Assert.Equal("""{"language":"uk","theme":"dark","time_zone":null}""", (await token.PatchAsync(Path, new { time_zone = "" })).Expect(200).Raw);
        Assert.Equal("""{"language":null,"theme":null,"time_zone":null}""", (await other.GetAsync(Path)).Raw);
        Assert.Equal(
            ["language", "theme", "time_zone"],
            (await token.PatchAsync(Path, new { language = "xx", theme = "pink", time_zone = "../../etc/passwd" })).Expect(400, "VALIDATION_FAILED").ErrorFields);
    }
}
