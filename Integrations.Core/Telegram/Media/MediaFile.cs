using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Media;

public enum MediaKind
{
    Photo,
    Document,
    Video,
    Animation,
    Audio,
    Voice,
    VideoNote,
    Sticker,
}

/// <summary>Where the content comes from.</summary>
public enum MediaSource
{
    Telegram,

    /// <summary>A caller of ours sent it.</summary>
    Upload,

    /// <summary>A caller of ours named an address.</summary>
    Url,
}

/// <summary>Where the content of a file stands.</summary>
public enum MediaState
{
    /// <summary>It is not here yet.</summary>
    Waiting,
    Ready,

    /// <summary>It will not come; the row says why.</summary>
    Failed,

    /// <summary>It is over the limit and is never fetched.</summary>
    TooBig,
}

/// <summary>What is told of a file before anybody has its content.</summary>
/// <param name="Size">In bytes; null where nobody has told it.</param>
/// <param name="Duration">In seconds.</param>
public sealed record MediaTraits(MediaKind Kind, string? FileName, string? MimeType, long? Size, int? Width, int? Height, int? Duration)
{
    private const int NameLength = 255;
    private const int TypeLength = 127;
    private const int MaxSide = 100_000;

    /// <summary>The same, as the database takes it, whatever somebody at the other end has made up.</summary>
    public MediaTraits Storable() => this with
    {
        FileName = Cut(FileName, NameLength),
        MimeType = Cut(MimeType, TypeLength),
        Size = Size is >= 0 ? Size : null,
        Width = Width is > 0 and <= MaxSide ? Width : null,
        Height = Height is > 0 and <= MaxSide ? Height : null,
        Duration = Duration is >= 0 ? Duration : null,
    };

    private static string? Cut(string? text, int length)
    {
        var clean = text?.Replace("\0", "", StringComparison.Ordinal);
        if (string.IsNullOrWhiteSpace(clean))
            return null;
        if (clean.Length <= length)
            return clean;
        return clean[..(char.IsHighSurrogate(clean[length - 1]) ? length - 1 : length)];
    }
}

/// <summary>One file that came or goes. Its content is in <see cref="MediaStore"/>.</summary>
public sealed class MediaFile
{
    private MediaFile()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public MediaKind Kind { get; private set; }
    public MediaSource Source { get; private set; }
    public MediaState State { get; private set; }
    public string? FileName { get; private set; }
    public string? MimeType { get; private set; }

    /// <summary>In bytes.</summary>
    public long? Size { get; private set; }

    public int? Width { get; private set; }
    public int? Height { get; private set; }

    /// <summary>In seconds.</summary>
    public int? Duration { get; private set; }

    /// <summary>Of the content; null until it is here.</summary>
    public byte[]? Sha256 { get; private set; }

    /// <summary>Where it is to be fetched, sealed.</summary>
    public byte[]? LocationSealed { get; private set; }

    public string? ErrorCode { get; private set; }
    public string? ErrorDetail { get; private set; }

    /// <summary>Whose upload it is; null for what came.</summary>
    public int? UserId { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    /// <summary>The secret that says where the content is to be fetched.</summary>
    public static SecretAddress LocationAddress(TenantId tenant, Guid media) => new(tenant, "media", "location_sealed", media);

    /// <summary>A file that somebody here sends; its content is written next, and then it is ready.</summary>
    public static MediaFile Expect(TenantId tenant, Guid id, MediaSource source, MediaTraits traits, int? userId, byte[]? locationSealed = null)
    {
        ArgumentNullException.ThrowIfNull(traits);
        var storable = traits.Storable();
        return new MediaFile
        {
            Id = id,
            TenantId = tenant.Value,
            Kind = storable.Kind,
            Source = source,
            State = MediaState.Waiting,
            FileName = storable.FileName,
            MimeType = storable.MimeType,
            Size = storable.Size,
            Width = storable.Width,
            Height = storable.Height,
            Duration = storable.Duration,
            UserId = userId,
            LocationSealed = locationSealed,
        };
    }
}
