using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Media;

namespace Integrations.Workers.WorkingGroups;

/// <summary>One message of the group: a text, or a file with it beneath.</summary>
internal sealed record TopicPiece(string Text, MirrorMedia? Media = null, string? RetryData = null)
{
    public byte[] Digest => SHA256.HashData(Encoding.UTF8.GetBytes($"{Media?.Id:N}\n{RetryData}\n{Text}"));
}

/// <summary>Writes what a topic shows: with who and whence, and the words as they were said, in their order.</summary>
internal static class TopicTexts
{
    /// <summary>Telegram's limit of a text.</summary>
    public const int TextLimit = 4096;

    /// <summary>Telegram's limit of what stands beneath a file.</summary>
    public const int CaptionLimit = 1024;

    /// <summary>Telegram's limit of a topic's name.</summary>
    private const int NameLimit = 128;

    private const int QuoteLength = 40;

    /// <summary>What takes the place of the end of a text that has become shorter.</summary>
    public static readonly TopicPiece Rest = new("⋯");

    public static string NameOf(MirrorDialog dialog) => Cut($"{dialog.Name} · {dialog.Inbox}", NameLimit);

    /// <summary>Of Telegram's six: blue for people, green for groups and channels, violet for what comes by a bot.</summary>
    public static int ColorOf(MirrorDialog dialog) => dialog switch
    {
        { Source: DialogSource.TelegramBot } => 13338331,
        { Kind: PeerKind.Chat or PeerKind.Channel } => 9367192,
        _ => 7322096,
    };

    /// <summary>Messages as one text, each author named once as long as nobody else speaks.</summary>
    public static IReadOnlyList<TopicPiece> Copies(IReadOnlyList<MirrorMessage> messages, MirrorDialog dialog, TopicWords words)
    {
        if (messages is [{ Media: { State: MediaState.Ready } media } message])
        {
            var caption = Text([message], dialog, words);
            return caption.Length <= CaptionLimit ? [new(caption, media)] : [new(Cut(HeadOf(message, dialog), CaptionLimit), media), .. Split(caption).Select(text => new TopicPiece(text))];
        }

        return [.. Split(Text(messages, dialog, words)).Select(text => new TopicPiece(text))];
    }

    /// <summary>How long the text is that they make together.</summary>
    public static int LengthOf(IReadOnlyList<MirrorMessage> messages, MirrorDialog dialog, TopicWords words) => Text(messages, dialog, words).Length;

    /// <summary>The caption of the first file of an album has the head; the others have their own words.</summary>
    public static string AlbumCaption(MirrorMessage message, bool first, MirrorDialog dialog, TopicWords words) =>
        Cut(first ? Text([message], dialog, words) : BodyOf(message, words), CaptionLimit);

    /// <summary>What became of answers: of one in its own words; of several that were delivered, one line each.</summary>
    public static TopicPiece Status(IReadOnlyList<MirrorMessage> answers, TopicWords words)
    {
        if (answers.Count > 1)
            return new(Cut(string.Join('\n', answers.Select(answer => $"{words.Delivered}: «{Cut(answer.Text.ReplaceLineEndings(" "), QuoteLength)}»")), TextLimit));

        return answers[0] switch
        {
            { Status: "failed" } failed => new(
                Cut(Format(words.Failed, words.Reason(failed.ErrorCode, failed.ErrorDetail)), TextLimit), RetryData: GroupUpdates.RetryData + failed.Id.ToString("N")),
            { Status: "pending", ErrorCode: { } code } waiting => new(Cut(Format(words.Waiting, words.Reason(code, waiting.ErrorDetail)), TextLimit)),
            { Status: "pending" } => new(words.Sending),
            { IsEdited: true } => new($"{words.Delivered} · {words.Edited}"),
            _ => new(words.Delivered),
        };
    }

    public static string Note(string note, MirrorDialog dialog, TopicWords words) => note switch
    {
        TopicNotes.Who => Format(
            words.Who, dialog.Name, dialog.Username is { } name ? "@" + name : words.None, dialog.Phone is { } phone ? "+" + phone.TrimStart('+') : words.None,
            dialog.PeerId?.ToString(CultureInfo.InvariantCulture) ?? words.None, dialog.Inbox, dialog.Project),
        TopicNotes.EditNotCarried => words.EditNotCarried,
        TopicNotes.MediaNotCarried => words.MediaNotCarried,
        TopicNotes.RetryDone => words.RetryDone,
        TopicNotes.RetryNotConnected => words.RetryNotConnected,
        TopicNotes.RetryNotFailed => words.RetryNotFailed,
        _ => throw new ArgumentOutOfRangeException(nameof(note), note, "Not a note."),
    };

    private static string Text(IReadOnlyList<MirrorMessage> messages, MirrorDialog dialog, TopicWords words)
    {
        var text = new StringBuilder();
        string? head = null;
        foreach (var message in messages)
        {
            var own = HeadOf(message, dialog);
            if (own != head)
                text.Append(head is null ? "" : "\n\n").Append(own);
            head = own;
            if (BodyOf(message, words) is { Length: > 0 } body)
                text.Append('\n').Append(body);
        }

        return text.ToString();
    }

    private static string HeadOf(MirrorMessage message, MirrorDialog dialog) => (message.IsIncoming, dialog.Kind) switch
    {
        (true, PeerKind.Chat or PeerKind.Channel) => $"👤 {message.Author} ({dialog.Name}) → {dialog.Inbox}",
        (true, _) => $"👤 {message.Author} → {dialog.Inbox}",
        _ => $"↗ {message.Author} → {dialog.Name}",
    };

    private static string BodyOf(MirrorMessage message, TopicWords words)
    {
        List<string> lines = [];
        if (message.Text.Length > 0)
            lines.Add(message.Text);
        if (message.Media is { } media && (MediaLine(media, words) is { } line))
            lines.Add(line);
        if (message.IsEdited)
            lines.Add(words.Edited);
        if (message.IsDeleted)
            lines.Add(words.Deleted);
        if (!message.IsIncoming && message.Status != "delivered")
            lines.Add(Status([message], words).Text);
        return string.Join('\n', lines);
    }

    /// <summary>What stands for a file that is not here.</summary>
    private static string? MediaLine(MirrorMedia media, TopicWords words)
    {
        var name = media.FileName is { } file ? $"{words.Kinds[media.Kind]} «{file}»" : words.Kinds[media.Kind];
        return media.State switch
        {
            MediaState.Ready => null,
            MediaState.Waiting => Format(words.Fetching, name),
            MediaState.TooBig => Format(words.TooBig, name),
            _ => Format(words.NotFetched, name),
        };
    }

    private static List<string> Split(string text)
    {
        List<string> pieces = [];
        while (text.Length > TextLimit)
        {
            // Not between the halves of a surrogate pair.
            var end = char.IsHighSurrogate(text[TextLimit - 1]) ? TextLimit - 1 : TextLimit;
            pieces.Add(text[..end]);
            text = text[end..];
        }

        pieces.Add(text);
        return pieces;
    }

    private static string Cut(string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1)] + "…";

    private static string Format(string format, params object[] parts) => string.Format(CultureInfo.InvariantCulture, format, parts);
}
