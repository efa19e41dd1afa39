using Integrations.ServiceDefaults.Resilience;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Integrations.Api.Authentication;

internal static class AuthenticationHosting
{
    public static WebApplicationBuilder AddCallers(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<CallerAuthenticationOptions>()
            .BindConfiguration("Authentication")
            .Configure<IConfiguration>((options, settings) =>
            {
                options.JwtSecretKey = settings["JWT_SECRET_KEY"] ?? "";
                options.InternalServiceKey = settings["INTERNAL_SERVICE_KEY"] ?? "";
            })
            .ValidateDataAnnotations()
            .Validate<IHostEnvironment>(
                (options, environment) => options.FetchesKeysSafely(environment.IsDevelopment()),
                "Authentication:Jwks:Address must be https, except on loopback and in Development.")
            .ValidateOnStart();
        services.AddKeySet();
        services.TryAddScoped<Caller>();
        services.TryAddSingleton<Sessions>();
        services.TryAddSingleton<UserTokens>();
        services.TryAddSingleton<TokenUsers>();
        services.TryAddSingleton<KeyHolders>();
        services.TryAddSingleton<Passwords>();
        services.TryAddSingleton<SignInThrottle>();
        services.TryAddSingleton<OwnPasswords>();
        services.TryAddSingleton<SignInChallenges>();
        services.TryAddSingleton<SignIn>();
        services.TryAddSingleton<OwnerLinks>();
        services.TryAddSingleton<OwnSessions>();
        // AddAuthentication would bring DataProtection along, which keeps keys in a home directory that nothing here needs.
        services.AddAuthenticationCore(options => options.DefaultScheme = BearerHandler.SchemeName);
        services.AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.SchemeName, null);
        Policies.AddTo(services.AddAuthorizationBuilder());
        return builder;
    }

    internal static IServiceCollection AddKeySet(this IServiceCollection services)
    {
        // A fetch is repeated by the next request that needs it, not by itself; and it goes to the configured address and nowhere else.
        services.Configure<HttpResilienceOptions>(KeySet.Client, options => options.MaxRetries = 0);
        services.AddHttpClient(KeySet.Client).ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        services.TryAddSingleton<KeySet>();
        return services;
    }
}
