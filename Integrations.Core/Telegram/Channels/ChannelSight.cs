using System.Text.Json;
using System.Text.Json.Serialization;

namespace Integrations.Core.Telegram.Channels;

public enum ChannelType
{
    Channel,
    Group,
    Supergroup,
}

/// <summary>What an account or a bot may do in a channel or group.</summary>
/// <param name="Status">Telegram's word for what it is there: creator, administrator, member, restricted, left or kicked.</param>
/// <param name="Post">Write there at all.</param>
/// <param name="Edit">Change what others have posted in a channel.</param>
/// <param name="Delete">Delete what others have written.</param>
public sealed record ChannelRights(string Status, bool Post, bool Edit, bool Delete, bool Pin, bool Invite, bool ManageTopics)
{
    public const string PostRight = "post_messages";
    public const string EditRight = "edit_messages";
    public const string DeleteRight = "delete_messages";
    public const string PinRight = "pin_messages";
    public const string AdministratorRight = "administrator";

    public static ChannelRights None(string status) => new(status, false, false, false, false, false, false);

    /// <summary>Whether it is there at all.</summary>
    [JsonIgnore]
    public bool IsIn => Status is not ("left" or "kicked");

    [JsonIgnore]
    public bool IsAdministrator => Status is "creator" or "administrator";

    /// <summary>What it lacks to post, in Telegram's words; null when it lacks nothing.</summary>
    public string? MissingToPost(ChannelType type) =>
        type is ChannelType.Channel && !IsAdministrator ? AdministratorRight : Post ? null : PostRight;

    public string AsJson() => JsonSerializer.Serialize(this, ChannelJson.Default.ChannelRights);

    internal static ChannelRights Read(string json) => JsonSerializer.Deserialize(json, ChannelJson.Default.ChannelRights) is { Status: not null } rights ? rights : None("left");
}

/// <summary>A channel or group as Telegram shows it to an account or a bot.</summary>
/// <param name="ChannelId">As the Bot API writes a chat.</param>
public sealed record ChannelSight(long ChannelId, ChannelType Type, string Title, string? Username, int MembersCount, ChannelRights Rights)
{
    [JsonIgnore]
    public string? Missing => Rights.MissingToPost(Type);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ChannelRights))]
[JsonSerializable(typeof(ChannelSight))]
internal sealed partial class ChannelJson : JsonSerializerContext;
