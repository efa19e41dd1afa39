using Integrations.Sandbox.Google;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Vault;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddSandboxTelegram();
builder.AddSandboxVault();
builder.AddSandboxGoogle();

var app = builder.Build();
app.MapSandboxTelegram();
app.MapDefaultEndpoints();
app.Run();

/// <summary>The simulated platforms as a host.</summary>
public partial class Program;
