namespace Integrations.Mtproto.Tl;

/// <summary>Ids of the constructors that are built into the language and have no class.</summary>
public static class TlConstructors
{
    public const uint Vector = 0x1cb5c415;
    public const uint BoolTrue = 0x997275b5;
    public const uint BoolFalse = 0xbc799737;
    public const uint True = 0x3fedd339;
    public const uint Null = 0x56730bcc;

    internal static string? NameOf(uint id) => id switch
    {
        Vector => "vector",
        BoolTrue => "boolTrue",
        BoolFalse => "boolFalse",
        True => "true",
        Null => "null",
        _ => null,
    };
}
