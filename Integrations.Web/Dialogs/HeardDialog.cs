using System.Text.Json;
using Integrations.Web.Api;

namespace Integrations.Web.Dialogs;

/// <summary>A dialog after what an event told of it.</summary>
internal static class HeardDialog
{
    /// <summary>As much of the last message as the Api's lists tell.</summary>
    private const int LastTextLength = 200;

    /// <summary>The dialog that an event is about; null when it is about none.</summary>
    public static Guid? Of(LiveEvent received) => received.Type switch
    {
        "dialog.updated" => received.Id("id"),
        "message.created" or "message.updated" or "dialog.deleted" => received.Id("dialog_id"),
        _ => null,
    };

    /// <summary>Null when the event tells too little, and the dialog is to be read.</summary>
    public static Dialog? After(Dialog dialog, LiveEvent received) => received.Type switch
    {
        "dialog.updated" => Changed(dialog, received.Data),
        "dialog.deleted" => null,
        "message.created" => Said(dialog, received.As<Message>()),
        "message.updated" => Ended(dialog, received.As<Message>()),
        _ => dialog,
    };

    private static Dialog? Changed(Dialog dialog, JsonElement data)
    {
        // Two became one, and what was said in the other belongs to this one now.
        if (data.TryGetProperty("joined", out _))
            return null;
        if (data.TryGetProperty("assignee_id", out var assignee))
        {
            // The event names him by his number only.
            if (assignee.ValueKind is JsonValueKind.Number && assignee.GetInt32() != dialog.Assignee?.UserId)
                return null;
            if (assignee.ValueKind is JsonValueKind.Null)
                dialog = dialog with { Assignee = null };
        }

        return dialog with
        {
            PeerKind = Text("peer_kind") ?? dialog.PeerKind,
            Title = Text("title") ?? dialog.Title,
            Username = Text("username") ?? dialog.Username,
            UnreadCount = data.TryGetProperty("unread_count", out var unread) ? unread.GetInt32() : dialog.UnreadCount,
            BlockedAt = data.TryGetProperty("bot_id", out _) && data.TryGetProperty("unread_count", out _) ? At("blocked_at") : dialog.BlockedAt,
            ClosedAt = data.TryGetProperty("closed_at", out var closed) ? closed.ValueKind is JsonValueKind.Null ? null : closed.GetDateTimeOffset() : dialog.ClosedAt,
            LastMessageAt = data.TryGetProperty("last_message_at", out var at) ? at.GetDateTimeOffset() : dialog.LastMessageAt,
        };

        DateTimeOffset? At(string name) => data.TryGetProperty(name, out var value) ? value.GetDateTimeOffset() : null;

        string? Text(string name) => data.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    private static Dialog? Said(Dialog dialog, Message message)
    {
        // What came before it is answered by it, unless it fails.
        var waiting = message.Outgoing ? null : dialog.WaitingSince ?? (dialog.PeerKind is "channel" ? null : message.At);
        return dialog with
        {
            LastMessage = new LastMessage(message.Id, message.Direction, message.Status, Cut(message.Text ?? ""), message.Media?.Kind),
            LastMessageAt = dialog.LastMessageAt > message.At ? dialog.LastMessageAt : message.At,
            WaitingSince = waiting,
        };
    }

    private static Dialog? Ended(Dialog dialog, Message message)
    {
        // Whoever was answered by it waits again, or does no longer; since when, the Api knows.
        if (message.Status is "failed" || dialog.LastMessage is { Status: "failed" })
            return null;
        return dialog.LastMessage is { } last && last.Id == message.Id ? dialog with { LastMessage = last with { Status = message.Status, Text = string.IsNullOrEmpty(message.Text) ? last.Text : Cut(message.Text) } } : dialog;
    }

    private static string Cut(string text) =>
        text.Length <= LastTextLength ? text : text[..(char.IsHighSurrogate(text[LastTextLength - 1]) ? LastTextLength - 1 : LastTextLength)];
}
