using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Integrations.Core.Secrets.Vault;

/// <summary>Which Vault (or OpenBao) keeps the tenants' keys. Without an address it is the key files that do.</summary>
public sealed class VaultOptions : IValidatableObject
{
    public const string Section = "Vault";

    /// <summary>Null: Vault is not used. <c>VAULT_URL</c> is read where this is not set.</summary>
    public Uri? Address { get; set; }

    /// <summary>Namespace of Vault Enterprise or OpenBao.</summary>
    public string? Namespace { get; set; }

    /// <summary>Where the transit engine is mounted.</summary>
    [Required]
    public string Mount { get; set; } = "transit";

    /// <summary>Where the key-value engine, version 2, is mounted.</summary>
    [Required]
    public string KvMount { get; set; } = "secret";

    /// <summary>What the names of the tenants' transit keys begin with; the policies name it too.</summary>
    [Required]
    public string KeyPrefix { get; set; } = "integrations-";

    /// <summary>PEM file of the authorities that Vault's certificate is checked against; unset: the system's.</summary>
    public string? CaFile { get; set; }

    /// <summary>For one try.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Tries of one call in all, as far as trying again may help.</summary>
    [Range(1, 10)]
    public int Tries { get; set; } = 3;

    public VaultAuthOptions Auth { get; init; } = new();

    public bool IsConfigured => Address is not null;

    /// <exception cref="InvalidOperationException">The settings contradict each other or the environment; the message names every one of them.</exception>
    public static VaultOptions Read(IConfiguration configuration, bool isProduction)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = configuration.GetSection(Section).Get<VaultOptions>() ?? new VaultOptions();
        if (options.Address is null && configuration["VAULT_URL"] is { Length: > 0 } url)
            options.Address = new Uri(url, UriKind.Absolute);
        if (options.Auth is { Token: null, TokenFile: null } && configuration["VAULT_TOKEN"] is { Length: > 0 } token)
            options.Auth.Token = token;
        if (!options.IsConfigured)
            return options;

        List<ValidationResult> problems = [];
        Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
        if (isProduction)
            problems.AddRange(options.ProblemsInProduction());

        return problems.Count == 0 ? options : throw new InvalidOperationException(string.Join(' ', problems.Select(problem => problem.ErrorMessage)));
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address is { } address && (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https")))
            yield return new($"{Section}:{nameof(Address)} ({address}) must be an http or https address.");

        if (Auth.Problem() is { } problem)
            yield return new(problem);
    }

    private IEnumerable<ValidationResult> ProblemsInProduction()
    {
        if (Address is { Scheme: "http", IsLoopback: false })
            yield return new($"{Section}:{nameof(Address)} ({Address}) is not encrypted, and the environment is Production: use https.");

        // What a server in development mode hands out is no secret; that a token is a root token is seen after the login.
        if (Auth.Token is "root" or "dev" or "dev-token" or "myroot")
            yield return new($"{Section}:{nameof(Auth)}:{nameof(Auth.Token)} is a development token, and the environment is Production: use AppRole or Kubernetes.");
    }
}
