using System.Text;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.WorkingGroups;

namespace Integrations.Workers.WorkingGroups;

/// <summary>Fills the topics of one group: one call to Telegram after the other, each by whichever managing bot has room.</summary>
/// <remarks>
/// What a call brought about is written down after its answer. After a crash between the two the next owner makes the call again: a post that
/// stands twice in the operators' group is better than one that is missing.
/// </remarks>
internal sealed partial class GroupMirror(ShardClaim claim, OwnedGroup owned, MirrorTools tools)
{
    /// <summary>While no bot may post, Telegram is asked this often whether one may again.</summary>
    private static readonly TimeSpan LookWhileUnfit = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(10);

    /// <summary>How long nothing is done when nothing is known that would become due: what comes rings.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(1);

    /// <summary>What Telegram refuses so often, with nothing else being wrong, is given up and shown as failed.</summary>
    private const int MostRefusals = 5;

    private readonly GroupPace _pace = new(tools.Time);
    private readonly ILogger<GroupMirror> _logger = tools.Logger<GroupMirror>();
    private bool _paceKnown;
    private DateTimeOffset? _lookedAt;

    /// <summary>Does what can be done now.</summary>
    /// <param name="stop">Between two calls.</param>
    /// <param name="abort">Cuts a call off.</param>
    /// <returns>When to come again at the latest; null when the project does not mirror any more.</returns>
    /// <exception cref="StaleEpochException">The shard has passed on.</exception>
    public async Task<TimeSpan?> PassAsync(CancellationToken stop, CancellationToken abort)
    {
        while (!stop.IsCancellationRequested && tools.Leases.MayWrite(claim))
        {
            await KnowPaceAsync(stop);
            var now = tools.Time.GetUtcNow();
            if (await tools.Queue.ReadAsync(owned, now, stop) is not { } work)
                return null;

            var fit = work.Group.Bots.Where(bot => bot is { IsFit: true, TokenSealed: not null }).ToArray();
            if (await LookedAsync(work.Group, fit.Length > 0, now, abort))
                continue;
            if (work.Items.Count == 0)
                return work.NextDue is { } due && due - now < Idle ? due - now : Idle;
            if (await TakeTurnAsync(work, fit, now, abort) is { } wait)
                return wait;
        }

        return Idle;
    }

    /// <returns>How long there is nothing to do; null when the next turn may follow at once.</returns>
    private async Task<TimeSpan?> TakeTurnAsync(MirrorWork work, MirrorBot[] fit, DateTimeOffset now, CancellationToken abort)
    {
        var turn = MirrorTurn.Next(work, _pace.HasPlenty(Array.ConvertAll(fit, bot => bot.Id)), now);
        if (turn is MirrorTurn.Settle settle)
        {
            await tools.Queue.RecordAsync(claim, owned, settle.Record, abort);
            return null;
        }

        var bot = BotFor(turn, work, fit);
        if (bot is null)
        {
            if (turn is not MirrorTurn.AnswerCallback callback)
                return LookWhileUnfit;
            // Its button is gone with it.
            await tools.Queue.RecordAsync(claim, owned, new() { Done = [callback.Item] }, abort);
            return null;
        }

        if (turn is not MirrorTurn.AnswerCallback && _pace.FreeAt(bot.Id) is var free && free > now)
            return free - now;

        await RunAsync(turn, work, bot, abort);
        return null;
    }

    private MirrorBot? BotFor(MirrorTurn turn, MirrorWork work, MirrorBot[] fit) => turn switch
    {
        MirrorTurn.AnswerCallback { Item.BotId: { } pressed } => work.Group.Bots.FirstOrDefault(bot => bot.Id == pressed && bot.TokenSealed is not null),
        // Only who posted can change it.
        MirrorTurn.Edit edit => fit.FirstOrDefault(bot => bot.Id == edit.Post.BotId),
        _ => _pace.First(fit.Select(bot => bot.Id)) is { } first ? fit.First(bot => bot.Id == first) : null,
    };

    private async Task RunAsync(MirrorTurn turn, MirrorWork work, MirrorBot bot, CancellationToken abort)
    {
        MirrorRecord record;
        try
        {
            record = await CallAsync(turn, work, bot, abort);
            tools.Telemetry.Mirrored(turn);
        }
        catch (BotApiException e)
        {
            record = await JudgeAsync(turn, work, bot, e, abort);
        }
        catch (SecretUnavailableException e)
        {
            LogSealed(_logger, e, bot.Id);
            _pace.Pause(bot.Id, MaxDelay);
            return;
        }

        // Not cut off by the end of the host: nobody else knows that the call was made.
        await tools.Queue.RecordAsync(claim, owned, record, abort);
    }

    private async Task<MirrorRecord> CallAsync(MirrorTurn turn, MirrorWork work, MirrorBot bot, CancellationToken abort)
    {
        var token = BotToken.Parse(Encoding.UTF8.GetString(await tools.Secrets.UnprotectAsync(TelegramBot.TokenAddress(owned.Tenant, bot.Id), bot.TokenSealed!, abort)));
        var (chat, dialog) = (work.Group.ChatId, work.Dialog!);
        if (turn is not MirrorTurn.AnswerCallback)
            _pace.Posted(bot.Id);
        switch (turn)
        {
            case MirrorTurn.AnswerCallback callback:
                await tools.Api.AnswerCallbackAsync(token, new(callback.Item.CallbackId!, callback.Text, callback.Alert), abort);
                return new() { Done = [callback.Item] };

            case MirrorTurn.OpenTopic:
                var name = TopicTexts.NameOf(dialog);
                var topic = await tools.Api.CreateTopicAsync(token, new(chat, name, TopicTexts.ColorOf(dialog)), abort);
                return new() { Topic = (dialog.Id, topic.MessageThreadId, name) };

            case MirrorTurn.RenameTopic rename:
                await tools.Api.RenameTopicAsync(token, new(chat, dialog.Thread!.Value, rename.Name), abort);
                return new() { TopicNamed = (dialog.Id, rename.Name) };

            case MirrorTurn.CloseTopic close:
                await (close.Closed ? tools.Api.CloseTopicAsync(token, new(chat, dialog.Thread!.Value), abort) : tools.Api.ReopenTopicAsync(token, new(chat, dialog.Thread!.Value), abort));
                return new() { TopicClosed = (dialog.Id, close.Closed), Done = [close.Item] };

            case MirrorTurn.SendNote note:
                await tools.Api.SendToTopicAsync(token, new(chat, dialog.Thread!.Value, note.Text, Reply(note.Item.ReplyTo)), abort);
                return new() { Done = [note.Item] };

            case MirrorTurn.Send send:
                var sent = await SendAsync(token, send, chat, dialog.Thread!.Value, work, abort);
                return new()
                {
                    Posts = [new(sent.MessageId, bot.Id, send.Kind, send.Messages, send.Piece.Media?.Id, send.Piece.Digest, tools.Time.GetUtcNow())],
                    Forgotten = send.Instead is { } gone ? [gone] : [],
                    Done = send.Done,
                };

            case MirrorTurn.SendAlbum album:
                return await SendAlbumAsync(token, album, chat, dialog.Thread!.Value, bot.Id, abort);

            case MirrorTurn.Edit edit:
                await (edit.Piece.Media is null
                    ? tools.Api.EditTextAsync(token, new(chat, edit.Post.GroupMessageId, edit.Piece.Text, Buttons(edit.Piece, work)), abort)
                    : tools.Api.EditCaptionAsync(token, new(chat, edit.Post.GroupMessageId, edit.Piece.Text), abort));
                return new() { Shown = (edit.Post.GroupMessageId, edit.Piece.Digest) };

            default:
                throw new InvalidOperationException($"A turn of kind {turn.GetType().Name} is no call.");
        }
    }

    private async Task<SentBotMessage> SendAsync(BotToken token, MirrorTurn.Send send, long chat, int thread, MirrorWork work, CancellationToken abort)
    {
        if (send.Piece.Media is not { } media)
            return await tools.Api.SendToTopicAsync(token, new(chat, thread, send.Piece.Text, Reply(send.ReplyTo), Buttons(send.Piece, work)), abort);

        await using var content = await OpenAsync(media, abort);
        return await tools.Api.SendFileAsync(token, new(chat, thread, FileOf(media, content), send.Piece.Text, Reply(send.ReplyTo)), abort);
    }

    private async Task<MirrorRecord> SendAlbumAsync(BotToken token, MirrorTurn.SendAlbum album, long chat, int thread, Guid bot, CancellationToken abort)
    {
        List<Stream> contents = [];
        try
        {
            List<(FileContent, string)> files = [];
            foreach (var (_, piece, caption) in album.Files)
            {
                contents.Add(await OpenAsync(piece.Media!, abort));
                files.Add((FileOf(piece.Media!, contents[^1]), caption));
            }

            // Telegram counts each of them.
            foreach (var _ in album.Files.Skip(1))
                _pace.Posted(bot);
            var sent = await tools.Api.SendAlbumAsync(token, new(chat, thread, files), abort);
            var at = tools.Time.GetUtcNow();
            return new()
            {
                Posts = [.. album.Files.Zip(sent, (file, message) => new NewPost(message.MessageId, bot, "copy", [file.Message], file.Piece.Media!.Id, file.Piece.Digest, at))],
                Done = album.Done,
            };
        }
        finally
        {
            foreach (var content in contents)
                await content.DisposeAsync();
        }
    }

    /// <summary>A file that was erased meanwhile is an empty one, which Telegram refuses; then the topic says that it is not there.</summary>
    private async Task<Stream> OpenAsync(MirrorMedia media, CancellationToken abort) => await tools.Media.OpenAsync(owned.Tenant, media.Id, abort) ?? Stream.Null;

    private static FileContent FileOf(MirrorMedia media, Stream content)
    {
        var (method, field, name) = media.Kind switch
        {
            // Beyond ten megabytes Telegram takes a picture as a document only.
            MediaKind.Photo when media.Size <= 10_000_000 => ("sendPhoto", "photo", "photo.jpg"),
            MediaKind.Video => ("sendVideo", "video", "video.mp4"),
            MediaKind.Animation => ("sendAnimation", "animation", "animation.mp4"),
            MediaKind.Audio => ("sendAudio", "audio", "audio.mp3"),
            MediaKind.Voice => ("sendVoice", "voice", "voice.ogg"),
            MediaKind.VideoNote => ("sendVideoNote", "video_note", "video.mp4"),
            MediaKind.Sticker => ("sendSticker", "sticker", "sticker.webp"),
            _ => ("sendDocument", "document", "file"),
        };
        return new(method, field, content, media.FileName ?? name, media.MimeType);
    }

    private static BotReply? Reply(int? message) => message is { } id ? new(id) : null;

    private static Keyboard? Buttons(TopicPiece piece, MirrorWork work) =>
        piece.RetryData is { } data ? Keyboard.One(TopicWords.In(work.Group.Language).Retry, data) : null;

    /// <summary>Once, so that a hand-over does not make the bots post twice as much in a minute.</summary>
    private async Task KnowPaceAsync(CancellationToken ct)
    {
        if (_paceKnown)
            return;

        foreach (var (bot, at) in await tools.Queue.RecentAsync(owned, tools.Time.GetUtcNow() - GroupLimits.Window, ct))
            _pace.Know(bot, at);
        _paceKnown = true;
    }

    /// <summary>Asks Telegram from time to time how the group stands; soon again while no bot may post.</summary>
    private async Task<bool> LookedAsync(MirrorGroup group, bool isFit, DateTimeOffset now, CancellationToken ct)
    {
        _lookedAt ??= group.CheckedAt;
        if (group.Bots.Count == 0 || (_lookedAt is { } last && now - last < (isFit ? LookInterval : LookWhileUnfit)))
            return false;

        await LookAsync(now, ct);
        return true;
    }

    private async Task LookAsync(DateTimeOffset now, CancellationToken ct)
    {
        _lookedAt = now;
        try
        {
            await tools.Look.ExecuteAsync(owned.Tenant, owned.ProjectId, transaction => transaction.RequireEpochAsync(claim, ct), ct);
        }
        catch (SecretUnavailableException e)
        {
            LogSealed(_logger, e, owned.ProjectId);
        }
    }

    [LoggerMessage(EventId = 4511, Level = LogLevel.Warning, Message = "A token of the working group cannot be opened now ({Id}); what is to be posted waits")]
    private static partial void LogSealed(ILogger logger, Exception exception, Guid id);

    [LoggerMessage(EventId = 4512, Level = LogLevel.Warning, Message = "Working group of project {ProjectId}: bot {BotId} could not post ({Failure}), try {Attempt}")]
    private static partial void LogRefused(ILogger logger, Guid projectId, Guid botId, BotApiFailure failure, int attempt);
}
