using System.Collections.Concurrent;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto;

/// <summary>Sending, resolving, and the updates.</summary>
public sealed partial class TelegramClient
{
    /// <summary>Peers that a short update may name without a difference being asked for. Beyond it the set starts over.</summary>
    private const int MaxKnownPeers = 10_000;
    private readonly ConcurrentDictionary<PeerKey, long?> _known = [];
    private UpdatePump? _pump;

    /// <summary>Updates waiting in memory.</summary>
    public int QueuedUpdates => _pump?.Queued ?? 0;

    /// <summary>Peers cached in memory.</summary>
    public int KnownPeers => _known.Count;

    /// <summary>Sends one text. Its id is delivered to <see cref="RunUpdatesAsync"/>'s commit too, with or before the position it moved.</summary>
    /// <param name="peer">Where to; the access hash may be null for the account itself and for basic groups.</param>
    /// <param name="randomId">Telegram takes a number once per account, so that a repeated call sends nothing twice.</param>
    /// <exception cref="RpcException"><c>RANDOM_ID_DUPLICATE</c>: it was sent before. <c>FLOOD_WAIT</c> is not slept on: only the caller knows who else shares the account.</exception>
    public async Task<SentId> SendTextAsync(PeerKey peer, long? accessHash, string text, long randomId, int? replyTo, CancellationToken cancellationToken)
    {
        var result = await InvokeAsync(
            new MessagesSendMessage
            {
                Peer = Input(peer, accessHash),
                Message = text,
                RandomId = randomId,
                ReplyTo = replyTo is { } id ? new InputReplyToMessage { ReplyToMsgId = id } : null,
            },
            cancellationToken);
        var sent = SentOf(result, randomId);
        if (_pump is { } pump)
            await pump.SentAsync(sent, new SentMessage(PeerOf(peer), text, replyTo), result, cancellationToken);
        return sent;
    }

    /// <summary>Who has this username.</summary>
    /// <exception cref="RpcException"><c>USERNAME_NOT_OCCUPIED</c>, <c>USERNAME_INVALID</c>.</exception>
    public Task<ContactsResolvedPeer> ResolveUsernameAsync(string username, CancellationToken cancellationToken) =>
        InvokeAsync(new ContactsResolveUsername { Username = username }, cancellationToken);

    /// <summary>Who has this number and lets others find them by it.</summary>
    /// <exception cref="RpcException"><c>PHONE_NOT_OCCUPIED</c>.</exception>
    public Task<ContactsResolvedPeer> ResolvePhoneAsync(string phone, CancellationToken cancellationToken) =>
        InvokeAsync(new ContactsResolvePhone { Phone = phone.TrimStart('+') }, cancellationToken);

    /// <summary>The newest messages of a place, newest first.</summary>
    /// <param name="limit">1 to 100.</param>
    public Task<MessagesMessagesBase> GetHistoryAsync(PeerKey peer, long? accessHash, int limit, CancellationToken cancellationToken) =>
        InvokeAsync(
            new MessagesGetHistory { Peer = Input(peer, accessHash), OffsetId = 0, OffsetDate = 0, AddOffset = 0, Limit = limit, MaxId = 0, MinId = 0, Hash = 0 },
            cancellationToken);

    /// <summary>Where the account stands now; what came before is history.</summary>
    public async Task<UpdateState> GetStateAsync(CancellationToken cancellationToken) =>
        UpdateState.From(await InvokeAsync(new UpdatesGetState(), cancellationToken));

    /// <summary>
    /// Receives until cancelled: first what happened after <paramref name="state"/>, then what happens. Each delivery is stored by
    /// <paramref name="commit"/> before the position moves, so that nothing is lost and nothing is delivered twice.
    /// </summary>
    /// <param name="state">What was stored last; null for an account that has just logged in.</param>
    /// <param name="started">Called once sends are delivered to this run.</param>
    /// <exception cref="InvalidOperationException">The client is not logged in, or receives already.</exception>
    /// <exception cref="RpcException">Telegram refuses the session itself (<see cref="RpcException.IsSessionLost"/>), at once and not after retries.</exception>
    public async Task RunUpdatesAsync(UpdateState? state, CommitUpdates commit, Action? started, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(commit);
        if (Session is not { UserId: not 0 and var self })
            throw new InvalidOperationException("Updates are received after the login.");
        var sequencer = new UpdateSequencer(state, self, _known.ContainsKey, options.Time);
        var pump = new UpdatePump(
            sequencer,
            this,
            async (delivery, ct) =>
            {
                Learn(delivery.Batch?.Peers ?? []);
                await commit(delivery, ct);
            },
            new MissedHistory(this, options.Time, options.Logger),
            options.Time);
        if (Interlocked.CompareExchange(ref _pump, pump, null) is not null)
            throw new InvalidOperationException("This client receives updates already.");
        try
        {
            started?.Invoke();
            await pump.RunAsync(cancellationToken);
        }
        finally
        {
            _pump = null;
        }
    }

    internal async ValueTask<InputChannel?> FindChannelAsync(long channelId, CancellationToken cancellationToken)
    {
        var key = new PeerKey(PeerKind.Channel, channelId);
        if (!_known.TryGetValue(key, out var hash) || hash is null)
            hash = await options.FindAccessHash(key, cancellationToken);
        return hash is { } known ? new InputChannel { ChannelId = channelId, AccessHash = known } : null;
    }

    private static SentId SentOf(UpdatesBase result, long randomId)
    {
        if (result is UpdateShortSentMessage shortForm)
            return new SentId(randomId, shortForm.Id, DateTimeOffset.FromUnixTimeSeconds(shortForm.Date));
        if (UpdatesIn(result).OfType<UpdateMessageID>().FirstOrDefault(u => u.RandomId == randomId) is not { } named)
            throw new InvalidOperationException($"The answer {result} to a sent message does not name its id.");
        var date = UpdatesIn(result).Select(MessageOf).OfType<Message>().FirstOrDefault(m => m.Id == named.Id)?.Date;
        return new SentId(randomId, named.Id, date is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null);
    }

    private static MessageBase? MessageOf(Update update) => update is UpdateNewScheduledMessage scheduled ? scheduled.Message : UpdatePlace.MessageIn(update);

    private InputPeer Input(PeerKey peer, long? accessHash) => peer.Kind switch
    {
        PeerKind.User when peer.Id == Session?.UserId => new InputPeerSelf(),
        PeerKind.User => new InputPeerUser { UserId = peer.Id, AccessHash = accessHash ?? 0 },
        PeerKind.Chat => new InputPeerChat { ChatId = peer.Id },
        PeerKind.Channel => new InputPeerChannel { ChannelId = peer.Id, AccessHash = accessHash ?? 0 },
        _ => throw new ArgumentOutOfRangeException(nameof(peer), peer, "Not a peer."),
    };

    private static Peer PeerOf(PeerKey peer) => peer.Kind switch
    {
        PeerKind.User => new PeerUser { UserId = peer.Id },
        PeerKind.Chat => new PeerChat { ChatId = peer.Id },
        PeerKind.Channel => new PeerChannel { ChannelId = peer.Id },
        _ => throw new ArgumentOutOfRangeException(nameof(peer), peer, "Not a peer."),
    };

    // Only what the batch before has stored counts as known, so this runs when the batch is handed to its commit: a failed commit
    // ends the run, and with it this memory's use.
    private void Learn(IReadOnlyList<LearntPeer> peers)
    {
        if (_known.Count > MaxKnownPeers)
            _known.Clear();
        foreach (var peer in peers.Where(p => !p.IsMin))
            _known[peer.Key] = peer.AccessHash;
    }
}
