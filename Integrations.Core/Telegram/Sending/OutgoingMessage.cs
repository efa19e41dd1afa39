using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;

namespace Integrations.Core.Telegram.Sending;

/// <summary>To whom a message goes: exactly one of these is set.</summary>
/// <param name="Username">Without the @.</param>
/// <param name="Phone">In E.164.</param>
/// <param name="TelegramUserId">Whom an account has met.</param>
/// <param name="ChatId">As the Bot API writes it: for bots, which know nobody by another name, and for connected channels.</param>
public sealed record Recipient(Guid? DialogId = null, string? Username = null, string? Phone = null, long? TelegramUserId = null, long? ChatId = null);

/// <summary>A file that goes with a message: exactly one of id and address is set.</summary>
/// <param name="MediaId">An upload of the caller.</param>
/// <param name="Address">Where it is fetched from before it is sent.</param>
/// <param name="Kind">As what; null leaves it to the content.</param>
/// <param name="FileName">As its receiver sees it; null leaves the name that it has.</param>
/// <param name="Spoiler">Shown only after a touch.</param>
public sealed record OutgoingMedia(Guid? MediaId, Uri? Address, MediaKind? Kind, string? FileName, bool Spoiler);

/// <summary>A message that somebody asks to have sent; its form was checked.</summary>
/// <param name="AccountId">Who sends: this, the bot or the channel.</param>
/// <param name="ReplyTo">A message of the same dialog.</param>
public sealed record OutgoingMessage(Guid? AccountId, Recipient To, string Text, Guid? ReplyTo, MessagePriority Priority)
{
    /// <summary>Who sends where it is no account.</summary>
    public Guid? BotId { get; init; }

    /// <summary>Files that go with it, several as one album; the text is the first one's caption then, and may be empty.</summary>
    public IReadOnlyList<OutgoingMedia> Media { get; init; } = [];

    /// <summary>A connected channel, which says who sends and to whom; then neither is given.</summary>
    public Guid? ChannelId { get; init; }

    /// <summary>When it is to be sent; null for at once.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>Equal for equal requests, however their JSON was written: compared when an Idempotency-Key comes again.</summary>
    internal byte[] Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(AccountId?.ToString("D"));
        Add(To.DialogId?.ToString("D"));
        Add(To.Username?.ToLowerInvariant());
        Add(To.Phone);
        Add(To.TelegramUserId?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Add(Text);
        Add(ReplyTo?.ToString("D"));
        Add(Priority.ToString());
        if (BotId is { } bot)
        {
            Add(bot.ToString("D"));
            Add(To.ChatId?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        foreach (var item in Media)
        {
            Add(item.MediaId?.ToString("D"));
            Add(item.Address?.AbsoluteUri);
            Add(item.Kind?.ToString());
            Add(item.FileName);
            Add(item.Spoiler ? "spoiler" : null);
        }

        if (ChannelId is { } channel)
            Add("channel " + channel.ToString("D"));
        if (SendAt is { } at)
            Add("at " + at.ToUniversalTime().ToString("O", System.Globalization.CultureInfo.InvariantCulture));

        return hash.GetHashAndReset();

        // Each part after its length, so that no two different requests run together into one text.
        void Add(string? part)
        {
            var bytes = part is null ? null : Encoding.UTF8.GetBytes(part);
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, bytes?.Length ?? -1);
            hash.AppendData(length);
            hash.AppendData(bytes ?? []);
        }
    }
}
