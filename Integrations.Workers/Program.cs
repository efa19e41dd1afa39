using Integrations.Core;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets.Rotation;
using Integrations.Workers;

if (args is ["migrate", .. var rest])
{
    var settings = Host.CreateApplicationBuilder(rest);
    using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(settings.Configuration.GetSection("Logging")).AddSimpleConsole());
    return await MigrateCommand.RunAsync(settings.Configuration, loggers, TimeProvider.System, Console.Out, CancellationToken.None);
}

if (args is ["secrets", .. var order])
{
    var tool = Host.CreateApplicationBuilder();
    return await SecretsCommand.RunAsync(tool, tool.Build, order, Console.Out, CancellationToken.None);
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
if (!await VaultRoom.PassAsync(builder, args, TimeProvider.System))
    return 0;
builder.AddAccounts();
builder.AddChores();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
return 0;
