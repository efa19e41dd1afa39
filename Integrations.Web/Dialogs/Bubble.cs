using Integrations.Web.Api;

namespace Integrations.Web.Dialogs;

/// <summary>One message as the thread shows it: known to the Api, or typed here and on the way there.</summary>
internal sealed class Bubble
{
    private Bubble(string text, bool outgoing, DateTimeOffset at) => (Text, Outgoing, At) = (text, outgoing, at);

    /// <summary>Stays the same when the Api gives the message its id, so that the bubble on the screen stays the same too.</summary>
    public object Key { get; } = new();

    public Guid? Id { get; private set; }

    public string Text { get; private set; }

    public bool Outgoing { get; }

    public DateTimeOffset At { get; private set; }

    public string Status { get; private set; } = "pending";

    public string? ErrorCode { get; private set; }

    public string? ErrorDetail { get; private set; }

    /// <summary>The user who had it sent; null when it came in, or was written on another device.</summary>
    public int? SentBy { get; private set; }

    /// <summary>Its file.</summary>
    public MessageMedia? Media { get; private set; }

    /// <summary>Those that share it are shown as one.</summary>
    public string? AlbumId => Media?.AlbumId;

    /// <summary>The message that it answers.</summary>
    public Guid? ReplyTo { get; private set; }

    public bool IsEdited { get; private set; }

    /// <summary>It is gone at Telegram.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>Of what was typed here: repeating a request of unknown outcome with it sends nothing twice.</summary>
    public string? IdempotencyKey { get; private set; }

    public static Bubble Typed(string text, DateTimeOffset now) => new(text, true, now) { IdempotencyKey = Guid.CreateVersion7(now).ToString() };

    public static Bubble Of(Message message)
    {
        var bubble = new Bubble(message.Text, message.Outgoing, message.At);
        bubble.Take(message);
        return bubble;
    }

    public void Take(Message message) =>
        (Id, Text, At, Status, ErrorCode, ErrorDetail, SentBy, Media, ReplyTo, IsEdited, IsDeleted) =
        (message.Id, message.Text ?? "", message.At, message.Status, message.ErrorCode, message.ErrorDetail, message.SentBy, message.Media, message.ReplyTo, message.EditedAt is not null,
            message.DeletedAt is not null);

    /// <summary>What an event told of it, which names its text and its file only where these have changed, and never its time.</summary>
    public void Hear(Message news) =>
        (Status, ErrorCode, ErrorDetail, Text, Media, IsEdited) =
        (news.Status, news.ErrorCode, news.ErrorDetail, string.IsNullOrEmpty(news.Text) ? Text : news.Text, news.Media ?? Media, IsEdited || news.EditedAt is not null);

    public void Gone() => IsDeleted = true;

    public void Accepted(AcceptedMessage accepted) => (Id, At, Status) = (accepted.Id, accepted.CreatedAt, "pending");

    /// <summary>It did not reach the Api, or the Api refused it.</summary>
    public void Failed(string code, string? detail) => (Status, ErrorCode, ErrorDetail) = ("failed", code, detail);

    public void TryAgain() => (Status, ErrorCode, ErrorDetail) = ("pending", null, null);
}
