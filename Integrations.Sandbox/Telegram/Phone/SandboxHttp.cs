using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Sandbox.Telegram.BotApi;
using Integrations.Sandbox.Telegram.Faults;
using Microsoft.Extensions.Options;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>Registers the simulated Telegram and its HTTP side in a host.</summary>
public static class SandboxHttp
{
    /// <summary>Adds the world and its servers as a hosted service. Needs <c>SANDBOX_TOKEN</c>.</summary>
    public static WebApplicationBuilder AddSandboxTelegram(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<SandboxTelegramOptions>().BindConfiguration(SandboxTelegramOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddTimeProvider();
        services.AddSingleton(new SandboxToken(builder.Configuration["SANDBOX_TOKEN"]));
        services.AddSingleton(provider => new SandboxTelegram(
            provider.GetRequiredService<IOptions<SandboxTelegramOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            loggers: provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService<SandboxTelegramHost>();
        services.AddProblemDetails();
        services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Sandbox phone";
            document.Info.Description =
                "The simulated Telegram: its people, their phones, and faults on request. Everything but GET /sandbox/telegram needs "
                + "Authorization: Bearer with the value of SANDBOX_TOKEN.";
            return Task.CompletedTask;
        }));
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        });
        return builder;
    }

    /// <summary>Maps the phone's page, its endpoints and their description, behind the guard.</summary>
    public static WebApplication MapSandboxTelegram(this WebApplication app)
    {
        app.UseMiddleware<PhoneGuard>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapOpenApi();
        app.MapPhonePage();
        app.MapPhone();
        app.MapFaults();
        app.MapBotApi();
        return app;
    }

    private static void TryAddTimeProvider(this IServiceCollection services)
    {
        if (services.All(service => service.ServiceType != typeof(TimeProvider)))
            services.AddSingleton(TimeProvider.System);
    }
}

/// <summary>Starts and stops the data centres with the host.</summary>
internal sealed class SandboxTelegramHost(SandboxTelegram telegram) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => telegram.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => telegram.StopAsync();
}
