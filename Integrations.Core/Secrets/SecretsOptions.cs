using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Integrations.Core.Secrets;

/// <summary>Where the tenants' keys lie and how long their data keys serve.</summary>
public sealed class SecretsOptions : IValidatableObject
{
    public const string Section = "Secrets";

    /// <summary>
    /// The directory of the key files: mode 0700, outside the database and its backups. Losing it loses every stored secret. Beside Vault it
    /// is needed only until everything has moved there.
    /// </summary>
    public string Directory { get; set; } = "";

    /// <summary>Data keys in memory at once; the least recently used one is zeroed first.</summary>
    [Range(1, 1_000_000)]
    public int KeyCacheSize { get; set; } = 2000;

    /// <summary>How long a data key stays in memory. Bounds how long another process still opens the secrets of a destroyed tenant.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan KeyCacheLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The age at which a data key is used for opening only, and a new one seals.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan RotateAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How old the oldest kept backup is at most: a data key is forgotten no sooner after the one that followed it.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepKeysFor { get; set; } = TimeSpan.FromDays(90);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (KeyCacheLifetime >= RotateAfter)
            yield return new ValidationResult($"{Section}:{nameof(KeyCacheLifetime)} ({KeyCacheLifetime}) must be shorter than {nameof(RotateAfter)} ({RotateAfter}).");
    }
}

/// <summary>A directory that others may read is refused when the host starts, not at the first secret.</summary>
internal sealed class KeyDirectoryValidation : IValidateOptions<SecretsOptions>
{
    public ValidateOptionsResult Validate(string? name, SecretsOptions options) =>
        !string.IsNullOrEmpty(options.Directory) && KeyFileModes.ProblemOfDirectory(options.Directory) is { } problem
            ? ValidateOptionsResult.Fail(problem)
            : ValidateOptionsResult.Success;
}
