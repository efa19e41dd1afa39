using Integrations.Mtproto.Crypto;

namespace Integrations.Mtproto.Tests;

/// <summary>Hands out the given bytes in order; asking for more than there are fails the test.</summary>
internal sealed class ScriptedRandom(params byte[][] parts) : IRandomSource
{
    private readonly byte[] _script = [.. parts.SelectMany(part => part)];
    private int _position;

    public int Left => _script.Length - _position;

    public void Fill(Span<byte> destination)
    {
        if (destination.Length > Left)
            throw new InvalidOperationException($"{destination.Length} random bytes were asked for and {Left} are left.");
        _script.AsSpan(_position, destination.Length).CopyTo(destination);
        _position += destination.Length;
    }
}

/// <summary>All bytes are the same.</summary>
internal sealed class ConstantRandom(byte value) : IRandomSource
{
    public void Fill(Span<byte> destination) => destination.Fill(value);
}

/// <summary>Repeatable and well spread (xorshift), for runs that must go the same way each time.</summary>
internal sealed class SeededRandom(ulong seed) : IRandomSource
{
    private readonly Lock _gate = new();
    private ulong _state = seed | 1;

    public void Fill(Span<byte> destination)
    {
        lock (_gate)
        {
            for (var i = 0; i < destination.Length; i++)
            {
                _state ^= _state << 13;
                _state ^= _state >> 7;
                _state ^= _state << 17;
                destination[i] = (byte)(_state >> 24);
            }
        }
    }
}
