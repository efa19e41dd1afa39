using System.Buffers.Binary;
using System.Text;

namespace Integrations.Mtproto.Tl;

/// <summary>
/// Reads TL from a span that the network filled. Everything that the bytes claim (lengths, counts, nesting) is checked against
/// what is there before memory is taken; whatever is wrong throws <see cref="TlException"/> and nothing else.
/// </summary>
/// <remarks>https://core.telegram.org/mtproto/serialize and https://core.telegram.org/mtproto/TL-abstract-types.</remarks>
public ref struct TlReader(ReadOnlySpan<byte> data)
{
    /// <summary>Objects inside objects. Rich text nests deepest in practice, far below this.</summary>
    public const int MaxDepth = 64;

    /// <summary>
    /// Places that a vector of objects gets before its items are read; it grows as they turn out to be there. Vectors inside vectors could
    /// otherwise each take memory for all the bytes that are left.
    /// </summary>
    private const int FirstPlaces = 256;

    private readonly ReadOnlySpan<byte> _data = data;
    private int _depth;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => _data.Length - Position;

    /// <summary>What is still unread.</summary>
    public readonly ReadOnlySpan<byte> Rest => _data[Position..];

    /// <summary>Throws when bytes are left over.</summary>
    public readonly void EnsureEnd()
    {
        if (Remaining != 0)
            throw new TlException($"{Remaining} bytes follow the object.");
    }

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadRaw(4));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadRaw(4));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(ReadRaw(8));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(ReadRaw(8));

    /// <summary>16 bytes as they stand: a nonce is a string of bytes, not a number, and keeps its leading zeros.</summary>
    public byte[] ReadInt128() => ReadRaw(16).ToArray();

    /// <summary>32 bytes as they stand.</summary>
    public byte[] ReadInt256() => ReadRaw(32).ToArray();

    public bool ReadBool()
    {
        var id = ReadUInt32();
        return id switch
        {
            TlConstructors.BoolTrue => true,
            TlConstructors.BoolFalse => false,
            _ => throw TlException.Unexpected(id, "Bool"),
        };
    }

    /// <summary>The id of the next object, without moving.</summary>
    public readonly uint PeekId()
    {
        if (Remaining < 4)
            throw TlException.Truncated(4, Remaining);
        return BinaryPrimitives.ReadUInt32LittleEndian(_data[Position..]);
    }

    /// <summary>A fixed number of bytes, without a length before them.</summary>
    public ReadOnlySpan<byte> ReadRaw(int count)
    {
        if ((uint)count > (uint)Remaining)
            throw TlException.Truncated(count, Remaining);
        var span = _data.Slice(Position, count);
        Position += count;
        return span;
    }

    public byte[] ReadBytes() => ReadBytesSpan().ToArray();

    /// <summary>The text. Bytes that are not UTF-8 become U+FFFD: one bad name must not make a whole update unreadable.</summary>
    public string ReadString() => Encoding.UTF8.GetString(ReadBytesSpan());

    /// <summary>The bytes of a <c>bytes</c> or <c>string</c>, in place.</summary>
    public ReadOnlySpan<byte> ReadBytesSpan()
    {
        int length = ReadRaw(1)[0];
        var header = 1;
        if (length == 255)
            throw new TlException("A string cannot begin with the byte 255.");
        if (length == 254)
        {
            var wide = ReadRaw(3);
            length = wide[0] | (wide[1] << 8) | (wide[2] << 16);
            header = 4;
            if (length < 254)
                throw new TlException($"A string of {length} bytes uses the long form.");
        }

        var span = ReadRaw(length);
        foreach (var pad in ReadRaw(-(header + length) & 3))
        {
            if (pad != 0)
                throw new TlException("A string is padded with something other than zeros.");
        }

        return span;
    }

    public T[] ReadVector<T>()
        where T : TlObject
    {
        var count = ReadVectorCount(4);
        var items = new T[Math.Min(count, FirstPlaces)];
        for (var i = 0; i < count; i++)
        {
            if (i == items.Length)
                Array.Resize(ref items, Math.Min(count, items.Length * 2));
            items[i] = ReadObject<T>();
        }

        return items;
    }

    public int[] ReadInt32Vector()
    {
        var items = new int[ReadVectorCount(4)];
        for (var i = 0; i < items.Length; i++)
            items[i] = ReadInt32();
        return items;
    }

    public long[] ReadInt64Vector()
    {
        var items = new long[ReadVectorCount(8)];
        for (var i = 0; i < items.Length; i++)
            items[i] = ReadInt64();
        return items;
    }

    public double[] ReadDoubleVector()
    {
        var items = new double[ReadVectorCount(8)];
        for (var i = 0; i < items.Length; i++)
            items[i] = ReadDouble();
        return items;
    }

    public string[] ReadStringVector()
    {
        var count = ReadVectorCount(4);
        var items = new string[Math.Min(count, FirstPlaces)];
        for (var i = 0; i < count; i++)
        {
            if (i == items.Length)
                Array.Resize(ref items, Math.Min(count, items.Length * 2));
            items[i] = ReadString();
        }

        return items;
    }

    public byte[][] ReadBytesVector()
    {
        var count = ReadVectorCount(4);
        var items = new byte[Math.Min(count, FirstPlaces)][];
        for (var i = 0; i < count; i++)
        {
            if (i == items.Length)
                Array.Resize(ref items, Math.Min(count, items.Length * 2));
            items[i] = ReadBytes();
        }

        return items;
    }

    /// <summary>The head of a boxed vector.</summary>
    /// <param name="minimumItemSize">The least bytes that an item can take; a count that cannot fit is refused before memory is taken.</param>
    public int ReadVectorCount(int minimumItemSize)
    {
        var id = ReadUInt32();
        if (id != TlConstructors.Vector)
            throw TlException.Unexpected(id, "a vector");
        return ReadCount(minimumItemSize);
    }

    /// <summary>The count of a bare vector (no id before it).</summary>
    public int ReadCount(int minimumItemSize)
    {
        var count = ReadInt32();
        if (count < 0 || count > Remaining / minimumItemSize)
            throw new TlException($"A vector claims {(uint)count} items in {Remaining} bytes.");
        return count;
    }

    /// <summary>Reads the id and that constructor's fields, of whichever served layer the id belongs to.</summary>
    /// <exception cref="TlException">The id is unknown, or is not a <typeparamref name="T"/>.</exception>
    public T ReadObject<T>()
        where T : TlObject
    {
        if (++_depth > MaxDepth)
            throw new TlException($"Objects nest deeper than {MaxDepth}.");
        var id = ReadUInt32();
        if (TlRegistry.ReadBody(id, ref this) is not T value)
            throw TlException.Unexpected(id, typeof(T).Name);
        _depth--;
        return value;
    }

    /// <summary>Reads a call of any served layer.</summary>
    public TlRequest ReadRequest() => ReadObject<TlRequest>();
}
