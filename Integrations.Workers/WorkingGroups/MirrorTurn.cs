using Integrations.Core.Telegram.Media;

namespace Integrations.Workers.WorkingGroups;

/// <summary>The one thing to do next in a group. Each turn begins with a look at the rows, so a turn that was cut off is done again, and one that was done is not.</summary>
internal abstract record MirrorTurn
{
    /// <summary>A sibling of an album may be on its way.</summary>
    private static readonly TimeSpan AlbumPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long a message waits for its file; then the topic shows that it is being fetched.</summary>
    private static readonly TimeSpan MediaPatience = TimeSpan.FromSeconds(10);

    private const int MostOfAlbum = 10;

    /// <summary>Nothing has to be told to Telegram.</summary>
    public sealed record Settle(MirrorRecord Record) : MirrorTurn;

    public sealed record AnswerCallback(MirrorItem Item, string Text, bool Alert) : MirrorTurn;

    public sealed record OpenTopic(MirrorItem Item) : MirrorTurn;

    public sealed record CloseTopic(MirrorItem Item, bool Closed) : MirrorTurn;

    /// <summary>The person or the account is called otherwise by now.</summary>
    public sealed record RenameTopic(string Name) : MirrorTurn;

    public sealed record SendNote(MirrorItem Item, string Text) : MirrorTurn;

    /// <param name="Item">The one that waits longest.</param>
    /// <param name="Messages">Those that the post shows.</param>
    /// <param name="Done">What has nothing left to show once it is sent.</param>
    /// <param name="Instead">A post that this one takes the place of.</param>
    public sealed record Send(MirrorItem Item, string Kind, IReadOnlyList<Guid> Messages, TopicPiece Piece, int? ReplyTo, IReadOnlyList<MirrorItem> Done, int? Instead) : MirrorTurn;

    public sealed record SendAlbum(MirrorItem Item, IReadOnlyList<(Guid Message, TopicPiece Piece, string Caption)> Files, IReadOnlyList<MirrorItem> Done) : MirrorTurn;

    public sealed record Edit(MirrorItem Item, MirrorPost Post, TopicPiece Piece) : MirrorTurn;

    /// <param name="hasPlenty">The bots have room enough to tell that an answer is on its way.</param>
    public static MirrorTurn Next(MirrorWork work, bool hasPlenty, DateTimeOffset now)
    {
        var item = work.Items[0];
        var words = TopicWords.In(work.Group.Language);
        var dialog = work.Dialog!;
        if (hasPlenty && item.Kind != "callback" && dialog is { Thread: not null, TopicIsClosed: false } && dialog.TopicName != TopicTexts.NameOf(dialog))
            return new RenameTopic(TopicTexts.NameOf(dialog));
        switch (item.Kind)
        {
            case "callback":
                return new AnswerCallback(item, TopicTexts.Note(item.Note!, dialog, words), item.Note == TopicNotes.RetryNotConnected);
            case "dialog":
                return dialog.Thread is null || dialog.IsClosed == dialog.TopicIsClosed ? new Settle(new() { Done = [item] }) : new CloseTopic(item, dialog.IsClosed);
            case "note":
                return dialog.Thread is null ? new Settle(new() { Done = [item] }) : new SendNote(item, TopicTexts.Note(item.Note!, dialog, words));
            default:
                return OfMessage(work, item, dialog, words, hasPlenty, now);
        }
    }

    private static MirrorTurn OfMessage(MirrorWork work, MirrorItem item, MirrorDialog dialog, TopicWords words, bool hasPlenty, DateTimeOffset now)
    {
        if (!work.Messages.TryGetValue(item.MessageId!.Value, out var message))
            return new Settle(new() { Done = [item] });

        var posts = work.Posts.Where(post => post.MessageId == message.Id).ToArray();
        if (message.AnswerIn is not null)
        {
            if (posts.Length == 0 && message is { Status: "pending", ErrorCode: null } && !hasPlenty)
                return new Settle(new() { Done = [item] });

            var answers = posts.Length > 0 ? Sharing(work, posts[0]) : Batch(work, Joins);
            return dialog.Thread is null
                ? new Settle(new() { Done = [item] })
                : Show(work, item, "status", answers, [TopicTexts.Status(answers, words)], answers[^1].AnswerIn, posts);

            bool Joins(List<MirrorMessage> before, MirrorMessage next) => next is { AnswerIn: not null, Status: "delivered" } && before.TrueForAll(one => one.Status == "delivered");
        }

        if (posts.Length == 0 && Patience(work, item, message, now) is { } until)
            return new Settle(new() { Again = new(item.Seq, until, null, Counts: false) });
        if (dialog.Thread is null)
            return new OpenTopic(item);
        if (posts.Length == 0 && AlbumOf(work, message) is { Count: > 1 } album)
            return Album(work, item, album, dialog, words);

        var copies = posts.Length > 0 ? Sharing(work, posts[0]) : Batch(work, IsJoined);
        return Show(work, item, "copy", copies, Shown(copies, dialog, words, item.Attempts), message.ReplyIn, posts);

        bool IsJoined(List<MirrorMessage> before, MirrorMessage next) =>
            next is { AnswerIn: null, Media: null, ReplyIn: null } && before[0].Media is null && TopicTexts.LengthOf([.. before, next], dialog, words) <= TopicTexts.TextLimit;
    }

    /// <summary>A file that Telegram refused is sent as a document, and if it refuses that, too, there are words in its place.</summary>
    private static IReadOnlyList<TopicPiece> Shown(IReadOnlyList<MirrorMessage> copies, MirrorDialog dialog, TopicWords words, int attempts) =>
        attempts switch
        {
            > 1 when copies is [{ Media: { State: MediaState.Ready } media } one] => TopicTexts.Copies([one with { Media = media with { State = MediaState.Failed } }], dialog, words),
            1 when copies is [{ Media: { State: MediaState.Ready } media } one] => TopicTexts.Copies([one with { Media = media with { Kind = MediaKind.Document } }], dialog, words),
            _ => TopicTexts.Copies(copies, dialog, words),
        };

    /// <summary>The next call that makes the posts show the pieces.</summary>
    private static MirrorTurn Show(
        MirrorWork work, MirrorItem item, string kind, IReadOnlyList<MirrorMessage> messages, IReadOnlyList<TopicPiece> pieces, int? replyTo, MirrorPost[] posts)
    {
        Guid[] ids = [.. messages.Select(message => message.Id)];
        var done = work.Items.Where(one => one.MessageId is { } id && ids.Contains(id)).ToArray();
        for (var place = 0; place < Math.Max(pieces.Count, posts.Length); place++)
        {
            var piece = place < pieces.Count ? pieces[place] : TopicTexts.Rest;
            if (place >= posts.Length)
                return new Send(item, kind, ids, piece, place == 0 ? replyTo : null, place == pieces.Count - 1 ? done : [], null);
            if (posts[place].Shown.AsSpan().SequenceEqual(piece.Digest))
                continue;
            return posts[place].MediaId == piece.Media?.Id && work.Group.Bots.Any(bot => bot.Id == posts[place].BotId && bot.IsFit)
                ? new Edit(item, posts[place], piece)
                : new Send(item, kind, ids, piece, posts[place].GroupMessageId, [], posts[place].GroupMessageId);
        }

        return new Settle(new() { Done = done });
    }

    private static SendAlbum Album(MirrorWork work, MirrorItem item, List<MirrorMessage> album, MirrorDialog dialog, TopicWords words) => new(
        item,
        [.. album.Select((one, place) => (one.Id, TopicTexts.Copies([one], dialog, words)[0], TopicTexts.AlbumCaption(one, place == 0, dialog, words)))],
        [.. work.Items.Where(waiting => album.Exists(one => one.Id == waiting.MessageId))]);

    /// <summary>Until when the message waits for its file or its album; null when it waits no longer.</summary>
    private static DateTimeOffset? Patience(MirrorWork work, MirrorItem item, MirrorMessage message, DateTimeOffset now)
    {
        if (message.Media is null)
            return null;

        var siblings = message.AlbumId is null ? [message] : work.Messages.Values.Where(one => one.AlbumId == message.AlbumId).ToArray();
        var until = siblings.Any(one => one.Media is { State: MediaState.Waiting }) ? item.CreatedAt + MediaPatience : message.AlbumId is null ? now : item.CreatedAt + AlbumPatience;
        return until > now ? Min(until, now + TimeSpan.FromSeconds(1)) : null;
    }

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>The files that follow each other in one album, as far as Telegram takes them together.</summary>
    private static List<MirrorMessage> AlbumOf(MirrorWork work, MirrorMessage first) => first is not { AlbumId: { } album, Media: { State: MediaState.Ready } media } || FamilyOf(media.Kind) is not { } family
        ? []
        : [.. Batch(work, (before, next) => next.AlbumId == album && before.Count < MostOfAlbum && next.Media is { State: MediaState.Ready } other && FamilyOf(other.Kind) == family)];

    private static int? FamilyOf(MediaKind kind) => kind switch
    {
        MediaKind.Photo or MediaKind.Video => 0,
        MediaKind.Document => 1,
        MediaKind.Audio => 2,
        _ => null,
    };

    /// <summary>The first message and those right behind it that may share its post.</summary>
    private static List<MirrorMessage> Batch(MirrorWork work, Func<List<MirrorMessage>, MirrorMessage, bool> joins)
    {
        List<MirrorMessage> batch = [work.Messages[work.Items[0].MessageId!.Value]];
        foreach (var item in work.Items.Skip(1))
        {
            if (item.MessageId is not { } id || !work.Messages.TryGetValue(id, out var next) || work.Posts.Any(post => post.MessageId == id) || !joins(batch, next))
                break;
            batch.Add(next);
        }

        return batch;
    }

    private static List<MirrorMessage> Sharing(MirrorWork work, MirrorPost post) =>
        [.. work.Posts.Where(one => one.GroupMessageId == post.GroupMessageId).OrderBy(one => one.Place).Select(one => work.Messages.GetValueOrDefault(one.MessageId)).OfType<MirrorMessage>()];
}
