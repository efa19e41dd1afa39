using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Integrations.ServiceDefaults.Logging;

internal static class LoggingExtensions
{
    /// <summary>Libraries that log every command or request at Information: a line per message is a load, and traces tell the same.</summary>
    private static readonly string[] Talkative =
        ["Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "Microsoft.Extensions.Http", "Npgsql", "System.Net.Http.HttpClient"];

    /// <summary>
    /// JSON lines, in Development plain text; <c>Logging:Console:FormatterName</c> set to <c>json</c> or <c>simple</c> overrides that.
    /// </summary>
    public static void AddStructuredLogs(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>();
        builder.Logging.AddConsoleFormatter<TextLogFormatter, ConsoleFormatterOptions>();
        builder.Logging.AddConsole();
        var byEnvironment = builder.Environment.IsDevelopment() ? TextLogFormatter.FormatterName : JsonLogFormatter.FormatterName;
        builder.Services.PostConfigure<ConsoleLoggerOptions>(options => options.FormatterName = options.FormatterName switch
        {
            // The stock formatters mask nothing, so their names lead to ours.
            ConsoleFormatterNames.Json => JsonLogFormatter.FormatterName,
            ConsoleFormatterNames.Simple => TextLogFormatter.FormatterName,
            null => byEnvironment,
            var other => other,
        });

        // In front, so that Logging:LogLevel in the configuration still has the last word.
        builder.Services.Configure<LoggerFilterOptions>(options =>
        {
            foreach (var category in Talkative)
                options.Rules.Insert(0, new LoggerFilterRule(null, category, LogLevel.Warning, null));
        });

        if (Level(builder.Configuration) is { } level)
            builder.Logging.AddFilter(category: null, level);
    }

    /// <summary>Null when neither <c>LOG_LEVEL</c> nor <c>DEBUG</c> is set: then <c>Logging:LogLevel</c> alone decides.</summary>
    private static LogLevel? Level(IConfiguration configuration)
    {
        var word = configuration["LOG_LEVEL"];
        if (string.IsNullOrWhiteSpace(word))
            return configuration.GetValue("DEBUG", false) ? LogLevel.Debug : null;

        return word.Trim().ToUpperInvariant() switch
        {
            "TRACE" => LogLevel.Trace,
            "DEBUG" => LogLevel.Debug,
            "INFO" or "INFORMATION" => LogLevel.Information,
            "WARNING" or "WARN" => LogLevel.Warning,
            "ERROR" => LogLevel.Error,
            "CRITICAL" or "FATAL" => LogLevel.Critical,
            _ => throw new OptionsValidationException("LOG_LEVEL", typeof(string),
                [$"LOG_LEVEL is '{word}'; it must be TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL."]),
        };
    }
}
