using Integrations.Core.Telegram.Accounts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Where the Bot API is, and where Telegram finds this service.</summary>
public sealed class TelegramBotOptions
{
    public const string Section = "TelegramBots";

    private static readonly Uri Telegram = new("https://api.telegram.org");

    /// <summary>Also <c>TELEGRAM_BOT_API_URL</c>: a Bot API server of one's own, or a proxy. By default the sandbox where there is one, else Telegram's.</summary>
    public Uri ApiAddress { get; set; } = Telegram;

    /// <summary>Also <c>BACKEND_URL</c>: how Telegram reaches this API. Telegram's own servers take https on port 443, 80, 88 or 8443 only.</summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>Updates that one bot may bring in a minute to one copy of the service; the rest Telegram brings again later.</summary>
    public int UpdatesPerMinute { get; set; } = 6000;

    /// <summary>Updates of all bots that may wait to be stored in one copy; more are answered with 503, and Telegram brings them again.</summary>
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>How long it is remembered whose webhook an address is. A bot that was deactivated takes updates no longer than that.</summary>
    public TimeSpan HookMemory { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often bots are looked at: whether Telegram has the right address, and what it could not deliver.</summary>
    public TimeSpan LookInterval { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How often a bot's token is tried.</summary>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Which Telegram the bots live in; follows from the other settings.</summary>
    public World World { get; private set; } = World.Telegram;

    /// <exception cref="InvalidOperationException">The settings contradict each other or the environment; the message names the keys.</exception>
    public static TelegramBotOptions Read(IConfiguration configuration, IHostEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(environment);
        var options = new TelegramBotOptions();
        var section = configuration.GetSection(Section);
        section.Bind(options);
        options.PublicUrl ??= Address("BACKEND_URL");

        if (section[nameof(ApiAddress)] is not { Length: > 0 })
        {
            var sandbox = Text("PERSONAL_TELEGRAM_API_ID") is null ? Address("services:sandbox:http:0") : null;
            options.ApiAddress = Address("TELEGRAM_BOT_API_URL") ?? sandbox ?? Telegram;
            options.World = sandbox is not null && options.ApiAddress == sandbox ? World.Sandbox : World.Telegram;
        }

        if (options.World is World.Sandbox && environment.IsProduction() && !configuration.GetValue("Sandbox:AllowInProduction", false))
        {
            throw new InvalidOperationException(
                "services:sandbox is set in a Production environment: bots would live in a simulated Telegram. "
                + "Set TELEGRAM_BOT_API_URL, or Sandbox:AllowInProduction=true if that is what you want.");
        }

        Require(options.UpdatesPerMinute is >= 1 and <= 1_000_000, nameof(UpdatesPerMinute), "from 1 to 1000000");
        Require(options.MaxWaiting is >= 1 and <= 1_000_000, nameof(MaxWaiting), "from 1 to 1000000");
        Require(options.HookMemory >= TimeSpan.Zero && options.HookMemory <= TimeSpan.FromMinutes(5), nameof(HookMemory), "from 0 to 5 minutes");
        Require(options.LookInterval >= TimeSpan.FromSeconds(1) && options.HealthInterval >= TimeSpan.FromSeconds(1), $"{nameof(LookInterval)} and {nameof(HealthInterval)}", "at least a second");
        return options;

        static void Require(bool holds, string key, string rule)
        {
            if (!holds)
                throw new InvalidOperationException($"{Section}:{key} must be {rule}.");
        }

        string? Text(string key) => string.IsNullOrWhiteSpace(configuration[key]) ? null : configuration[key]!.Trim();

        Uri? Address(string key) => Text(key) is not { } text
            ? null
            : Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
                ? address
                : throw new InvalidOperationException($"{key} is not an address that begins with http:// or https://.");
    }
}
