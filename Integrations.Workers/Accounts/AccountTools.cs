using Integrations.Core.Telegram.Media;
using Integrations.Workers.Channels;
using Integrations.Workers.Logins;
using Integrations.Workers.Media;
using Integrations.Workers.Receiving;
using Integrations.Workers.Sending;
using Integrations.Workers.Telemetry;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Accounts;

/// <summary>What all accounts of the host share.</summary>
internal sealed class AccountTools(
    AccountRecords records,
    LoginRecords logins,
    ClientSource clients,
    OutcomeWriter outcomes,
    HeldMessages held,
    PeerResolver resolver,
    SentEarlier sentEarlier,
    FloodWaits floods,
    ReceivedStore received,
    AccountFileTools files,
    MediaStore media,
    UploadGate uploads,
    LiveClients live,
    WorkerTelemetry telemetry,
    IOptions<AccountOptions> accountOptions,
    IOptions<SendingOptions> sendingOptions,
    Random random,
    TimeProvider time,
    ILoggerFactory loggers)
{
    public AccountRecords Records => records;

    public LoginRecords Logins => logins;

    public ClientSource Clients => clients;

    public OutcomeWriter Outcomes => outcomes;

    public HeldMessages Held => held;

    public PeerResolver Resolver => resolver;

    public SentEarlier SentEarlier => sentEarlier;

    public FloodWaits Floods => floods;

    public ReceivedStore Received => received;

    public AccountFileTools Files => files;

    public MediaStore Media => media;

    public UploadGate Uploads => uploads;

    public LiveClients Live => live;

    public WorkerTelemetry Telemetry => telemetry;

    public AccountOptions Accounts { get; } = accountOptions.Value;

    public SendingOptions Sending { get; } = sendingOptions.Value;

    public Random Random => random;

    public TimeProvider Time => time;

    public ILogger Logger<T>() => loggers.CreateLogger<T>();
}
