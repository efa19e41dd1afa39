namespace Integrations.Web.Api;

/// <summary>A page, the newest first; <paramref name="NextBefore"/> asks for the next one and is null at the end.</summary>
internal sealed record Page<T>(T[] Items, Guid? NextBefore, Guid? NextAfter = null);

/// <summary>A personal account as the console shows it; public because components' parameters must be.</summary>
public sealed record Account(
    Guid Id, int UserId, string? DisplayName, string? Username, string? Phone, long? TelegramUserId, string Status, string World,
    DateTimeOffset? LastConnectedAt, string? LastError, string? LastErrorCode, bool AcceptsPrivate, bool AcceptsGroups, bool AcceptsChannels,
    Guid? ProjectId = null, DateTimeOffset? ImportedAt = null, string? Proxy = null)
{
    /// <summary>A login that is still open: nobody has been connected yet.</summary>
    public bool IsLogin => TelegramUserId is null && Status is "pending" && ImportedAt is null;

    /// <summary>A first login that came to nothing; there is no account to show. What was imported is shown until somebody takes it away.</summary>
    public bool IsAbandoned => TelegramUserId is null && Status is not ("pending" or "active") && (ImportedAt is null || Status is not "error");

    /// <summary>It lives in the simulated Telegram.</summary>
    public bool IsSandbox => World is "sandbox";
}

/// <summary>What to change of an account; null stays as it is, an empty name removes the name, an empty id takes it out of its project.</summary>
internal sealed record AccountChange(
    string? DisplayName = null, bool? AcceptsPrivate = null, bool? AcceptsGroups = null, bool? AcceptsChannels = null, Guid? ProjectId = null, string? Proxy = null);

/// <summary>A login; its id is the account's id.</summary>
internal sealed record Login(
    Guid LoginId, string Status, string Method, string? QrUrl, DateTimeOffset ExpiresAt, DateTimeOffset? QrExpiresAt, string? PasswordHint,
    string? RecoveryEmail, DateTimeOffset? RetryAt, string? Code, string? Detail)
{
    public bool IsOpen => Status is "ready" or "pending" or "code_required" or "password_required";
}

internal sealed record StartLogin(string? Method = null, string? Phone = null, Guid? AccountId = null, Guid? ProjectId = null);

/// <summary>What a request to reconnect led to; the login is there where the account's session was gone.</summary>
internal sealed record Reconnected(Account Account, Login? Login);

/// <summary>One thing said; public because components' parameters must be.</summary>
public sealed record Message(
    Guid Id, Guid DialogId, string Direction, string Status, string Text, DateTimeOffset? TelegramDate, DateTimeOffset CreatedAt, string? ErrorCode, string? ErrorDetail,
    int? SentBy = null, Guid? ReplyTo = null, MessageMedia? Media = null, DateTimeOffset? EditedAt = null, DateTimeOffset? DeletedAt = null, MessageHit? Hit = null)
{
    public bool Outgoing => Direction.EndsWith("_out", StringComparison.Ordinal);

    /// <summary>When it was said, as Telegram has it; until then, when it was accepted.</summary>
    public DateTimeOffset At => TelegramDate ?? CreatedAt;
}

/// <summary>The file of a message; public because components' parameters must be.</summary>
public sealed record MessageMedia(
    Guid Id, string Kind, string? FileName, string? MimeType, long? Size, int? Width, int? Height, int? Duration, string State, string? ErrorCode, string? AlbumId);

/// <summary>Where a message says what was searched for.</summary>
public sealed record MessageHit(string? Title, string? Username, string? Phone, string Snippet, HitRange[] Ranges)
{
    /// <summary>The snippet in pieces, and whether each is what was searched for.</summary>
    public IEnumerable<(string Text, bool IsHit)> Parts
    {
        get
        {
            var at = 0;
            foreach (var range in Ranges)
            {
                if (range.Start > at)
                    yield return (Snippet[at..range.Start], false);
                yield return (Snippet.Substring(range.Start, range.Length), true);
                at = range.Start + range.Length;
            }

            if (at < Snippet.Length)
                yield return (Snippet[at..], false);
        }
    }
}

/// <summary>In UTF-16 units.</summary>
public readonly record struct HitRange(int Start, int Length);

/// <summary>Whom to write to: exactly one of the fields.</summary>
public sealed record Recipient(Guid? DialogId = null, string? Username = null, string? Phone = null);

/// <summary>A text by an account or by a bot, whichever id is there.</summary>
/// <param name="Media">Files that go with it.</param>
internal sealed record SendText(Guid? AccountId, Guid? BotId, Recipient To, string Text, IReadOnlyList<SendMedia>? Media = null);

/// <summary>An upload that goes with a message.</summary>
internal sealed record SendMedia(Guid MediaId, string Kind);

/// <summary>A file that the Api has taken.</summary>
internal sealed record UploadedFile(Guid Id, string Kind);

internal sealed record AcceptedMessage(Guid Id, string Status, DateTimeOffset CreatedAt);
