using System.Buffers;

namespace Integrations.Mtproto.Transport;

/// <summary>Where one packet is put together before it is obfuscated; it holds pooled memory only from the first byte to <see cref="Release"/>.</summary>
internal sealed class FrameBuffer : IBufferWriter<byte>
{
    private byte[] _buffer = [];
    private int _length;

    public Span<byte> Written => _buffer.AsSpan(0, _length);

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(1, sizeHint));
        return _buffer.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Release()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    private void Reserve(int count)
    {
        if (_buffer.Length - _length >= count)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, _buffer.Length * 2));
        Written.CopyTo(larger);
        var length = _length;
        Release();
        (_buffer, _length) = (larger, length);
    }
}
