using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Api.Http;
using Integrations.Api.Json;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Messages;

namespace Integrations.Api.Telegram;

/// <summary>A dialog as a file, written while it is read.</summary>
internal static class DialogFile
{
    public const string LinesType = "application/x-ndjson";
    public const string TextType = "text/plain";

    public static async Task WriteAsync(
        HttpResponse response, DialogView dialog, IAsyncEnumerable<ExportedThing> things, bool readable, CancellationToken cancellationToken)
    {
        // No name in the name: it stays behind in lists of downloads.
        Download.Begin(response, readable ? TextType + "; charset=utf-8" : LinesType, $"dialog-{dialog.Dialog.Id}.{(readable ? "txt" : "jsonl")}");
        // The writer goes to the socket whenever its buffer is full, and waits for it.
        await using var writer = new StreamWriter(response.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 32 * 1024, leaveOpen: true);
        var (messages, notes) = (0L, 0L);
        await writer.WriteAsync((readable ? Heading(dialog.Dialog) : Written(new("dialog") { Dialog = DialogResponse.From(dialog) })).AsMemory(), cancellationToken);
        await foreach (var thing in things)
        {
            messages += thing.Message is null ? 0 : 1;
            notes += thing.Note is null ? 0 : 1;
            await writer.WriteAsync((readable ? Readable(dialog.Dialog, thing) : Line(thing)).AsMemory(), cancellationToken);
        }

        await writer.WriteAsync((readable ? $"-- {messages} + {notes} --\n" : Written(new("end") { Messages = messages, Notes = notes })).AsMemory(), cancellationToken);
    }

    private static string Line(ExportedThing thing) => Written(thing switch
    {
        { Message: { } message } => new("message") { Message = MessageResponse.From(message), Sender = thing.Sender },
        { Note: { } note } => new("note") { Note = NoteResponse.From(note) },
        _ => throw new InvalidOperationException("Neither a message nor a note."),
    });

    private static string Written(ExportLine line) => JsonSerializer.Serialize(line, ApiJson.Default.ExportLine) + "\n";

    private static string Heading(Dialog dialog) =>
        string.Join(" · ", new[] { dialog.Title, dialog.Username is null ? null : "@" + dialog.Username, Phones.WithPlus(dialog.Phone) }.Where(part => part is not null)) + "\n\n";

    private static string Readable(Dialog dialog, ExportedThing thing)
    {
        if (thing.Note is { } note)
            return $"{At(note.Note.CreatedAt)} # {note.Author.DisplayName ?? note.Author.Email}: {Indented(note.Note.Text)}\n";
        var message = thing.Message!;
        var other = message.Direction is MessageDirection.PersonalTelegramIn or MessageDirection.TelegramBotIn;
        var who = other ? dialog.Title ?? dialog.Username ?? dialog.Phone ?? "" : thing.Sender ?? "";
        var failed = message.ErrorCode is { } code ? $" [{code}]" : "";
        return $"{At(message.TelegramDate ?? message.CreatedAt)} {(other ? "<" : ">")} {who}: {Indented(message.Text)}{failed}\n";
    }

    private static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A line of the text never looks like a new message.</summary>
    private static string Indented(string text) => text.ReplaceLineEndings("\n    ");
}

/// <summary>One line of an exported dialog.</summary>
/// <param name="Kind">dialog, message, note or end.</param>
internal sealed record ExportLine(string Kind)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DialogResponse? Dialog { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MessageResponse? Message { get; init; }

    /// <summary>Who of the tenant had the message sent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sender { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NoteResponse? Note { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Messages { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Notes { get; init; }
}
