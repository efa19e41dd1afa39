namespace Integrations.Mtproto.Schema;

/// <summary>The API layers whose constructors this library can write and read.</summary>
public static class SchemaLayer
{
    /// <summary>The layer that the classes describe and that our client speaks.</summary>
    public const int Current = 228;

    /// <summary>The layers that are served to other clients, oldest first.</summary>
    public static IReadOnlyList<int> Served { get; } = [144, 198, Current];
}
