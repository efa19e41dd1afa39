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
            .ValidateOnStart();
        services.TryAddScoped<Caller>();
        services.TryAddSingleton<Sessions>();
        services.TryAddSingleton<TokenUsers>();
        services.TryAddSingleton<Passwords>();
        services.TryAddSingleton<SignInThrottle>();
        services.TryAddSingleton<SignIn>();
        services.TryAddSingleton<OwnerLinks>();
        // AddAuthentication would bring DataProtection along, which keeps keys in a home directory that nothing here needs.
        services.AddAuthenticationCore(options => options.DefaultScheme = BearerHandler.SchemeName);
        services.AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.SchemeName, null);
        Policies.AddTo(services.AddAuthorizationBuilder());
        return builder;
    }
}
