using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Core.Telegram.Media;

/// <summary>What is kept of files, and what callers may have sent for them.</summary>
public sealed class MediaOptions
{
    public const string Section = "Media";

    /// <summary>Bytes of the largest file that is fetched or taken: <c>MEDIA_MAX_BYTES</c>. It lies in the database; a bot is given no more than 20 MiB by Telegram.</summary>
    [Range(1, 2_000_000_000)]
    public long MaxBytes { get; set; } = 20 * 1024 * 1024;

    /// <summary>Bytes of a tenant's uploads that no message has taken yet.</summary>
    [Range(1024, 1_000_000_000_000)]
    public long UnsentBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>How long an upload waits for a message to take it.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan KeptUnsent { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Uploads that one copy of the service takes at once; each holds a piece of its file in memory.</summary>
    [Range(1, 1000)]
    public int UploadsAtOnce { get; set; } = 32;

    /// <summary>Bytes a second, on average, at which an upload must come: a slow one holds a place that others want.</summary>
    [Range(1, 100_000_000)]
    public int UploadRate { get; set; } = 8 * 1024;
}

/// <summary>Registers the limits of files.</summary>
public static class MediaHosting
{
    public static IServiceCollection AddMediaOptions(this IServiceCollection services)
    {
        services.AddOptions<MediaOptions>().BindConfiguration(MediaOptions.Section)
            .PostConfigure<IConfiguration>((options, settings) => options.MaxBytes = settings.GetValue("MEDIA_MAX_BYTES", options.MaxBytes))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        return services;
    }
}
