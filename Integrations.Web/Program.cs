using System.Globalization;
using Integrations.Web;
using Integrations.Web.Accounts;
using Integrations.Web.Activity;
using Integrations.Web.Api;
using Integrations.Web.Dialogs;
using Integrations.Web.Hosts;
using Integrations.Web.Layout;
using Integrations.Web.Privacy;
using Integrations.Web.SignIn;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Radzen;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();

builder.AddCircuits();
builder.Services.AddRazorComponents().AddInteractiveServerComponents();
builder.Services.AddRadzenComponents();
builder.Services.AddLocalization();
builder.Services.AddSingleton(TimeProvider.System);

builder.Services.AddHttpClient(nameof(IntegrationsApi), http => http.BaseAddress = new Uri("http://api/"));
builder.Services.AddHttpClient(LiveStream.HttpClientName, http =>
{
    http.BaseAddress = new Uri("http://api/");
    http.Timeout = Timeout.InfiniteTimeSpan;
});
builder.Services.AddScoped<SessionToken>();
builder.Services.AddSingleton<LiveStreams>();
builder.Services.AddHostedService<ConsoleHeartbeat>();
builder.Services.AddScoped<LiveEvents>();
builder.Services.AddScoped<ReaderZone>();
builder.Services.AddSingleton<SandboxPhone>();
builder.Services.AddSingleton<VisitorAddress>();
builder.Services.AddScoped(services => new IntegrationsApi(
    services.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(IntegrationsApi)), services.GetRequiredService<SessionToken>()));

builder.Services.AddAuthentication(SessionAuthentication.SchemeName)
    .AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(SessionAuthentication.SchemeName, null);
builder.Services.AddAuthorization();
builder.Services.AddCascadingAuthenticationState();
builder.Services.AddAntiforgery();
builder.Services.AddDataProtection().SetApplicationName("Integrations.Web");
builder.Services.AddSingleton<IXmlRepository, ApiKeyRing>();
builder.Services.AddOptions<KeyManagementOptions>().Configure<IXmlRepository>((options, ring) => options.XmlRepository = ring);

var app = builder.Build();
app.MapDefaultEndpoints();
app.UseTrustedProxies();
app.UseRequestLocalization(options =>
{
    CultureInfo[] languages = [new("en"), new("ru"), new("uk")];
    options.DefaultRequestCulture = new("en");
    options.SupportedCultures = languages;
    options.SupportedUICultures = languages;
});
app.UseContentSecurity();
app.UseOriginCheck();
app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
app.UseAuthentication();
app.UseAuthorization();
app.UseAntiforgery();
app.MapStaticAssets();
app.MapSignIn();
app.MapPalette();
app.MapActivityExport();
app.MapDialogExport();
app.MapPrivacyExport();
app.MapMedia();
app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
app.Run();
