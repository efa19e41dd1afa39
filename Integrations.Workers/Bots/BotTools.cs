using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Tenancy;
using Integrations.Workers.Media;
using Integrations.Workers.Sending;
using Integrations.Workers.Telemetry;
using Integrations.Workers.WorkingGroups;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Bots;

/// <summary>What all shards' bots of the host share.</summary>
internal sealed class BotTools(
    UpdateProcessor processor,
    BotMessageQueue messages,
    TenantDatabase database,
    FetchFile fetch,
    BotApiClient api,
    TelegramBotOptions telegram,
    ISecretProtector secrets,
    MirrorTools groups,
    ShardLeases leases,
    MediaStore media,
    UploadGate uploads,
    WorkerTelemetry telemetry,
    IOptions<BotOptions> options,
    IOptions<FetchOptions> fetching,
    Random random,
    TimeProvider time,
    ILoggerFactory loggers)
{
    public UpdateProcessor Processor => processor;

    public BotMessageQueue Messages => messages;

    public TenantDatabase Database => database;

    public FetchFile Fetch => fetch;

    public BotApiClient Api => api;

    public TelegramBotOptions Telegram => telegram;

    public MirrorTools Groups => groups;

    public ISecretProtector Secrets => secrets;

    public ShardLeases Leases => leases;

    public MediaStore Media => media;

    public UploadGate Uploads => uploads;

    public WorkerTelemetry Telemetry => telemetry;

    public BotOptions Options { get; } = options.Value;

    public FetchOptions Fetching { get; } = fetching.Value;

    public Random Random => random;

    public TimeProvider Time => time;

    public ILogger<T> Logger<T>() => loggers.CreateLogger<T>();
}
