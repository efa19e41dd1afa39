using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Media;

/// <summary>What all accounts of the host share for fetching files.</summary>
internal sealed class AccountFileTools(TenantDatabase database, FetchFile fetch, FloodWaits floods, IOptions<FetchOptions> options, TimeProvider time, ILogger<AccountFiles> logger)
{
    public TenantDatabase Database => database;

    public FetchFile Fetch => fetch;

    public FloodWaits Floods => floods;

    public FetchOptions Options { get; } = options.Value;

    public TimeProvider Time => time;

    public ILogger<AccountFiles> Logger => logger;
}

/// <summary>Fetches the files of what an account has received, beside its receiving and sending, neither of which ever waits for it.</summary>
internal sealed partial class AccountFiles(OwnedAccount account, ITelegramClient client, AccountFileTools tools)
{
    public const string Method = "upload.getFile";

    /// <summary>Files come with received messages, which wake this; only what was put back needs the clock.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    private readonly WakeSignal _wake = new();
    private readonly FetchesUnderWay _running = new();

    /// <summary>Whether a wait that an earlier owner was asked for is known here.</summary>
    private bool _rememberedFloods;

    /// <summary>Written by the fetches, which end on other threads.</summary>
    private long _notBeforeTicks;

    private DateTimeOffset NotBefore
    {
        get => new(Interlocked.Read(ref _notBeforeTicks), TimeSpan.Zero);
        set => Interlocked.Exchange(ref _notBeforeTicks, value.UtcTicks);
    }

    /// <summary>A file waits.</summary>
    public void Wake() => _wake.Raise();

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                TimeSpan pause;
                try
                {
                    pause = await PassAsync(ct);
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    // The account goes on without its files; they wait in their rows.
                    LogPassFailed(tools.Logger, e, account.Id);
                    pause = AfterFailure;
                }

                await _wake.WaitAsync(pause, tools.Time, ct);
            }
        }
        finally
        {
            await _running.EndAsync();
        }
    }

    /// <returns>How long nothing becomes due that is known of here.</returns>
    private async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        var now = tools.Time.GetUtcNow();
        if (NotBefore is var until && until > now)
            return Shortest(until - now);

        var busy = _running.Ids;
        var room = tools.Options.FetchesOfOne - busy.Length;
        if (room <= 0)
            return LongestPause;

        var waiting = await WaitingAsync(busy, room, ct);
        if (waiting.Count > 0 && !_rememberedFloods)
        {
            // Asked for only where something waits: most accounts start without.
            var asked = await tools.Floods.UntilAsync(account, Method, ct);
            _rememberedFloods = true;
            if (asked > now)
            {
                NotBefore = asked.Value;
                return Shortest(asked.Value - now);
            }
        }

        foreach (var (file, peer, messageId, notBefore) in waiting)
        {
            if (notBefore > now)
                return Shortest(notBefore - now);
            _running.Start(file.Id, () => FetchAsync(file, peer, messageId, ct), _wake.Raise);
        }

        return LongestPause;

        static TimeSpan Shortest(TimeSpan pause) => pause < LongestPause ? pause : LongestPause;
    }

    private async Task FetchAsync(WaitingFile file, PeerAddress peer, int messageId, CancellationToken ct)
    {
        try
        {
            if (await tools.Fetch.ExecuteAsync(file, account.Claim, token => client.OpenMediaAsync(peer, messageId, token), ct) is not { } wait)
                return;

            NotBefore = tools.Time.GetUtcNow() + wait;
            await tools.Floods.SaveAsync(account, Method, null, NotBefore, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not StaleEpochException)
        {
            // What became of it could not be stored, so the row still waits; not before the database had a moment.
            NotBefore = tools.Time.GetUtcNow() + AfterFailure;
            LogPassFailed(tools.Logger, e, account.Id);
        }
    }

    private Task<List<(WaitingFile File, PeerAddress Peer, int MessageId, DateTimeOffset NotBefore)>> WaitingAsync(Guid[] busy, int limit, CancellationToken ct) =>
        tools.Database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    select f.id, f.attempts, greatest(f.not_before, f.created_at), d.peer_kind, d.peer_id, p.access_hash, m.telegram_message_id
                      from media f
                      join messages m on m.media_id = f.id
                      join dialogs d on d.id = m.dialog_id
                      left join telegram_peers p on p.account_id = m.account_id and p.kind = d.peer_kind and p.peer_id = d.peer_id
                     where f.shard = $1 and f.state = 'waiting' and f.source = 'telegram' and f.received_by is null and m.account_id = $2 and f.id <> all ($3)
                       and d.peer_id is not null and m.telegram_message_id is not null
                     order by greatest(f.not_before, f.created_at), f.id
                     limit $4
                    """)
                    .With(account.Claim.Shard).With(account.Id).With(busy).With(limit);
                List<(WaitingFile, PeerAddress, int, DateTimeOffset)> waiting = [];
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    var peer = new PeerKey(Words.Read<PeerKind>(reader.GetString(3)), reader.GetInt64(4));
                    waiting.Add((
                        new WaitingFile(reader.GetGuid(0), account.Tenant, reader.GetInt32(1)),
                        new PeerAddress(peer, await reader.NullableAsync<long>(5, ct)),
                        reader.GetInt32(6),
                        reader.GetFieldValue<DateTimeOffset>(2)));
                }

                return waiting;
            },
            ct);

    [LoggerMessage(EventId = 4511, Level = LogLevel.Warning, Message = "Files of account {AccountId} could not be looked after; the next look comes soon")]
    private static partial void LogPassFailed(ILogger logger, Exception exception, Guid accountId);
}
