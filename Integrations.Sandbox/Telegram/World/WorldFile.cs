namespace Integrations.Sandbox.Telegram.World;

/// <summary>As what a file is shown.</summary>
internal enum FileKind
{
    Document,
    Photo,
    Video,
    Audio,
    Voice,
    VideoNote,
    Animation,
    Sticker,
}

/// <summary>A photo or document as the servers keep it; its bytes stand apart.</summary>
internal sealed record WorldFile
{
    public required long Id { get; init; }

    public required bool IsPhoto { get; init; }

    public FileKind Kind { get => IsPhoto ? FileKind.Photo : field; init; }

    /// <summary>The data centre that it was uploaded to, and is fetched from.</summary>
    public required int DcId { get; init; }

    public required long Size { get; init; }

    /// <summary>Unix seconds.</summary>
    public required int Date { get; init; }

    public required string MimeType { get; init; }

    /// <summary>Of a photo, in pixels.</summary>
    public int Width { get; init; }

    /// <inheritdoc cref="Width"/>
    public int Height { get; init; }

    /// <summary>Of a document, as its sender's client serialised them: a TL <c>Vector&lt;DocumentAttribute&gt;</c>.</summary>
    public byte[] Attributes { get; init; } = [];
}
