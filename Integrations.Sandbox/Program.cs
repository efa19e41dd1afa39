using Integrations.Sandbox.Google;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Twilio;
using Integrations.Sandbox.Vault;
using Integrations.Sandbox.Webhooks;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddSandboxTelegram();
builder.AddSandboxVault();
builder.AddSandboxWebhooks();
builder.AddSandboxTwilio();
builder.AddSandboxGoogle();

var app = builder.Build();
app.MapSandboxTelegram();
app.MapSandboxTwilio();
app.MapDefaultEndpoints();
app.Run();

/// <summary>The simulated platforms as a host.</summary>
public partial class Program;
