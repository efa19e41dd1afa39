using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Integrations.Bench.Product;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Web.Tests.Leaks;
using Integrations.Workers.Tests.Media;
using Microsoft.Playwright;

namespace Integrations.Web.Tests.Browser;

/// <summary>The whole product on real processes, and one browser; every test has a person of its own in it.</summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    public const string OwnerEmail = "owner@example.org";
    public const string OwnerPassword = "correct horse battery staple";

    // A first page on two busy cores compiles as it goes; this limit only tells a hang from slowness.
    private const float Patience = 120_000;

    private static readonly string[] BrowserArguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--font-render-hinting=none",
    ];

    private readonly SemaphoreSlim _founding = new(1);
    private ProductProcess _product = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;
    private Guid? _tenant;
    private int _lastUser = 1000;

    internal ProductProcess Product => _product;

    /// <summary>Where all hosts send their traces, metrics and logs.</summary>
    internal Collector Collector { get; } = new();

    internal PhoneClient Phone { get; private set; } = null!;

    internal IReadOnlyDictionary<string, Person> People { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        Assertions.SetDefaultExpectTimeout(Patience);
        _product = await ProductProcess.StartNewAsync(ct, Collector.Settings);
        Phone = new PhoneClient(_product.Addresses.Sandbox, _product.Addresses.SandboxToken);
        People = await Phone.PeopleAsync(ct);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = BrowserArguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        Phone?.Dispose();
        if (_product is not null)
            await _product.DisposeAsync();
        await Collector.DisposeAsync();
        _founding.Dispose();
    }

    /// <summary>A browser of its own with nobody signed in.</summary>
    internal async Task<BrowserPage> AnonymousAsync(BrowserOptions? options = null)
    {
        options ??= new();
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = _product.Addresses.Web.ToString(),
            ViewportSize = new() { Width = options.Width, Height = options.Height },
            ColorScheme = options.Dark ? ColorScheme.Dark : ColorScheme.Light,
            // What fades has no colour of its own meanwhile.
            ReducedMotion = ReducedMotion.Reduce,
            Locale = options.Language,
            TimezoneId = "Europe/Berlin",
        });
        context.SetDefaultTimeout(Patience);
        context.SetDefaultNavigationTimeout(Patience);
        return new BrowserPage(context, await context.NewPageAsync());
    }

    /// <summary>A browser of its own in which a person is signed in whom no other test knows.</summary>
    internal Task<BrowserPage> SignedInAsync(ConsoleUser user, BrowserOptions? options = null) => SignedInAsync(user.Api.Bearer!, options);

    /// <summary>A browser of its own with this session.</summary>
    internal async Task<BrowserPage> SignedInAsync(string session, BrowserOptions? options = null)
    {
        var page = await AnonymousAsync(options);
        await page.Context.AddCookiesAsync(
        [
            new() { Name = "integrations_session", Value = session, Url = _product.Addresses.Web.ToString(), HttpOnly = true },
        ]);
        return page;
    }

    /// <summary>A new person of the tenant.</summary>
    /// <param name="agrees">Has agreed already to the processing of connected accounts, as most have.</param>
    internal async Task<ConsoleUser> NewUserAsync(CancellationToken cancellationToken, string role = "admin", string? name = null, bool agrees = true)
    {
        await TenantAsync(cancellationToken);
        var user = As(role, Interlocked.Increment(ref _lastUser), name);
        if (agrees && role != "viewer")
            await user.Office.AgreeAsync(cancellationToken);
        return user;
    }

    /// <summary>Changes the database behind the Api's back.</summary>
    internal async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(_product.Addresses.Database);
        await using var command = source.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = parameter });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The person made last, in another role.</summary>
    internal ConsoleUser SameUserAs(string role) => As(role, _lastUser);

    private ConsoleUser As(string role, int user, string? name = null) =>
        new(new ApiClient(_product.Addresses.Api, ApiClient.Jwt(_product.Addresses.JwtSecret, _tenant!.Value, user, role, TimeProvider.System, name)));

    /// <summary>Connects a person of the sandbox by QR over the API; the account's id.</summary>
    internal async Task<string> ConnectAsync(ConsoleUser user, Person person, CancellationToken cancellationToken)
    {
        var office = user.Office;
        var (login, link) = await office.StartQrAsync(cancellationToken);
        await Phone.ScanAsync(person, link, cancellationToken);
        if (person.Password is { } password)
        {
            await office.UntilLoginAsync(login, "password_required", TimeSpan.FromSeconds(120), cancellationToken);
            await office.PasswordAsync(login, password, cancellationToken);
        }

        await office.UntilLoginAsync(login, "completed", TimeSpan.FromSeconds(120), cancellationToken);
        return login;
    }

    /// <summary>Somebody makes a bot with BotFather; its token.</summary>
    internal async Task<string> MakeBotAsync(string name, CancellationToken cancellationToken)
    {
        using var http = Sandbox();
        using var made = await http.PostAsJsonAsync(
            new Uri($"sandbox/people/{People["anna"].Id}/bots", UriKind.Relative), new { name, username = $"console_{Interlocked.Increment(ref _lastUser)}_bot" }, cancellationToken);
        made.EnsureSuccessStatusCode();
        return JsonNode.Parse(await made.Content.ReadAsStringAsync(cancellationToken))!["token"]!.ToString();
    }

    /// <summary>A person of the simulated Telegram at a client of his own, who sends more than texts.</summary>
    internal async Task<OtherSide> OtherSideAsync(Person person, CancellationToken cancellationToken)
    {
        using var http = Sandbox();
        var world = JsonNode.Parse(await http.GetStringAsync(new Uri("sandbox/telegram", UriKind.Relative), cancellationToken))!;
        var servers = new TelegramServers(
            world["dc_id"]!.GetValue<int>(),
            [.. world["dcs"]!.AsArray().Select(dc => new TelegramDc(dc!["id"]!.GetValue<int>(), dc["host"]!.ToString(), dc["port"]!.GetValue<int>()))],
            [RsaPublicKey.FromPem(world["public_key_pem"]!.ToString())]);
        // The test numbers' own code: the digit of their data centre five times.
        return await OtherSide.SignInAsync(servers, person.Phone, new string(person.Phone[5], 5), person.Password);
    }

    /// <summary>Something goes wrong in the simulated Telegram until <see cref="HealAsync"/>.</summary>
    internal async Task BreakAsync(object fault, CancellationToken cancellationToken)
    {
        using var http = Sandbox();
        using var response = await http.PostAsJsonAsync(new Uri("sandbox/faults", UriKind.Relative), fault, cancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    internal async Task HealAsync(CancellationToken cancellationToken)
    {
        using var http = Sandbox();
        using var response = await http.DeleteAsync(new Uri("sandbox/faults", UriKind.Relative), cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>A new session of the owner, as signing in by password gives it.</summary>
    internal async Task<string> OwnerSessionAsync(CancellationToken cancellationToken)
    {
        await TenantAsync(cancellationToken);
        using var anonymous = new ApiClient(_product.Addresses.Api);
        var entered = await anonymous.PostAsync("api/v1/auth/sign-in", new { email = OwnerEmail, password = OwnerPassword }, cancellationToken);
        return entered.Expect(System.Net.HttpStatusCode.OK).Body.Text("session_token");
    }

    /// <summary>The tenant; its owner is created first, in the browser by the printed link, as a person does it.</summary>
    internal async Task<Guid> TenantAsync(CancellationToken cancellationToken)
    {
        await _founding.WaitAsync(cancellationToken);
        try
        {
            return _tenant ??= await FoundAsync(cancellationToken);
        }
        finally
        {
            _founding.Release();
        }
    }

    private async Task<Guid> FoundAsync(CancellationToken cancellationToken)
    {
        using var anonymous = new ApiClient(_product.Addresses.Api);
        var link = await anonymous.PostAsync("internal/owner-link", null, cancellationToken, ("X-Internal-Key", _product.Addresses.InternalKey));
        await using var browser = await AnonymousAsync();
        var page = browser.Page;
        await page.GotoAsync($"/welcome#token={link.Body.Text("token")}");
        await Screens.CheckAsync(page, "welcome");
        Assert.DoesNotContain("token=", page.Url, StringComparison.Ordinal);
        await page.GetByLabel("E-mail").FillAsync(OwnerEmail);
        await page.GetByLabel("Choose a password").FillAsync(OwnerPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the owner" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Three steps to the first message")).ToBeVisibleAsync();
        await Screens.CheckAsync(page, "first-steps");
        browser.ExpectNoProblems();
        var session = (await browser.Context.CookiesAsync()).Single(cookie => cookie.Name == "integrations_session");
        using var owner = new ApiClient(_product.Addresses.Api, session.Value);
        await new Office(owner).RaiseLimitsAsync(cancellationToken);
        await new Office(owner).AgreeAsync(cancellationToken);
        return Guid.Parse((await owner.GetAsync("api/v1/auth/me", cancellationToken)).Body.Text("tenant_id"));
    }

    /// <summary>The side of the sandbox that plays phones.</summary>
    internal HttpClient Sandbox()
    {
        var http = new HttpClient { BaseAddress = _product.Addresses.Sandbox };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _product.Addresses.SandboxToken);
        return http;
    }
}

/// <summary>The tests of this collection share the product and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class ConsoleTests : ICollectionFixture<ConsoleFixture>
{
    public const string Name = "console";
}
