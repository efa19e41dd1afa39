using System.ComponentModel.DataAnnotations;

namespace Integrations.Core.Privacy;

/// <summary>What people are asked to agree to, and how erasures and exports go about it.</summary>
public sealed class PrivacyOptions
{
    public const string Section = "Privacy";

    /// <summary>Which text is in force. Whoever agreed to another one is asked again at his next login.</summary>
    [Required]
    [StringLength(20, MinimumLength = 1)]
    public string ConsentVersion { get; set; } = ConsentTexts.Version;

    /// <summary>Texts of your own by their language (<c>en</c>, <c>ru</c>, <c>uk</c>) in place of the ones that come along; give them a version of their own.</summary>
    public IDictionary<string, string> ConsentText { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long an erasure tries to end a session at Telegram, and to destroy a key, before its receipt says that it could not.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromHours(24);

    /// <summary>For so long after the request the rows of a user or a tenant are looked for again: until no copy of the Api still takes him for somebody.</summary>
    public TimeSpan SettleFor { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one export may take.</summary>
    public TimeSpan ExportTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Exports that one copy of the Api makes at once; each holds a connection to the database.</summary>
    [Range(1, 100)]
    public int ExportsAtOnce { get; set; } = 4;
}
