using System.Diagnostics;
using System.Text.Json;
using Integrations.ServiceDefaults.Logging;
using Integrations.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Integrations.ServiceDefaults.Tests.Logging;

public sealed partial class LogFormatterTests
{
    private static readonly TestClock Clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    [Fact]
    public void A_json_line_has_the_required_fields_in_their_order_and_the_context_after_them()
    {
        var line = Json(logger => LogConnected(logger, 42, "+99966212345", 12.5, true));

        Assert.Equal(
            """
            {"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","logger":"Accounts","message":"Account 42 of +99***45 connected in 12.5 ms: True","event_id":7,"user_id":42,"phone":"+99***45","elapsed_ms":12.5,"first":true}

            """, line);
    }

    [Fact]
    public void Inside_a_trace_the_line_carries_its_ids()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        var line = Parse(Json(logger => LogPlain(logger)));

        Assert.Equal(activity.TraceId.ToHexString(), line.GetProperty("trace_id").GetString());
        Assert.Equal(activity.SpanId.ToHexString(), line.GetProperty("span_id").GetString());
    }

    [Fact]
    public void Scopes_become_fields_and_the_nearer_value_wins()
    {
        var scopes = new LoggerExternalScopeProvider();
        using var outer = scopes.Push(new Dictionary<string, object?> { ["TenantId"] = "t1", ["UserId"] = 1, ["TraceId"] = "not this" });

        var line = Parse(Json(logger => LogConnected(logger, 42, "x", 1, false), scopes));

        Assert.Equal("t1", line.GetProperty("tenant_id").GetString());
        Assert.Equal(42, line.GetProperty("user_id").GetInt64());
        Assert.False(line.TryGetProperty("trace_id", out _));
    }

    [Fact]
    public void A_context_field_cannot_replace_a_required_one()
    {
        var line = Parse(Json(logger => LogColliding(logger, "mine", "too")));

        Assert.Equal("ERROR", line.GetProperty("level").GetString());
        Assert.Equal("mine", line.GetProperty("context_level").GetString());
        Assert.Equal("too", line.GetProperty("context_message").GetString());
    }

    [Fact]
    public void A_secret_field_is_masked_in_the_rendered_message_too()
    {
        var line = Json(logger => LogSignedIn(logger, "hunter-two"));

        Assert.DoesNotContain("hunter-two", line, StringComparison.Ordinal);
        Assert.Contains("Signed in with ***", line, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_is_one_masked_field_of_the_same_line()
    {
        var line = Json(logger => LogFailed(logger, new InvalidOperationException("Password=hunter-two\nsecond line")));

        Assert.Equal('\n', Assert.Single(line, c => c == '\n'));
        Assert.DoesNotContain("hunter-two", line, StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException", Parse(line).GetProperty("exception").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_json_cannot_say_become_words()
    {
        var line = Parse(Json(logger => LogOdd(logger, double.NaN, new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), [1, 2], ulong.MaxValue)));

        Assert.Equal("NaN", line.GetProperty("ratio").GetString());
        Assert.Equal("2026-01-02T00:00:00.0000000+00:00", line.GetProperty("at").GetString());
        Assert.Equal("1, 2", line.GetProperty("ids").GetString());
        Assert.Equal(ulong.MaxValue, line.GetProperty("big").GetUInt64());
    }

    [Fact]
    public void In_development_a_line_is_plain_text_and_masked_as_well()
    {
        var text = Write(new TextLogFormatter(Clock), logger => LogSignedIn(logger, "hunter-two"), null);

        Assert.EndsWith(" info Accounts: Signed in with ***\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Production", null, JsonLogFormatter.FormatterName)]
    [InlineData("Staging", null, JsonLogFormatter.FormatterName)]
    [InlineData("Development", null, TextLogFormatter.FormatterName)]
    [InlineData("Development", "json", JsonLogFormatter.FormatterName)]
    [InlineData("Production", "simple", TextLogFormatter.FormatterName)]
    public async Task The_environment_chooses_the_form_unless_it_is_set(string environment, string? set, string expected)
    {
        await using var app = TestHost.Build(new Dictionary<string, string?> { ["Logging:Console:FormatterName"] = set }, environment: environment);

        Assert.Equal(expected, app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
    }

    [Theory]
    [InlineData("LOG_LEVEL", "WARNING", LogLevel.Warning)]
    [InlineData("LOG_LEVEL", "debug", LogLevel.Debug)]
    [InlineData("DEBUG", "true", LogLevel.Debug)]
    [InlineData("DEBUG", "false", LogLevel.Information)]
    public async Task The_level_is_a_setting(string name, string value, LogLevel lowest)
    {
        await using var app = TestHost.Build(new Dictionary<string, string?> { [name] = value, ["Logging:Console:LogLevel:Default"] = null });
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Integrations.Test");

        Assert.True(logger.IsEnabled(lowest));
        Assert.False(logger.IsEnabled(lowest - 1));
    }

    [Fact]
    public void A_level_that_does_not_exist_stops_the_start_and_is_named()
    {
        var refused = Assert.Throws<OptionsValidationException>(
            () => TestHost.Build(new Dictionary<string, string?> { ["LOG_LEVEL"] = "LOUD" }));

        Assert.Contains("LOUD", refused.Message, StringComparison.Ordinal);
        Assert.Contains("WARNING", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_in_production_writes_nothing_but_json_lines()
    {
        var console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(output));
        try
        {
            await using var host = await TestHost.StartAsync(
                new Dictionary<string, string?> { ["Logging:Console:LogLevel:Default"] = "Information" },
                map: app => app.MapGet("/", () => LogConnected(app.Logger, 7, "+99966212345", 3, false)));
            await host.GetStringAsync("/");
        }
        finally
        {
            Console.SetOut(console);
        }

        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToList();
        Assert.Contains(lines, line => line.GetProperty("logger").GetString() == "Microsoft.Hosting.Lifetime");
        var ours = Assert.Single(lines, line => line.GetProperty("message").GetString()!.StartsWith("Account 7", StringComparison.Ordinal));
        Assert.Equal("/", ours.GetProperty("request_path").GetString());
        Assert.Equal(32, ours.GetProperty("trace_id").GetString()!.Length);
        Assert.Equal("+99***45", ours.GetProperty("phone").GetString());
    }

    private static string Json(Action<ILogger> log, IExternalScopeProvider? scopes = null) => Write(new JsonLogFormatter(Clock), log, scopes);

    private static string Write(ConsoleFormatter formatter, Action<ILogger> log, IExternalScopeProvider? scopes)
    {
        using var writer = new StringWriter();
        log(new FormatterLogger(formatter, writer, scopes));
        return writer.ToString();
    }

    private static JsonElement Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "Account {UserId} of {Phone} connected in {ElapsedMs} ms: {First}")]
    private static partial void LogConnected(ILogger logger, long userId, string phone, double elapsedMs, bool first);

    [LoggerMessage(EventId = 0, Level = LogLevel.Warning, Message = "Nothing more")]
    private static partial void LogPlain(ILogger logger);

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Fields {Level} and {Message}")]
    private static partial void LogColliding(ILogger logger, string level, string message);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Signed in with {Password}")]
    private static partial void LogSignedIn(ILogger logger, string password);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "Failed")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 4, Level = LogLevel.Trace, Message = "Odd {Ratio} {At} {Ids} {Big}")]
    private static partial void LogOdd(ILogger logger, double ratio, DateTimeOffset at, int[] ids, ulong big);

    /// <summary>Hands each call to the formatter as the console's provider does.</summary>
    private sealed class FormatterLogger(ConsoleFormatter formatter, TextWriter writer, IExternalScopeProvider? scopes) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> render) =>
            formatter.Write(new LogEntry<TState>(logLevel, "Accounts", eventId, state, exception, render), scopes, writer);
    }
}
