using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Api.Authentication;
using Integrations.Core.Persistence;
using Integrations.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Integrations.Api.Tests.Host;

/// <summary>The Api as it is deployed, on Kestrel and a free port, over real servers and a database of its own, with a worker played by the test.</summary>
public sealed class ApiHost(Servers servers) : IAsyncLifetime
{
    public const string JwtSecret = "a secret that only this test process knows";
    public const string InternalKey = "a key that only this test process knows, too";
    public const string OwnerEmail = "first.owner@example.org";
    public const string OwnerPassword = "correct horse battery staple";

    /// <summary>How long the host waits for requests that do not end when it stops.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromMinutes(3);

    private const string RolePassword = "a password of the test's own roles";

    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("integrations-api-tests-");
    private readonly LoggedEvents _logged = new();
    private readonly int _port = FreePort.Next();
    private WebApplicationFactory<Program> _factory = null!;
    private Dictionary<string, string> _settings = [];

    public Uri Address { get; private set; } = null!;

    /// <summary>Past every wall: for what a test arranges and looks at behind the Api's back.</summary>
    public NpgsqlDataSource Admin { get; private set; } = null!;

    public IServiceProvider Services => _factory.Services;

    internal TestWorker Worker { get; private set; } = null!;

    internal TestTelegram Telegram { get; private set; } = null!;

    /// <summary>The tenant of the console's owner.</summary>
    public Guid Tenant { get; private set; }

    /// <summary>The owner's session.</summary>
    public string OwnerToken { get; private set; } = "";

    public int OwnerUserId { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var admin = await servers.CreateDatabaseAsync();
        await MigrateAsync(admin);
        Admin = NpgsqlDataSource.Create(admin);
        Telegram = await TestTelegram.StartAsync();
        _settings = Settings(admin);
        (_factory, Address) = Start(new(_settings) { ["urls"] = _settings["BACKEND_URL"] }, _logged);
        Worker = new TestWorker(this);
        await Worker.StartAsync();
        await MakeOwnerAsync();
        await RaiseLimitsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Worker.DisposeAsync();
        await _factory.DisposeAsync();
        await Telegram.DisposeAsync();
        await Admin.DisposeAsync();
        _keys.Delete(recursive: true);
    }

    /// <summary>Another copy of the Api over the same servers and database, with some settings of its own.</summary>
    internal ApiCopy StartCopy(params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(_settings);
        foreach (var (key, value) in settings)
            all[key] = value;
        var logged = new LoggedEvents();
        var (factory, address) = Start(all, logged);
        return new ApiCopy(factory, address, logged);
    }

    /// <summary>How often the host has logged an event of this number.</summary>
    public int Logged(int eventId) => _logged.TimesOf(eventId);

    internal TestClient Anonymous() => new(Address, null);

    internal TestClient Owner() => new(Address, OwnerToken);

    /// <summary>A user of the customer's user service.</summary>
    internal TestClient User(int userId, string role = "operator", Guid? tenant = null) => new(Address, Jwt(userId, role, tenant ?? Tenant));

    public static string Jwt(int userId, string role, Guid tenant) => Jwt(new JsonObject
    {
        ["sub"] = userId.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["user_id"] = userId,
        ["tenant_id"] = tenant.ToString(),
        ["role"] = role,
        ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
    });

    public static string Jwt(JsonObject claims, string secret = JwtSecret, string header = """{"alg":"HS256","typ":"JWT"}""")
    {
        var input = $"{Part(Encoding.UTF8.GetBytes(header))}.{Part(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{input}.{Part(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(input)))}";

        static string Part(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    /// <summary>Another customer of the same installation.</summary>
    /// <param name="limited">With the limits that every customer has; without it they are out of the way.</param>
    public async Task<Guid> AddTenantAsync(bool limited = false)
    {
        var id = Guid.CreateVersion7();
        await ExecuteAsync("insert into tenants (id, name) values ($1, 'Another')", id);
        if (!limited)
            await ExecuteAsync("insert into tenant_limits (tenant_id, route_class, per_minute, burst) select $1, unnest(array['connect', 'send', 'status']), 10000, 10000", id);
        return id;
    }

    /// <summary>A person of any tenant who signs in here, with a session and the password of <see cref="People.Newcomers"/>.</summary>
    internal async Task<TestClient> PersonAsync(Guid tenant, int userId, string role)
    {
        var token = SecretToken.New(SecretToken.SessionPrefix);
        var password = await Services.GetRequiredService<Passwords>().HashAsync(People.Newcomers.Password, CancellationToken.None);
        await ExecuteAsync(
            """
            with person as (insert into users (id, tenant_id, user_id, subject, email, role, password_hash) values (gen_random_uuid(), $1, $2, 'console:' || $2, $2 || '@example.org', $3, $4))
            insert into console_sessions (token_hash, tenant_id, user_id, expires_at) values ($5, $1, $2, now() + interval '1 day')
            """,
            tenant, userId, role, password, SecretToken.Hash(token));
        return new(Address, token);
    }

    public async Task ExecuteAsync(string sql, params object[] parameters)
    {
        await using var command = Admin.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter as NpgsqlParameter ?? new NpgsqlParameter { Value = parameter });
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql, params object[] parameters)
    {
        await using var command = Admin.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private static async Task MigrateAsync(string admin)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:integrations"] = admin,
            ["Database:ApiPassword"] = RolePassword,
            ["Database:WorkerPassword"] = RolePassword,
        }).Build();
        await using var output = new StringWriter();
        if (await MigrateCommand.RunAsync(settings, NullLoggerFactory.Instance, TimeProvider.System, output, CancellationToken.None) != 0)
            throw new InvalidOperationException(output.ToString());
    }

    private Dictionary<string, string> Settings(string admin) => new()
    {
        ["ConnectionStrings:integrations"] = new NpgsqlConnectionStringBuilder(admin) { Username = "integrations_api", Password = RolePassword, MaxPoolSize = 20 }.ConnectionString,
        ["ConnectionStrings:redis"] = servers.Redis,
        ["ConnectionStrings:rabbitmq"] = servers.RabbitMq,
        ["JWT_SECRET_KEY"] = JwtSecret,
        ["INTERNAL_SERVICE_KEY"] = InternalKey,
        ["Secrets:Directory"] = _keys.FullName,
        ["services:sandbox:http:0"] = Telegram.Address.AbsoluteUri,
        // Known before the start, because Telegram is told of it.
        ["BACKEND_URL"] = $"http://127.0.0.1:{_port}",
        ["Channels:AnswerPatience"] = "00:00:00.3",
        ["TelegramBots:HookMemory"] = "00:00:00.2",
        ["TelegramBots:UpdatesPerMinute"] = "30",
        ["Sending:MaxBacklogPerAccount"] = "20",
        ["Privacy:ExportsAtOnce"] = "20",
        ["EventStream:Heartbeat"] = "00:00:00.5",
        ["EventStream:RightCheck"] = "00:00:00.5",
        ["EventStream:SlowReader"] = "00:00:01",
        // All of them come from one address.
        ["RateLimits:Anonymous"] = "100000",
        ["Cors:AllowedOrigins:0"] = "https://pages.example.org",
        ["LOG_LEVEL"] = "WARNING",
        ["shutdownTimeoutSeconds"] = ShutdownTimeout.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private static (WebApplicationFactory<Program> Factory, Uri Address) Start(Dictionary<string, string> settings, LoggedEvents logged)
    {
        var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(web =>
        {
            web.UseEnvironment("Testing");
            // Any free port. The factory's own UseKestrel(port) does not reach a factory that was derived from another.
            web.UseUrls("http://127.0.0.1:0");
            web.ConfigureLogging(logging => logging.AddProvider(logged).AddFilter<LoggedEvents>("Integrations.Api", LogLevel.Information));
            foreach (var (key, value) in settings)
                web.UseSetting(key, value);
        });
        factory.UseKestrel();
        factory.StartServer();
        return (factory, new Uri(factory.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single()));
    }

    /// <summary>The tests' users do in a minute what people do in a day. What the limits are by themselves is seen in another tenant.</summary>
    private async Task RaiseLimitsAsync()
    {
        using var owner = Owner();
        var much = new { per_minute = 10_000 };
        (await owner.PutAsync("/api/v1/settings/limits", new { connect = much, send = much, status = much })).Expect(200);
    }

    private async Task MakeOwnerAsync()
    {
        using var client = Anonymous();
        var link = (await client.PostAsync("/internal/owner-link", null, ("X-Internal-Key", InternalKey))).Expect(200);
        var session = (await client.PostAsync("/api/v1/auth/owner-link", new
        {
            token = link.Text("token"),
            email = OwnerEmail,
            password = OwnerPassword,
            display_name = "Example",
        })).Expect(200);
        OwnerToken = session.Text("session_token");
        Tenant = Guid.Parse(session.Text("user.tenant_id"));
        OwnerUserId = int.Parse(session.Text("user.user_id"), System.Globalization.CultureInfo.InvariantCulture);
    }
}

/// <summary>A copy of the Api beside the one of <see cref="ApiHost"/>.</summary>
internal sealed class ApiCopy(WebApplicationFactory<Program> factory, Uri address, LoggedEvents logged) : IAsyncDisposable
{
    public Uri Address => address;

    public IServiceProvider Services => factory.Services;

    public int Logged(int eventId) => logged.TimesOf(eventId);

    public ValueTask DisposeAsync() => factory.DisposeAsync();
}

/// <summary>One host for the tests that do not need another; they run one after the other and keep to users of their own.</summary>
[CollectionDefinition(Name)]
public sealed class ApiCollection : ICollectionFixture<ApiHost>
{
    public const string Name = "Api";
}
