using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Telegram.Messages;

namespace Integrations.Core.Telegram.Sending;

/// <summary>To whom a message goes: exactly one of these is set.</summary>
/// <param name="Username">Without the @.</param>
/// <param name="Phone">In E.164.</param>
/// <param name="TelegramUserId">Whom an account has met.</param>
/// <param name="ChatId">As the Bot API writes it; for bots alone, which know nobody by another name.</param>
public sealed record Recipient(Guid? DialogId = null, string? Username = null, string? Phone = null, long? TelegramUserId = null, long? ChatId = null);

/// <summary>A message that somebody asks to have sent; its form was checked.</summary>
/// <param name="AccountId">Who sends: either this or the bot.</param>
/// <param name="ReplyTo">A message of the same dialog.</param>
public sealed record OutgoingMessage(Guid? AccountId, Recipient To, string Text, Guid? ReplyTo, MessagePriority Priority)
{
    /// <summary>Who sends where it is no account.</summary>
    public Guid? BotId { get; init; }

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
