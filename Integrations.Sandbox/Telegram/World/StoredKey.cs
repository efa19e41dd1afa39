namespace Integrations.Sandbox.Telegram.World;

/// <summary>Why requests under an auth key are refused from now on.</summary>
internal enum KeyFate
{
    /// <summary>Usable; signed in or not.</summary>
    Alive,

    /// <summary>The session was ended from another device.</summary>
    Revoked,

    /// <summary>Two connections sent under it at once; it never works again.</summary>
    Duplicated,
}

/// <summary>An auth key as the data centre that made it remembers it; nobody signs in under a temporary one.</summary>
internal sealed class StoredKey
{
    /// <summary>Lower 64 bits of the key's SHA-1, as on the wire.</summary>
    public required long Id { get; init; }

    /// <summary>256 bytes.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>A key is known only to the data centre of its handshake.</summary>
    public required int DcId { get; init; }

    /// <summary>The salt that the handshake gave, valid for the first hour.</summary>
    public required long FirstSalt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public KeyFate Fate { get; set; }

    /// <summary>Null until signed in.</summary>
    public Device? Device { get; set; }

    /// <summary>The person whose second factor is awaited, if any.</summary>
    public long? AwaitsPasswordOf { get; set; }
}

/// <summary>One signed-in session, as the list of devices on a phone shows it.</summary>
internal sealed class Device
{
    public required long Hash { get; init; }

    public required long UserId { get; init; }

    public required DeviceInfo Info { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastActiveAt { get; set; }

    /// <summary>The key at the person's own data centre from which this session was taken along; it is part of that device.</summary>
    public long? ParentKeyId { get; init; }
}

/// <summary>What a client says about itself in <c>initConnection</c>.</summary>
public sealed record DeviceInfo
{
    public int ApiId { get; init; }

    public string DeviceModel { get; init; } = "Unknown";

    public string SystemVersion { get; init; } = "";

    public string AppVersion { get; init; } = "";

    public string SystemLangCode { get; init; } = "";

    public string LangCode { get; init; } = "";

    /// <summary>The schema layer that the session speaks.</summary>
    public int Layer { get; init; }
}

/// <summary>A QR login token: 30 seconds, one use, bound to the key that asked for it.</summary>
internal sealed class QrToken
{
    public required byte[] Token { get; init; }

    public required long KeyId { get; init; }

    public required int ApiId { get; init; }

    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>People who are already connected and must not be connected twice.</summary>
    public long[] ExceptIds { get; init; } = [];

    public long? AcceptedBy { get; set; }

    /// <summary>The key that turned the accepted token into a session; it may repeat the call.</summary>
    public long? UsedByKey { get; set; }
}
