using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Workers.Telemetry;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Bots;

/// <summary>What all shards' bots of the host share.</summary>
internal sealed class BotTools(
    UpdateProcessor processor,
    BotMessageQueue messages,
    BotApiClient api,
    TelegramBotOptions telegram,
    ISecretProtector secrets,
    ShardLeases leases,
    WorkerTelemetry telemetry,
    IOptions<BotOptions> options,
    Random random,
    TimeProvider time,
    ILoggerFactory loggers)
{
    public UpdateProcessor Processor => processor;

    public BotMessageQueue Messages => messages;

    public BotApiClient Api => api;

    public TelegramBotOptions Telegram => telegram;

    public ISecretProtector Secrets => secrets;

    public ShardLeases Leases => leases;

    public WorkerTelemetry Telemetry => telemetry;

    public BotOptions Options { get; } = options.Value;

    public Random Random => random;

    public TimeProvider Time => time;

    public ILogger<T> Logger<T>() => loggers.CreateLogger<T>();
}
