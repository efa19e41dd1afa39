using System.Net;

namespace Integrations.Bench.Product;

/// <summary>What a customer does with the API: sign in, connect accounts, send, read. Each call is one or two requests.</summary>
internal sealed class Office(ApiClient api)
{
    private const string Accounts = "api/personal-telegram-accounts";

    private bool _agreed;

    public ApiClient Api => api;

    /// <summary>Signs in by a fresh one-time owner link and returns a client with the session, and the tenant's id.</summary>
    public static async Task<(Office Office, Guid Tenant)> OpenAsync(ProductAddresses product, CancellationToken cancellationToken)
    {
        using var anonymous = new ApiClient(product.Api);
        var link = (await anonymous.PostAsync("internal/owner-link", null, cancellationToken, ("X-Internal-Key", product.InternalKey))).Expect(HttpStatusCode.OK);
        var owner = (await anonymous.PostAsync("api/v1/auth/owner-link", new
        {
            token = link.Body.Text("token"),
            email = "owner@example.org",
            password = "correct horse battery staple",
            display_name = "Example",
        }, cancellationToken)).Expect(HttpStatusCode.OK);
        var office = new Office(new ApiClient(product.Api, owner.Body.Text("session_token")));
        await office.RaiseLimitsAsync(cancellationToken);
        await office.AgreeAsync(cancellationToken);
        return (office, Guid.Parse(owner.Body!["user"].Text("tenant_id")));
    }

    /// <summary>Lets the tenant's users ask as fast as a program does, by the setting that is every administrator's.</summary>
    public async Task RaiseLimitsAsync(CancellationToken cancellationToken) =>
        (await api.PutAsync("api/v1/settings/limits", new
        {
            connect = new { per_minute = 10_000 },
            send = new { per_minute = 100_000 },
            status = new { per_minute = 100_000 },
        }, cancellationToken)).Expect(HttpStatusCode.OK);

    /// <summary>Agrees to the processing of connected accounts, which comes before the first login.</summary>
    public async Task AgreeAsync(CancellationToken cancellationToken)
    {
        if (_agreed)
            return;
        var version = (await api.GetAsync("api/v1/privacy/consent", cancellationToken)).Expect(HttpStatusCode.OK).Body.Text("version");
        (await api.PostAsync("api/v1/privacy/consent", new { version }, cancellationToken)).Expect(HttpStatusCode.OK);
        _agreed = true;
    }

    /// <summary>Begins a QR login; with an account id, a new login of that account.</summary>
    public async Task<(string LoginId, string QrUrl)> StartQrAsync(CancellationToken cancellationToken, string? account = null)
    {
        await AgreeAsync(cancellationToken);
        object body = account is null ? new { } : new { account_id = account };
        var login = await api.PostAsync($"{Accounts}/login", body, cancellationToken);
        if ((int)login.Status is < 200 or > 299)
            throw new ScenarioException($"the login did not start: {(int)login.Status} {login.Body?.ToJsonString()}");
        return (login.Body.Text("login_id"), login.Body.Text("qr_url"));
    }

    public async Task<string> LoginStateAsync(string loginId, CancellationToken cancellationToken) =>
        (await api.GetAsync($"{Accounts}/login/{loginId}", cancellationToken)).Expect(HttpStatusCode.OK).Body.Text("status");

    public Task<Answer> PasswordAsync(string loginId, string password, CancellationToken cancellationToken) =>
        api.PostAsync($"{Accounts}/login/{loginId}/password", new { password }, cancellationToken);

    /// <summary>Polls a login until it reaches a state; what a caller without the event stream does.</summary>
    public Task UntilLoginAsync(string loginId, string state, TimeSpan limit, CancellationToken cancellationToken) =>
        UntilAsync($"login {state}", async () => await LoginStateAsync(loginId, cancellationToken) is var seen && seen == state, limit, cancellationToken);

    public async Task<Answer> AccountAsync(string id, CancellationToken cancellationToken) =>
        await api.GetAsync($"api/v1/telegram/accounts/{id}", cancellationToken);

    /// <summary>Accepts a message; the answer is the message's id.</summary>
    public async Task ChangeAccountAsync(string id, object change, CancellationToken cancellationToken) =>
        (await api.PatchAsync($"{Accounts}/{id}", change, cancellationToken)).Expect(HttpStatusCode.OK);

    public async Task<string> SendAsync(string account, Person to, string text, string key, CancellationToken cancellationToken)
    {
        var accepted = await api.PostAsync("api/v1/telegram/send",
            new { account_id = account, to = new { username = to.Username }, text }, cancellationToken, ("Idempotency-Key", key));
        return accepted.Expect(HttpStatusCode.Accepted).Body.Text("id");
    }

    public async Task<string> MessageStatusAsync(string id, CancellationToken cancellationToken) =>
        (await api.GetAsync($"api/v1/telegram/messages/{id}", cancellationToken)).Expect(HttpStatusCode.OK).Body.Text("status");

    /// <summary>How many stored messages of an account have this text.</summary>
    public async Task<int> CountAsync(string account, string text, CancellationToken cancellationToken)
    {
        var page = (await api.GetAsync($"api/v1/telegram/messages?account_id={account}&limit=100", cancellationToken)).Expect(HttpStatusCode.OK);
        var items = page.Body as System.Text.Json.Nodes.JsonArray ?? page.Body?["items"]?.AsArray() ?? throw new ScenarioException("the message page has no items");
        return items.Count(m => m.OptionalText("text") == text);
    }

    /// <summary>Asks every 5 ms until the answer is yes.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> question, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        try
        {
            while (!await question())
                await pause.WaitForNextTickAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ScenarioException($"'{what}' did not happen within {limit.TotalSeconds:0.#} s");
        }
    }
}
