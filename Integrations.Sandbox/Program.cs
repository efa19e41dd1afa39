using Integrations.Sandbox.Telegram.Phone;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddSandboxTelegram();

var app = builder.Build();
app.MapSandboxTelegram();
app.MapDefaultEndpoints();
app.Run();

/// <summary>The simulated platforms as a host.</summary>
public partial class Program;
