using System.ComponentModel.DataAnnotations;

namespace Integrations.Sandbox.Telegram;

/// <summary>Settings of the simulated Telegram, section <c>Sandbox</c>.</summary>
public sealed class SandboxTelegramOptions : IValidatableObject
{
    public const string Section = "Sandbox";

    /// <summary>Where the world is journalled; null keeps it in memory only.</summary>
    public string? Directory { get; set; }

    /// <summary>TCP port of data centre 1 on 127.0.0.1; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Dc1Port { get; set; } = 8091;

    /// <summary>TCP port of data centre 2 on 127.0.0.1; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Dc2Port { get; set; } = 8092;

    /// <summary>How long a QR login token may be scanned. Telegram's is about 30 seconds.</summary>
    public TimeSpan QrTokenLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a login or recovery code may be used.</summary>
    public TimeSpan CodeLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Wrong tries after which a code is worthless.</summary>
    [Range(1, 100)]
    public int WrongCodesAllowed { get; set; } = 5;

    /// <summary>Wrong second factors within an hour after which the person waits.</summary>
    [Range(1, 10_000)]
    public int WrongPasswordsAllowed { get; set; } = 20;

    /// <summary>Login codes for one number within an hour after which it waits.</summary>
    [Range(1, 1_000_000)]
    public int CodesPerHour { get; set; } = 5_000;

    /// <summary><c>random_id</c>s remembered per person; a duplicate among them is refused.</summary>
    [Range(1, 1_000_000)]
    public int RandomIdMemory { get; set; } = 1000;

    /// <summary>How long a server salt is handed out; it stays valid for twice as long.</summary>
    public TimeSpan SaltLifetime { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long an idle session is remembered without a connection.</summary>
    public TimeSpan SessionMemory { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a file reference opens its file; after it the message has to be asked for again.</summary>
    public TimeSpan FileReferenceLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Updates in one slice of a difference.</summary>
    [Range(1, 10_000)]
    public int DifferenceSlice { get; set; } = 500;

    /// <summary>More people for load, besides the named ones: ids from 1001000, phones 9996625000 onwards.</summary>
    [Range(0, 5000)]
    public int ExtraPeople { get; set; }

    /// <summary>Bytes of journal after which it is compacted.</summary>
    [Range(1, long.MaxValue)]
    public long JournalLimit { get; set; } = 64 << 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in new[]
        {
            (nameof(QrTokenLifetime), QrTokenLifetime),
            (nameof(CodeLifetime), CodeLifetime),
            (nameof(SaltLifetime), SaltLifetime),
            (nameof(SessionMemory), SessionMemory),
            (nameof(FileReferenceLifetime), FileReferenceLifetime),
        })
        {
            if (value <= TimeSpan.Zero)
                yield return new ValidationResult($"{Section}:{name} ({value}) must be longer than nothing.", [name]);
        }
        if (Dc1Port != 0 && Dc1Port == Dc2Port)
            yield return new ValidationResult($"{Section}:{nameof(Dc1Port)} and {nameof(Dc2Port)} are both {Dc1Port}.", [nameof(Dc2Port)]);
    }
}
