namespace Integrations.Mtproto.Tl;

/// <summary>Finds a constructor by its id: our layer's and those of the older layers that differ.</summary>
public static partial class TlRegistry
{
    /// <summary>Reads one boxed object of any kind, a call included. Trailing bytes are left to the caller.</summary>
    /// <exception cref="TlException">Unknown id or malformed fields.</exception>
    public static TlObject Read(ref TlReader reader) => reader.ReadObject<TlObject>();

    /// <summary>Reads one boxed object that fills the data.</summary>
    /// <inheritdoc cref="Read(ref TlReader)" path="/exception"/>
    public static TlObject Read(ReadOnlySpan<byte> data)
    {
        var reader = new TlReader(data);
        var value = reader.ReadObject<TlObject>();
        reader.EnsureEnd();
        return value;
    }

    /// <summary>The schema's name of an id, for logs; null when it is not known.</summary>
    public static string? NameOf(uint id) => GeneratedNameOf(id) ?? TlConstructors.NameOf(id);
}
