using System.Globalization;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Mtproto.Proxies;

namespace Integrations.Workers.Worlds;

/// <summary>Which Telegram this host talks to, and how it presents itself. Read from the flat keys that operators know.</summary>
internal sealed class PersonalTelegramOptions
{
    /// <summary><c>PERSONAL_TELEGRAM_API_ID</c>; with the hash it chooses Telegram itself over the sandbox. None is built in.</summary>
    public int? ApiId { get; set; }

    /// <summary><c>PERSONAL_TELEGRAM_API_HASH</c>. A secret.</summary>
    public string? ApiHash { get; set; }

    /// <summary><c>services:sandbox:http:0</c>, as the application host injects it.</summary>
    public Uri? Sandbox { get; set; }

    /// <summary><c>Sandbox:AllowInProduction</c>: a simulated Telegram in production is a mistake unless somebody says that it is not.</summary>
    public bool AllowSandboxInProduction { get; set; }

    /// <summary><c>PERSONAL_TELEGRAM_DEVICE_MODEL</c>, shown in the account's list of devices.</summary>
    public string DeviceModel { get; set; } = "Integrations";

    /// <summary><c>PERSONAL_TELEGRAM_SYSTEM_VERSION</c>.</summary>
    public string SystemVersion { get; set; } = "Server";

    /// <summary><c>PERSONAL_TELEGRAM_APP_VERSION</c>.</summary>
    public string AppVersion { get; set; } = "1.0.0";

    /// <summary><c>PERSONAL_TELEGRAM_LANG_CODE</c>: ISO 639-1.</summary>
    public string LangCode { get; set; } = "en";

    /// <summary><c>PERSONAL_TELEGRAM_SYSTEM_LANG_CODE</c>.</summary>
    public string SystemLangCode { get; set; } = "en";

    /// <summary><c>PERSONAL_TELEGRAM_PROXY</c>: a link to the proxy through which Telegram's servers are reached. A secret.</summary>
    public string? Proxy { get; set; }

    /// <summary><c>PERSONAL_TELEGRAM_IPV6</c>: also tries their addresses of IPv6.</summary>
    public bool UseIPv6 { get; set; }

    /// <summary><c>PERSONAL_TELEGRAM_PFS</c>: speaks under keys that live for a day and are never stored (perfect forward secrecy).</summary>
    public bool PerfectForwardSecrecy { get; set; }

    /// <summary>Null when neither is configured: logins then end with that answer, and accounts stay as they are.</summary>
    public World? World => this switch
    {
        { ApiId: not null, ApiHash.Length: > 0 } => Core.Telegram.Accounts.World.Telegram,
        { Sandbox: not null } => Core.Telegram.Accounts.World.Sandbox,
        _ => null,
    };

    public TelegramDevice Device => new(DeviceModel, SystemVersion, AppVersion, LangCode, SystemLangCode);

    /// <exception cref="InvalidOperationException">The settings contradict each other or the environment; the message names the keys.</exception>
    public static PersonalTelegramOptions Read(IConfiguration configuration, IHostEnvironment environment)
    {
        var options = new PersonalTelegramOptions
        {
            ApiId = Setting("API_ID") is { } id
                ? int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                    ? number
                    : throw new InvalidOperationException("PERSONAL_TELEGRAM_API_ID is not a positive number.")
                : null,
            ApiHash = Setting("API_HASH"),
            Sandbox = Text(configuration["services:sandbox:http:0"]) is { } address ? new Uri(address, UriKind.Absolute) : null,
            AllowSandboxInProduction = configuration.GetValue("Sandbox:AllowInProduction", false),
        };
        options.DeviceModel = Setting("DEVICE_MODEL") ?? options.DeviceModel;
        options.SystemVersion = Setting("SYSTEM_VERSION") ?? options.SystemVersion;
        options.AppVersion = Setting("APP_VERSION") ?? options.AppVersion;
        options.LangCode = Setting("LANG_CODE") ?? options.LangCode;
        options.SystemLangCode = Setting("SYSTEM_LANG_CODE") ?? options.SystemLangCode;
        options.Proxy = Setting("PROXY");
        options.UseIPv6 = configuration.GetValue("PERSONAL_TELEGRAM_IPV6", false);
        options.PerfectForwardSecrecy = configuration.GetValue("PERSONAL_TELEGRAM_PFS", false);

        if (options.Proxy is not null && !TelegramProxy.TryParse(options.Proxy, out _, out var problem))
            throw new InvalidOperationException($"PERSONAL_TELEGRAM_PROXY cannot be used. {problem}");

        if (options.ApiId is null != options.ApiHash is null)
            throw new InvalidOperationException("PERSONAL_TELEGRAM_API_ID and PERSONAL_TELEGRAM_API_HASH belong together: set both or neither.");

        if (options.World is Core.Telegram.Accounts.World.Sandbox && environment.IsProduction() && !options.AllowSandboxInProduction)
        {
            throw new InvalidOperationException(
                "services:sandbox is set in a Production environment: accounts would live in a simulated Telegram. "
                + "Set PERSONAL_TELEGRAM_API_ID and PERSONAL_TELEGRAM_API_HASH, or Sandbox:AllowInProduction=true if that is what you want.");
        }

        return options;

        string? Setting(string name) => Text(configuration[$"PERSONAL_TELEGRAM_{name}"]);

        static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }
}
