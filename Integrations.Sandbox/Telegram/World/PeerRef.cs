using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>What a conversation is held with.</summary>
public enum PeerKind
{
    /// <summary>A private chat with one person.</summary>
    User,

    /// <summary>A basic group: its messages live in the boxes of its members.</summary>
    Group,

    /// <summary>A supergroup or a channel: it numbers its own messages.</summary>
    Channel,
}

/// <summary>The other side of a conversation, written <c>1000001</c>, <c>g5</c> or <c>c7</c>.</summary>
[JsonConverter(typeof(PeerRefJsonConverter))]
public readonly record struct PeerRef(PeerKind Kind, long Id)
{
    /// <summary>The private chat with a person.</summary>
    public static PeerRef User(long id) => new(PeerKind.User, id);

    /// <summary>A basic group.</summary>
    public static PeerRef Group(long id) => new(PeerKind.Group, id);

    /// <summary>A supergroup or channel.</summary>
    public static PeerRef Channel(long id) => new(PeerKind.Channel, id);

    /// <summary>Reads the written form; false when it is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PeerRef peer)
    {
        peer = default;
        if (string.IsNullOrEmpty(text))
            return false;
        var kind = text[0] switch { 'g' => PeerKind.Group, 'c' => PeerKind.Channel, _ => PeerKind.User };
        var digits = kind == PeerKind.User ? text : text[1..];
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == 0)
            return false;
        peer = new PeerRef(kind, id);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        PeerKind.Group => string.Create(CultureInfo.InvariantCulture, $"g{Id}"),
        PeerKind.Channel => string.Create(CultureInfo.InvariantCulture, $"c{Id}"),
        _ => Id.ToString(CultureInfo.InvariantCulture),
    };
}

/// <summary>Writes a peer as its short text, also as a dictionary key.</summary>
internal sealed class PeerRefJsonConverter : JsonConverter<PeerRef>
{
    public override PeerRef Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Parse(reader.GetString());

    public override void Write(Utf8JsonWriter writer, PeerRef value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

    public override PeerRef ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString());

    public override void WriteAsPropertyName(Utf8JsonWriter writer, PeerRef value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString());

    private static PeerRef Parse(string? text) =>
        PeerRef.TryParse(text, out var peer) ? peer : throw new JsonException("A peer is a user id, g{id} or c{id}.");
}
