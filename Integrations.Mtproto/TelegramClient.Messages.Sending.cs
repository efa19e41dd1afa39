using Integrations.Mtproto.Files;
using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;

namespace Integrations.Mtproto;

/// <summary>One photo or document of an album.</summary>
/// <param name="Media">Telegram takes photos and videos together, and documents together, but not both in one album.</param>
/// <param name="Caption">Shown under the album when only one of its parts has one.</param>
/// <param name="RandomId">As <see cref="SendOptions.RandomId"/>, of this part.</param>
public sealed record AlbumPart(OutgoingMedia Media, FormattedText Caption, long RandomId);

/// <summary>Sending formatted texts, files and albums, and forwarding.</summary>
public sealed partial class TelegramClient
{
    /// <summary>Telegram's limit of one album.</summary>
    public const int AlbumMax = 10;

    /// <summary>Telegram's limit of one call to forward.</summary>
    public const int ForwardMax = 100;

    /// <summary>Sends a text with its formatting.</summary>
    /// <inheritdoc cref="SendTextAsync(PeerKey, long?, string, long, int?, CancellationToken)" path="/exception"/>
    public async Task<SentId> SendTextAsync(PeerAddress to, FormattedText text, SendOptions sending, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(sending);
        var result = await InvokeAsync(
            new MessagesSendMessage
            {
                Peer = Input(to),
                Message = text.Text,
                Entities = await EntitiesAsync(text, cancellationToken),
                RandomId = sending.RandomId,
                ReplyTo = ReplyTo(sending),
                ScheduleDate = Date(sending.ScheduledFor),
                Silent = sending.Silent,
                NoWebpage = sending.NoPreview,
            },
            cancellationToken);
        var sent = SentOf(result, sending.RandomId);
        if (_pump is { } pump)
            await pump.SentAsync(sent, new SentMessage(PeerOf(to.Key), text.Text, sending.ReplyTo), result, cancellationToken);
        return sent;
    }

    /// <summary>Sends a photo, document or voice message.</summary>
    /// <inheritdoc cref="SendTextAsync(PeerKey, long?, string, long, int?, CancellationToken)" path="/exception"/>
    public async Task<SentId> SendMediaAsync(
        PeerAddress to, OutgoingMedia media, FormattedText caption, SendOptions sending, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(media);
        ArgumentNullException.ThrowIfNull(caption);
        ArgumentNullException.ThrowIfNull(sending);
        var result = await InvokeAsync(
            new MessagesSendMedia
            {
                Peer = Input(to),
                Media = media.ToInput(),
                Message = caption.Text,
                Entities = await EntitiesAsync(caption, cancellationToken),
                RandomId = sending.RandomId,
                ReplyTo = ReplyTo(sending),
                ScheduleDate = Date(sending.ScheduledFor),
                Silent = sending.Silent,
            },
            cancellationToken);
        return (await SentAsync(result, [sending.RandomId], cancellationToken))[0];
    }

    /// <summary>Sends 2 to 10 photos or documents that are shown together.</summary>
    /// <param name="sending">Of the whole; its random id is not used, for each part has its own.</param>
    /// <inheritdoc cref="SendTextAsync(PeerKey, long?, string, long, int?, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<SentId>> SendAlbumAsync(
        PeerAddress to, IReadOnlyList<AlbumPart> parts, SendOptions sending, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(sending);
        if (parts.Count is < 2 or > AlbumMax)
            throw new ArgumentException($"An album has 2 to {AlbumMax} parts, not {parts.Count}.", nameof(parts));
        var media = new List<InputSingleMedia>(parts.Count);
        foreach (var part in parts)
        {
            // messages.sendMultiMedia takes only what the server has already.
            var stored = part.Media is OutgoingMedia.Existing existing
                ? existing.Media
                : await InvokeAsync(new MessagesUploadMedia { Peer = Input(to), Media = part.Media.ToInput() }, cancellationToken);
            media.Add(new InputSingleMedia
            {
                Media = OutgoingMedia.AlreadyThere(stored, part.Media.Spoiler),
                RandomId = part.RandomId,
                Message = part.Caption.Text,
                Entities = await EntitiesAsync(part.Caption, cancellationToken),
            });
        }

        var result = await InvokeAsync(
            new MessagesSendMultiMedia
            {
                Peer = Input(to),
                MultiMedia = media,
                ReplyTo = ReplyTo(sending),
                ScheduleDate = Date(sending.ScheduledFor),
                Silent = sending.Silent,
            },
            cancellationToken);
        return await SentAsync(result, [.. parts.Select(part => part.RandomId)], cancellationToken);
    }

    /// <summary>Forwards messages, in the order given.</summary>
    /// <param name="from">Where they stand.</param>
    /// <param name="ids">At most <see cref="ForwardMax"/>, with one of <paramref name="randomIds"/> for each.</param>
    /// <param name="randomIds">As <see cref="SendOptions.RandomId"/>.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="topicId">The topic of a forum that they go to.</param>
    /// <param name="withoutAuthor">Copies them: nobody sees who wrote them first.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <inheritdoc cref="SendTextAsync(PeerKey, long?, string, long, int?, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<SentId>> ForwardAsync(
        PeerAddress from,
        IReadOnlyList<int> ids,
        IReadOnlyList<long> randomIds,
        PeerAddress to,
        int? topicId,
        bool withoutAuthor,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(randomIds);
        if (ids.Count is 0 or > ForwardMax || ids.Count != randomIds.Count)
            throw new ArgumentException($"{ids.Count} messages with {randomIds.Count} random ids; 1 to {ForwardMax} are forwarded at once, each with its own.", nameof(ids));
        var result = await InvokeAsync(
            new MessagesForwardMessages
            {
                FromPeer = Input(from),
                Id = ids,
                RandomId = randomIds,
                ToPeer = Input(to),
                TopMsgId = topicId,
                DropAuthor = withoutAuthor,
            },
            cancellationToken);
        return await SentAsync(result, randomIds, cancellationToken);
    }

    private async Task<IReadOnlyList<SentId>> SentAsync(UpdatesBase result, IReadOnlyList<long> randomIds, CancellationToken cancellationToken)
    {
        SentId[] sent = [.. randomIds.Select(id => SentOf(result, id))];
        if (_pump is { } pump)
            await pump.ResultAsync(sent, result, cancellationToken);
        return sent;
    }

    /// <summary>Hands the result of a change to the updates, whose position it may have moved.</summary>
    private async Task ChangedAsync(UpdatesBase result, CancellationToken cancellationToken)
    {
        if (_pump is { } pump)
            await pump.ResultAsync([], result, cancellationToken);
    }

    private async Task AffectedAsync(int pts, int ptsCount, long? channelId, CancellationToken cancellationToken)
    {
        if (ptsCount > 0 && _pump is { } pump)
            await pump.AffectedAsync(pts, ptsCount, channelId, cancellationToken);
    }

    /// <summary>As the server takes them: whoever is mentioned by name needs the access hash, and without one stays a name.</summary>
    private async ValueTask<IReadOnlyList<MessageEntity>?> EntitiesAsync(FormattedText text, CancellationToken cancellationToken)
    {
        if (text.Entities.Count == 0)
            return null;
        var entities = new List<MessageEntity>(text.Entities.Count);
        foreach (var entity in text.Entities)
        {
            if (entity is not MessageEntityMentionName mention)
            {
                entities.Add(entity);
                continue;
            }

            var isSelf = mention.UserId == Session?.UserId;
            var hash = isSelf ? null : await AccessHashAsync(new PeerKey(PeerKind.User, mention.UserId), cancellationToken);
            if (isSelf || hash is not null)
            {
                entities.Add(new InputMessageEntityMentionName
                {
                    Offset = mention.Offset,
                    Length = mention.Length,
                    UserId = isSelf ? new InputUserSelf() : new InputUser { UserId = mention.UserId, AccessHash = hash!.Value },
                });
            }
        }

        return entities;
    }

    private async ValueTask<long?> AccessHashAsync(PeerKey key, CancellationToken cancellationToken) =>
        _known.TryGetValue(key, out var hash) && hash is not null ? hash : await options.FindAccessHash(key, cancellationToken);

    private InputPeer Input(PeerAddress peer) => Input(peer.Key, peer.AccessHash);

    private static InputReplyToMessage? ReplyTo(SendOptions sending) => (sending.ReplyTo, sending.TopicId) switch
    {
        (null, null) => null,
        // A message goes to a topic by answering the one that began it.
        (null, { } topic) => new InputReplyToMessage { ReplyToMsgId = topic, TopMsgId = topic },
        ({ } replyTo, var topic) => new InputReplyToMessage { ReplyToMsgId = replyTo, TopMsgId = topic },
    };

    private static int? Date(DateTimeOffset? date) => date is { } at ? checked((int)at.ToUnixTimeSeconds()) : null;
}
