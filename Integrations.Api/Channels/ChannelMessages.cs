using System.ComponentModel;
using System.Text.Json.Nodes;
using Integrations.Api.Http;
using Integrations.Api.Telegram;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Channels;

namespace Integrations.Api.Channels;

internal sealed record ConnectChannelRequest
{
    [Description("The account that writes there. Exactly one of account_id and bot_id is given.")]
    public Guid? AccountId { get; init; }

    [Description("The bot that writes there.")]
    public Guid? BotId { get; init; }

    [Description("Which channel or group: @name, a link (t.me/name, or t.me/+invite where the account is in it), or its id as the Bot API writes it.")]
    public string? Target { get; init; }

    public ChannelTarget Checked()
    {
        var errors = new FieldErrors();
        if (AccountId is null && BotId is null)
            errors.Add("account_id", "Required, unless bot_id is given.");
        if (AccountId is not null && BotId is not null)
            errors.Add("bot_id", "Must not be sent together with account_id.");
        var target = ChannelTarget.Parse(Target);
        if (target is null)
            errors.Add("target", Target is null ? "Required." : "Must be @name, a link such as https://t.me/name, or the negative id of a channel or group.");
        errors.ThrowIfAny();
        return target!;
    }
}

internal sealed record ChangeChannelRequest
{
    [Description("False stops posting from here; true begins again and looks at the rights anew.")]
    public bool? IsActive { get; init; }

    public ChannelSettingsRequest? Settings { get; init; }
}

internal sealed record ChannelSettingsRequest
{
    [Description("What the channel is called here; an empty one removes it.")]
    public string? Label { get; init; }
}

/// <param name="Label">What the channel is called here; null where it has no name of its own.</param>
internal sealed record ChannelSettingsResponse(string? Label);

/// <summary>What the account or the bot may do there.</summary>
/// <param name="Status">creator, administrator, member, restricted, left or kicked.</param>
internal sealed record ChannelRightsResponse(string Status, bool PostMessages, bool EditMessages, bool DeleteMessages, bool PinMessages, bool InviteUsers, bool ManageTopics)
{
    public static ChannelRightsResponse From(ChannelRights rights) =>
        new(rights.Status, rights.Post, rights.Edit, rights.Delete, rights.Pin, rights.Invite, rights.ManageTopics);
}

/// <summary>A channel or group that can be picked.</summary>
/// <param name="ChannelId">As the Bot API writes it; give it as <c>target</c>.</param>
/// <param name="Type">channel, group or supergroup.</param>
/// <param name="MissingRight">What has to be given to the account or the bot before it can post; null when nothing has to.</param>
internal sealed record FoundChannelResponse(
    long ChannelId, string Title, string Type, string? Username, int MembersCount, bool CanPost, string? MissingRight, ChannelRightsResponse Rights)
{
    public static FoundChannelResponse From(FoundChannel found) => new(
        found.ChannelId, found.Title, Words.Of(found.Type), found.Username, found.MembersCount, found.CanPost, found.KnownRights.MissingToPost(found.Type),
        ChannelRightsResponse.From(found.KnownRights));
}

/// <summary>A connected channel or group.</summary>
/// <param name="UserId">Who connected it.</param>
/// <param name="AccountId">The account that writes there; null where a bot does.</param>
/// <param name="SenderName">What the account or the bot is called.</param>
/// <param name="SenderIsConnected">False while the account or the bot does not work: then nothing can be posted.</param>
/// <param name="World">Which Telegram it is in: sandbox or telegram.</param>
/// <param name="ChannelId">As the Bot API writes it.</param>
/// <param name="Type">channel, group or supergroup.</param>
/// <param name="IsActive">False while it is switched off, or the account or the bot is not in it any more.</param>
/// <param name="MissingRight">What has to be given to the account or the bot before it can post; null when nothing has to.</param>
/// <param name="CheckedAt">When the rights were last looked at.</param>
/// <param name="ErrorCode">CHANNEL_RIGHTS_MISSING or CHANNEL_NOT_FOUND; null while all is well.</param>
/// <param name="DialogId">Where its posts stand; null while there are none, or for who may not read them.</param>
internal sealed record ChannelResponse(
    Guid Id,
    int UserId,
    Guid? AccountId,
    Guid? BotId,
    string? SenderName,
    bool SenderIsConnected,
    string World,
    long ChannelId,
    string Title,
    string Type,
    string? Username,
    ChannelSettingsResponse Settings,
    int MembersCount,
    bool IsActive,
    bool CanPost,
    string? MissingRight,
    ChannelRightsResponse Rights,
    DateTimeOffset? CheckedAt,
    string? ErrorCode,
    string? ErrorDetail,
    Guid? DialogId,
    DateTimeOffset? LastPostAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static ChannelResponse From(ChannelView view)
    {
        var channel = view.Channel;
        return new(
            channel.Id,
            channel.UserId,
            channel.AccountId,
            channel.BotId,
            view.SenderName,
            view.SenderIsConnected,
            Words.Of(view.World),
            channel.ChannelId,
            channel.Title,
            Words.Of(channel.Type),
            channel.Username,
            new(JsonNode.Parse(channel.Settings)?["label"]?.GetValue<string>()),
            channel.MembersCount,
            channel.IsActive,
            channel.CanPost,
            channel.KnownRights.MissingToPost(channel.Type),
            ChannelRightsResponse.From(channel.KnownRights),
            channel.CheckedAt,
            channel.ErrorCode,
            channel.ErrorDetail,
            view.DialogId,
            view.LastPostAt,
            channel.CreatedAt,
            channel.UpdatedAt);
    }

    /// <summary>The settings as they are stored.</summary>
    public static string SettingsOf(ChannelSettingsRequest settings) =>
        Texts.Named(settings.Label) is { } label ? new JsonObject { ["label"] = label }.ToJsonString() : "{}";
}

/// <summary>A post, and what somebody asked last to be done with it.</summary>
internal sealed record PostResponse(MessageResponse Message, MessageChangeResponse? Change)
{
    public static PostResponse From(ChannelPost post) => new(MessageResponse.From(post.Message), post.Change is { } change ? MessageChangeResponse.From(change) : null);
}

/// <summary>A page, the newest first.</summary>
/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
internal sealed record PostPage(IReadOnlyList<PostResponse> Items, Guid? NextBefore);
