using Integrations.Core.Telegram.Media;
using Integrations.Mtproto;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;

namespace Integrations.Core.Telegram.Clients;

public sealed partial class MtprotoTelegramClient
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<SentText>> SendFilesAsync(OutgoingFilesMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return CallAsync<IReadOnlyList<SentText>>(
            async (patience, ct) =>
            {
                List<AlbumPart> parts = [];
                foreach (var part in message.Parts)
                    parts.Add(new AlbumPart(await UploadAsync(part, patience, ct), FormattedText.Plain(part.Caption), part.RandomId));

                patience.CancelAfter(_settings.CallTimeout);
                var to = new Mtproto.PeerAddress(MtprotoPeers.Key(message.Peer.Key), message.Peer.AccessHash);
                var sending = new SendOptions { RandomId = parts[0].RandomId, ReplyTo = message.ReplyToMessageId };
                return parts is [var only]
                    ? [MtprotoMessages.Sent(await _client.SendMediaAsync(to, only.Media, only.Caption, sending, ct))]
                    : [.. (await _client.SendAlbumAsync(to, parts, sending, ct)).Select(MtprotoMessages.Sent)];
            },
            cancellationToken);
    }

    private async Task<OutgoingMedia> UploadAsync(OutgoingFilePart part, CancellationTokenSource patience, CancellationToken cancellationToken)
    {
        await using var content = await part.Open(cancellationToken);
        // As long as parts arrive there is an answer to wait for.
        var file = await _client.UploadAsync(content, part.Size, part.FileName, new Arrivals(() => patience.CancelAfter(_settings.CallTimeout)), cancellationToken);
        return part.Kind switch
        {
            MediaKind.Photo => new OutgoingMedia.Photo(file) { Spoiler = part.Spoiler },
            MediaKind.Voice => new OutgoingMedia.Voice(file, TimeSpan.FromSeconds(part.Duration ?? 0)),
            MediaKind.Video => new OutgoingMedia.Document(file, part.MimeType, [Film(part, nosound: false)]) { Spoiler = part.Spoiler },
            MediaKind.Animation => new OutgoingMedia.Document(
                file, part.MimeType, part.MimeType == "video/mp4" ? [Film(part, nosound: true), new DocumentAttributeAnimated()] : [new DocumentAttributeAnimated()])
            { Spoiler = part.Spoiler },
            MediaKind.Audio => new OutgoingMedia.Document(file, part.MimeType, [new DocumentAttributeAudio { Duration = part.Duration ?? 0 }]),
            MediaKind.VideoNote => new OutgoingMedia.Document(
                file, part.MimeType, [new DocumentAttributeVideo { RoundMessage = true, Duration = part.Duration ?? 0, W = part.Width ?? 0, H = part.Height ?? 0 }]),
            MediaKind.Sticker => new OutgoingMedia.Document(
                file,
                part.MimeType,
                [new DocumentAttributeSticker { Alt = "", Stickerset = new InputStickerSetEmpty() }, new DocumentAttributeImageSize { W = part.Width ?? 512, H = part.Height ?? 512 }]),
            _ => new OutgoingMedia.Document(file, part.MimeType, []) { AsFile = true },
        };
    }

    private static DocumentAttributeVideo Film(OutgoingFilePart part, bool nosound) => new()
    {
        Duration = part.Duration ?? 0,
        W = part.Width ?? 0,
        H = part.Height ?? 0,
        Nosound = nosound,
        SupportsStreaming = !nosound,
    };

    /// <summary>Tells at once, in the upload's own steps: <see cref="Progress{T}"/> would tell later and on another thread.</summary>
    private sealed class Arrivals(Action arrived) : IProgress<long>
    {
        public void Report(long value) => arrived();
    }
}
