using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Microsoft.Extensions.Logging;

namespace Integrations.Mtproto;

/// <summary>What one dialog had missed, oldest first.</summary>
internal sealed record MissedMessages(IReadOnlyList<MessageBase> Messages, IReadOnlyList<UserBase> Users, IReadOnlyList<ChatBase> Chats)
{
    /// <summary>As a batch that moves nothing.</summary>
    public UpdateBatch ToBatch(UpdateState state)
    {
        var peers = new PeerHarvest();
        peers.Add(this, Users, Chats, Messages);
        return new UpdateBatch
        {
            Items = [.. Messages.Select(message => new UpdateItem(UpdateSequencer.NewMessage(message)))],
            Peers = peers.Peers,
            State = state,
            ChangedChannels = [],
            ForgottenChannels = [],
            Backfills = [],
        };
    }
}

/// <summary>Where the boxes of channels stand, and who is named beside.</summary>
internal sealed record ChannelPositions(IReadOnlyDictionary<long, ChannelPosition> Positions, IReadOnlyList<UserBase> Users, IReadOnlyList<ChatBase> Chats);

/// <param name="Pts">The box's position.</param>
/// <param name="Date">When something was said there last, in unix seconds.</param>
internal readonly record struct ChannelPosition(int Pts, int Date);

/// <summary>
/// Fetches from the histories what a difference was too long to tell: of the common box the dialogs that have moved since, of a channel
/// its own history.
/// </summary>
/// <remarks>
/// The position that was lost says nothing of message ids, but the state says when it held; so everything is fetched that is not older.
/// Some of it was delivered before: the receiver knows each message by its place and id. Everything is bounded, newest first, so that an
/// account that comes back after months does not ask for all of them.
/// </remarks>
internal sealed partial class MissedHistory(TelegramClient client, TimeProvider time, ILogger logger)
{
    /// <summary>Telegram's own limit for one answer.</summary>
    private const int PageSize = 100;
    private const int MaxDialogPages = 3;
    private const int MaxFirstPages = 10;
    private const int MaxPagesPerDialog = 5;
    private const int MaxMessages = 10_000;

    /// <summary>A message may bear a date a little before the one of the state that does not have it yet.</summary>
    private const int OverlapSeconds = 60;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private int _fetched;

    /// <exception cref="RpcException">The session is gone.</exception>
    public async IAsyncEnumerable<MissedMessages> FetchAsync(
        Backfill backfill, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _fetched = 0;
        var since = backfill.Since - OverlapSeconds;
        if (backfill.ChannelId is { } channelId)
        {
            if ((backfill.Channel ?? await client.FindChannelAsync(channelId, cancellationToken)) is not { } channel)
                yield break;
            var input = new InputPeerChannel { ChannelId = channelId, AccessHash = channel.AccessHash };
            if (await HistoryAsync(input, since, cancellationToken) is { Messages.Count: > 0 } missed)
                yield return missed;
            yield break;
        }

        await foreach (var peer in MovedDialogsAsync(since, cancellationToken))
        {
            if (_fetched >= MaxMessages)
            {
                LogCut(logger, client.Session?.Key.Id ?? 0, _fetched);
                yield break;
            }

            if (await HistoryAsync(peer, since, cancellationToken) is { Messages.Count: > 0 } missed)
                yield return missed;
        }
    }

    /// <summary>
    /// Where the boxes of an account's channels stand now. Without it the first update that is heard of a channel would have to be taken
    /// for the first that there was. Null for whom Telegram tells no dialogs, as a bot.
    /// </summary>
    public async Task<ChannelPositions?> FindChannelsAsync(CancellationToken cancellationToken)
    {
        Dictionary<long, ChannelPosition> positions = [];
        List<UserBase> users = [];
        List<ChatBase> chats = [];
        try
        {
            await foreach (var page in PagesAsync(MaxFirstPages, cancellationToken))
            {
                foreach (var dialog in page.Dialogs.OfType<Dialog>())
                {
                    if (dialog is { Peer: PeerChannel channel, Pts: { } pts })
                        positions[channel.ChannelId] = new(pts, page.Place(dialog)?.Date ?? 0);
                }

                users.AddRange(page.Users);
                chats.AddRange(page.Chats);
            }
        }
        catch (RpcException e) when (e.Code is 400 or 403 or 406 && !e.IsSessionLost)
        {
            LogNoDialogs(logger, client.Session?.Key.Id ?? 0, e.Name);
            return null;
        }

        return new ChannelPositions(positions, users, chats);
    }

    /// <summary>Private chats and basic groups whose last message is not older; channels have boxes of their own.</summary>
    private async IAsyncEnumerable<InputPeer> MovedDialogsAsync(
        int since, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(MaxDialogPages, cancellationToken))
        {
            var last = 0;
            foreach (var dialog in page.Dialogs.OfType<Dialog>())
            {
                if (page.Place(dialog) is not var (date, input))
                    continue;
                if (date >= since && dialog.Peer is not PeerChannel)
                    yield return input;
                if (!dialog.Pinned)
                    last = date;
            }

            // Pinned dialogs come first whatever their age; the others in order, newest first.
            if (last < since)
                yield break;
        }
    }

    private async IAsyncEnumerable<DialogPage> PagesAsync(
        int count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new MessagesGetDialogs { OffsetDate = 0, OffsetId = 0, OffsetPeer = new InputPeerEmpty(), Limit = PageSize, Hash = 0 };
        for (var i = 0; i < count; i++)
        {
            var answer = await AskAsync(request, cancellationToken);
            var page = answer switch
            {
                MessagesDialogs all => new DialogPage(all.Dialogs, all.Messages, all.Users, all.Chats),
                MessagesDialogsSlice part => new DialogPage(part.Dialogs, part.Messages, part.Users, part.Chats),
                _ => new DialogPage([], [], [], []),
            };
            yield return page;
            if (answer is not MessagesDialogsSlice || page.Dialogs.OfType<Dialog>().LastOrDefault(dialog => page.Place(dialog) is not null) is not { } last)
                yield break;
            var (date, input) = page.Place(last)!.Value;
            request = new MessagesGetDialogs { OffsetDate = date, OffsetId = last.TopMessage, OffsetPeer = input, Limit = PageSize, Hash = 0 };
        }
    }

    private async Task<MissedMessages> HistoryAsync(InputPeer peer, int since, CancellationToken cancellationToken)
    {
        List<MessageBase> messages = [];
        List<UserBase> users = [];
        List<ChatBase> chats = [];
        var offset = 0;
        for (var page = 0; page < MaxPagesPerDialog; page++)
        {
            IReadOnlyList<MessageBase> found;
            try
            {
                var answer = await AskAsync(
                    new MessagesGetHistory { Peer = peer, OffsetId = offset, OffsetDate = 0, AddOffset = 0, Limit = PageSize, MaxId = 0, MinId = 0, Hash = 0 },
                    cancellationToken);
                (found, var newUsers, var newChats) = answer switch
                {
                    MessagesMessages all => (all.Messages, all.Users, all.Chats),
                    MessagesMessagesSlice part => (part.Messages, part.Users, part.Chats),
                    MessagesChannelMessages channel => (channel.Messages, channel.Users, channel.Chats),
                    _ => ([], [], []),
                };
                users.AddRange(newUsers);
                chats.AddRange(newChats);
            }
            catch (RpcException e) when (e.Code is 400 or 403 or 406 && !e.IsSessionLost)
            {
                // A place that may not be read any more has nothing to give; the others have.
                LogPlaceRefused(logger, client.Session?.Key.Id ?? 0, e.Name);
                break;
            }

            var missed = found.Where(message => DateOf(message) >= since).ToList();
            messages.AddRange(missed);
            if (found.Count < PageSize || missed.Count < found.Count)
                break;
            offset = MessagePeers.PlaceOf(found[^1])?.Id ?? 0;
        }

        _fetched += messages.Count;
        messages.Reverse();
        return new MissedMessages(messages, users, chats);
    }

    /// <summary>Waits as long as Telegram asks, and through its trouble: nothing else can go on before these messages are had.</summary>
    private async Task<T> AskAsync<T>(TlRequest<T> request, CancellationToken cancellationToken)
        where T : notnull
    {
        while (true)
        {
            try
            {
                return await client.InvokeAsync(request, cancellationToken);
            }
            catch (RpcException e) when (e.RetryAfter is not null || e.IsServerTrouble)
            {
                await Task.Delay(e.RetryAfter ?? RetryDelay, time, cancellationToken);
            }
        }
    }

    [LoggerMessage(EventId = 6022, Level = LogLevel.Warning, Message = "Key {AuthKeyId} had missed more than is fetched: the newest {Count} messages were, older ones may lack")]
    private static partial void LogCut(ILogger logger, long authKeyId, int count);

    [LoggerMessage(EventId = 6023, Level = LogLevel.Information, Message = "A history that key {AuthKeyId} had missed a part of may not be read: {Name}")]
    private static partial void LogPlaceRefused(ILogger logger, long authKeyId, string name);

    [LoggerMessage(EventId = 6024, Level = LogLevel.Information, Message = "Key {AuthKeyId} is told no dialogs: {Name}")]
    private static partial void LogNoDialogs(ILogger logger, long authKeyId, string name);

    private static int? DateOf(MessageBase message) => message switch
    {
        Message m => m.Date,
        MessageService m => m.Date,
        _ => null,
    };

    private sealed record DialogPage(
        IReadOnlyList<DialogBase> Dialogs, IReadOnlyList<MessageBase> Tops, IReadOnlyList<UserBase> Users, IReadOnlyList<ChatBase> Chats)
    {
        /// <summary>When a dialog moved last, and how it is named in a request; null where the page does not say.</summary>
        public (int Date, InputPeer Peer)? Place(Dialog dialog)
        {
            var key = PeerKey.Of(dialog.Peer);
            var top = Tops.FirstOrDefault(message => MessagePeers.PlaceOf(message) is { } place && place.Chat == key && place.Id == dialog.TopMessage);
            return top is not null && DateOf(top) is { } date && InputOf(key, Users, Chats) is { } input ? (date, input) : null;
        }

        private static InputPeer? InputOf(PeerKey key, IReadOnlyList<UserBase> users, IReadOnlyList<ChatBase> chats) => key.Kind switch
        {
            PeerKind.User => users.OfType<User>().FirstOrDefault(user => user.Id == key.Id) switch
            {
                { Self: true } => new InputPeerSelf(),
                { AccessHash: { } hash } => new InputPeerUser { UserId = key.Id, AccessHash = hash },
                _ => null,
            },
            PeerKind.Chat => new InputPeerChat { ChatId = key.Id },
            _ => chats.OfType<Channel>().FirstOrDefault(chat => chat.Id == key.Id) is { AccessHash: { } hash }
                ? new InputPeerChannel { ChannelId = key.Id, AccessHash = hash }
                : null,
        };
    }
}
