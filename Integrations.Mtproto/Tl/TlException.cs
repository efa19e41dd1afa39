namespace Integrations.Mtproto.Tl;

/// <summary>Bytes that are not valid TL, or an object that cannot be expressed at the writer's layer.</summary>
public sealed class TlException : Exception
{
    public TlException(string message)
        : base(message)
    {
    }

    public TlException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The constructor id that was not expected or not known, when that was the reason.</summary>
    public uint? ConstructorId { get; private init; }

    internal static TlException Unexpected(uint id, string wanted) =>
        new($"Constructor {TlRegistry.NameOf(id) ?? "unknown"}#{id:x8} where {wanted} was expected.") { ConstructorId = id };

    internal static TlException Truncated(int wanted, int remaining) => new($"The data ends early: {wanted} bytes wanted, {remaining} left.");

    internal static TlException NotAtLayer(string name, int layer) => new($"{name} does not exist at layer {layer}.");

    internal static TlException FlagNeeds(string name, string field) =>
        new($"{name}: another field sets the flag of {field}, so {field} must be set too.");
}
