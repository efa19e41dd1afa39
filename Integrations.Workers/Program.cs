using Integrations.Core;
using Integrations.Core.Persistence;
using Integrations.Workers;

if (args is ["migrate", .. var rest])
{
    var settings = Host.CreateApplicationBuilder(rest);
    using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(settings.Configuration.GetSection("Logging")).AddSimpleConsole());
    return await MigrateCommand.RunAsync(settings.Configuration, loggers, TimeProvider.System, Console.Out, CancellationToken.None);
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddAccounts();
builder.AddChores();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
return 0;
