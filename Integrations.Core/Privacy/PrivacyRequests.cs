using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Privacy;

/// <summary>Registers what people ask about their own data. Needs the secrets.</summary>
public static class PrivacyRequests
{
    public static TBuilder AddPrivacyRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<PrivacyOptions>().BindConfiguration(PrivacyOptions.Section).ValidateDataAnnotations()
            .Validate(
                options => options.ConsentText.Count == 0 || Consents.Languages.All(options.ConsentText.ContainsKey),
                "Privacy:ConsentText needs all of en, ru and uk: everybody agrees to the same.")
            .Validate(
                options => options.ConsentText.Count == 0 || options.ConsentVersion != ConsentTexts.Version,
                $"Privacy:ConsentText needs a Privacy:ConsentVersion of its own; {ConsentTexts.Version} is the text that comes along.")
            .ValidateOnStart();
        builder.Services.TryAddSingleton<Consents>();
        builder.Services.TryAddSingleton<ExportData>();
        builder.Services.TryAddSingleton<RequestErasure>();
        builder.Services.TryAddSingleton<ReadErasures>();
        builder.Services.TryAddSingleton<Receipts>();
        return builder;
    }
}
