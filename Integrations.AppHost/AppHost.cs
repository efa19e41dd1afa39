using System.Globalization;
using Integrations.AppHost;

var builder = DistributedApplication.CreateBuilder(args);

// Files that the hosts keep themselves: beside the solution, or where --data says.
var data = Path.GetFullPath(builder.Configuration["data"] ?? "../.data", builder.AppHostDirectory);

// Generated at the first start and kept from then on.
var postgresPassword = Secret("postgres-password");
var redisPassword = Secret("redis-password");
var rabbitPassword = Secret("rabbitmq-password");
var apiDbPassword = Secret("api-db-password");
var workerDbPassword = Secret("worker-db-password");
var jwtSecret = Secret("jwt-secret");
var internalServiceKey = Secret("internal-service-key");
var sandboxToken = Secret("sandbox-token");

var postgres = builder.AddPostgres("postgres", password: postgresPassword, port: 54329).WithDataVolume();
var database = postgres.AddDatabase("integrations", "integration_db");
var redis = builder.AddRedis("redis", port: 63799, password: redisPassword).WithDataVolume();
var rabbitmq = builder.AddRabbitMQ("rabbitmq", password: rabbitPassword, port: 56729).WithDataVolume();

// The simulated Telegram: its HTTP side with the page that plays the phone, and one MTProto port for each data centre.
var sandbox = Host<Projects.Integrations_Sandbox>("sandbox", 8090, "Sandbox phone", sandboxToken)
    .WithEndpoint(port: 8091, name: "dc1", scheme: "tcp", env: "Sandbox__Dc1Port", isProxied: false)
    .WithEndpoint(port: 8092, name: "dc2", scheme: "tcp", env: "Sandbox__Dc2Port", isProxied: false)
    .WithEnvironment("SANDBOX_TOKEN", sandboxToken)
    .WithEnvironment("Sandbox__Directory", Path.Combine(data, "sandbox"));

// The only one that connects as the database's superuser: it creates the tables and the roles of the others, and ends.
var migrator = builder.AddProject<Projects.Integrations_Workers>("migrator", launchProfileName: null)
    .WithArgs("migrate")
    .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
    .WithReference(database)
    .WithEnvironment("Database__ApiPassword", apiDbPassword)
    .WithEnvironment("Database__WorkerPassword", workerDbPassword)
    .WaitFor(database);

var api = Host<Projects.Integrations_Api>("api", 8001, "API").WithShownPath("API reference", "/docs")
    .WithEnvironment("ConnectionStrings__integrations", DatabaseAs("integrations_api", apiDbPassword))
    .WithReference(redis).WithReference(rabbitmq).WithReference(sandbox)
    .WithEnvironment("JWT_SECRET_KEY", jwtSecret)
    .WithEnvironment("INTERNAL_SERVICE_KEY", internalServiceKey)
    .WithEnvironment("Secrets__Directory", Path.Combine(data, "keys"))
    .WaitForCompletion(migrator).WaitFor(redis).WaitFor(rabbitmq);

api.WithBackendAddress(api);
Host<Projects.Integrations_Workers>("workers", null, null)
    .WithBackendAddress(api)
    .WithEnvironment("ConnectionStrings__integrations", DatabaseAs("integrations_worker", workerDbPassword))
    .WithReference(rabbitmq).WithReference(sandbox)
    .WithEnvironment("SANDBOX_TOKEN", sandboxToken)
    .WithEnvironment("Secrets__Directory", Path.Combine(data, "keys"))
    .WithReplicas(int.Parse(builder.Configuration["Workers:Replicas"] ?? "1", CultureInfo.InvariantCulture))
    .WaitForCompletion(migrator).WaitFor(rabbitmq).WaitFor(sandbox);

var web = Host<Projects.Integrations_Web>("web", 8080, "Console")
    .WithReference(api)
    .WithReference(sandbox).WithEnvironment("SANDBOX_TOKEN", sandboxToken) // for its link to the phone
    .WithEnvironment("INTERNAL_SERVICE_KEY", internalServiceKey)
    .WaitFor(api);

builder.AddOwnerLink(api, web, internalServiceKey);
builder.Build().Run();

IResourceBuilder<ParameterResource> Secret(string name) =>
    builder.AddParameter(name, new GenerateParameterDefault { MinLength = 40, Special = false }, secret: true, persist: true);

ReferenceExpression DatabaseAs(string user, IResourceBuilder<ParameterResource> password) => ReferenceExpression.Create(
    $"Host={postgres.Resource.Host};Port={postgres.Resource.Port};Username={user};Password={password};Database=integration_db");

IResourceBuilder<ProjectResource> Host<TProject>(string name, int? port, string? shownAs, IResourceBuilder<ParameterResource>? token = null)
    where TProject : IProjectMetadata, new() =>
    builder.AddProject<TProject>(name, launchProfileName: null)
        .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
        .WithHttpEndpoint(port)
        .WithHttpHealthCheck("/health")
        .WithShownUrl(shownAs, token);
