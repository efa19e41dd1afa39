namespace Integrations.Mtproto.Tl;

/// <summary>One TL value with a constructor id: a type's constructor or a request.</summary>
public abstract class TlObject
{
    /// <summary>The id at <see cref="Schema.SchemaLayer.Current"/>, or at the last layer that had this constructor.</summary>
    public abstract uint ConstructorId { get; }

    /// <summary>The name in the schema, for example <c>messages.sendMessage</c>.</summary>
    public abstract string TlName { get; }

    /// <summary>The oldest of the served layers (144, 198, 228) that has this constructor.</summary>
    public virtual int FirstLayer => 144;

    /// <summary>Writes the id and the fields as <see cref="TlWriter.Layer"/> defines them.</summary>
    /// <exception cref="TlException">This layer has no such constructor.</exception>
    public abstract void Write(TlWriter writer);

    public byte[] ToBytes(int layer = Schema.SchemaLayer.Current)
    {
        using var writer = new TlWriter(layer);
        Write(writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>The name only: the fields may hold secrets and texts of people, and this ends up in logs.</summary>
    public sealed override string ToString() => TlName;
}

/// <summary>A call. The result's wire form depends on the call, so the call reads and writes it.</summary>
public abstract class TlRequest : TlObject
{
    /// <summary>Reads the result when the caller does not know its type (see <see cref="TlRequest{TResult}.ReadResult"/>).</summary>
    public abstract object ReadAnyResult(ref TlReader reader);

    /// <summary>Writes the result when the caller does not know its type.</summary>
    /// <exception cref="TlException">The value is not of this call's result type.</exception>
    public abstract void WriteAnyResult(TlWriter writer, object result);
}

/// <inheritdoc/>
public abstract class TlRequest<TResult> : TlRequest
    where TResult : notnull
{
    public abstract TResult ReadResult(ref TlReader reader);

    public abstract void WriteResult(TlWriter writer, TResult result);

    public sealed override object ReadAnyResult(ref TlReader reader) => ReadResult(ref reader);

    public sealed override void WriteAnyResult(TlWriter writer, object result) =>
        WriteResult(writer, result is TResult typed ? typed : throw new TlException($"{TlName} does not answer with {result.GetType().Name}."));
}

/// <summary>
/// A call inside <c>invokeWithLayer</c>, <c>initConnection</c> and the like. The wrappers name no result type of their own
/// (<c>!X</c>), so this carries the inner call's.
/// </summary>
/// <param name="outer">The outermost wrapper, which holds <paramref name="inner"/> somewhere inside.</param>
/// <param name="inner">The call whose result comes back.</param>
public sealed class WrappedRequest<TResult>(TlRequest outer, TlRequest<TResult> inner) : TlRequest<TResult>
    where TResult : notnull
{
    public override uint ConstructorId => outer.ConstructorId;

    public override string TlName => inner.TlName;

    public override void Write(TlWriter writer) => outer.Write(writer);

    public override TResult ReadResult(ref TlReader reader) => inner.ReadResult(ref reader);

    public override void WriteResult(TlWriter writer, TResult result) => inner.WriteResult(writer, result);
}
