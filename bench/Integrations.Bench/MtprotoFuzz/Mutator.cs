using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Tl;

namespace Integrations.Bench.MtprotoFuzz;

/// <summary>Draws inputs: random ones, ones put together of what means something to a reader, and good ones with something wrong.</summary>
internal sealed class Mutator(int seed) : IRandomSource
{
    private static readonly uint[] Constructors = FindConstructors();

    private readonly Random _random = new(seed);

    public int Next(int limit) => _random.Next(limit);

    public void Fill(Span<byte> destination) => _random.NextBytes(destination);

    public T Any<T>(IReadOnlyList<T> all) => all[_random.Next(all.Count)];

    public byte[] Bytes(int least, int most)
    {
        var bytes = new byte[_random.Next(least, most + 1)];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Words that mean something: constructors, vectors, flags, lengths, small and extreme numbers.</summary>
    public byte[] Words(int least, int most)
    {
        var bytes = new byte[_random.Next(least, most + 1) * 4];
        for (var i = 0; i < bytes.Length; i += 4)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i), Word());
        return bytes;
    }

    /// <summary>One to four changes, of which some move the rest.</summary>
    public byte[] Change(byte[] good)
    {
        var bytes = (byte[])good.Clone();
        for (var i = _random.Next(1, 5); i > 0 && bytes.Length > 0; i--)
            bytes = ChangeOnce(bytes);
        return bytes;
    }

    private byte[] ChangeOnce(byte[] bytes)
    {
        var at = _random.Next(bytes.Length);
        var word = at & ~3;
        switch (_random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                return bytes;
            case 2 or 3 when word + 4 <= bytes.Length:
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(word), Word());
                return bytes;
            case 4:
                return bytes[..word];
            case 5:
                return [.. bytes[..word], .. Words(1, 4), .. bytes[word..]];
            case 6:
                return [.. bytes[..word], .. bytes[Math.Min(bytes.Length, word + (4 * _random.Next(1, 5)))..]];
            default:
                // A part of itself, put elsewhere: lists grow and nest.
                var from = _random.Next(bytes.Length) & ~3;
                var part = bytes[from..Math.Min(bytes.Length, from + (4 * _random.Next(1, 32)))];
                return [.. bytes[..word], .. part, .. bytes[word..]];
        }
    }

    private uint Word() => _random.Next(10) switch
    {
        0 or 1 or 2 => Constructors[_random.Next(Constructors.Length)],
        3 => TlConstructors.Vector,
        4 => _random.Next(2) == 0 ? TlConstructors.BoolTrue : TlConstructors.BoolFalse,
        5 => (uint)_random.Next(0, 8),
        6 => (uint)_random.Next(0, 4096),
        7 => _random.Next(2) == 0 ? uint.MaxValue : int.MaxValue,
        // A short string with its length before it, and the long form of one.
        8 => 0x00616203,
        _ => (uint)_random.NextInt64(uint.MaxValue),
    };

    private static uint[] FindConstructors() =>
    [
        .. typeof(TlObject).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false } && type.IsSubclassOf(typeof(TlObject)))
            .Select(type => ((TlObject)RuntimeHelpers.GetUninitializedObject(type)).ConstructorId)
            .Order(),
    ];
}
