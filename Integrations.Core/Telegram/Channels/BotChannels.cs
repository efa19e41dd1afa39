using Integrations.Core.Telegram.BotApi;

namespace Integrations.Core.Telegram.Channels;

/// <summary>Looks at channels and groups as a bot, through the Bot API.</summary>
public sealed class BotChannels(BotApiClient api)
{
    /// <returns>Null when the bot can see nothing of that name: there is none, or the bot is not in it.</returns>
    /// <exception cref="BotApiException"/>
    public async Task<ChannelSight?> LookAsync(BotToken token, long botUserId, string chat, CancellationToken cancellationToken)
    {
        BotChatInfo found;
        try
        {
            found = await api.GetChatAsync(token, chat, cancellationToken);
        }
        catch (BotApiException e) when (e.MigrateToChatId is { } moved)
        {
            return await LookAsync(token, botUserId, moved.ToString(System.Globalization.CultureInfo.InvariantCulture), cancellationToken);
        }
        catch (BotApiException e) when (IsAway(e))
        {
            return null;
        }

        if (TypeOf(found.Type) is not { } type)
            return null;

        try
        {
            var member = await api.GetChatMemberAsync(token, found.Id, botUserId, cancellationToken);
            var count = await api.GetChatMemberCountAsync(token, found.Id, cancellationToken);
            return new(found.Id, type, found.Title ?? "", found.Username, count, RightsOf(member, type, found.Permissions?.CanSendMessages ?? true));
        }
        catch (BotApiException e) when (IsAway(e))
        {
            return new(found.Id, type, found.Title ?? "", found.Username, 0, ChannelRights.None("left"));
        }
    }

    public static ChannelType? TypeOf(string type) => type switch
    {
        "channel" => ChannelType.Channel,
        "group" => ChannelType.Group,
        "supergroup" => ChannelType.Supergroup,
        _ => null,
    };

    /// <param name="everybodyWrites">What the group lets its members do; an administrator writes all the same.</param>
    public static ChannelRights RightsOf(BotChatMember member, ChannelType type, bool everybodyWrites)
    {
        ArgumentNullException.ThrowIfNull(member);
        var isChannel = type is ChannelType.Channel;
        return member.Status switch
        {
            "creator" => new("creator", true, true, true, true, true, true),
            "administrator" => new(
                "administrator",
                !isChannel || member.CanPostMessages is true,
                isChannel && member.CanEditMessages is true,
                member.CanDeleteMessages is true,
                isChannel ? member.CanEditMessages is true : member.CanPinMessages is true,
                member.CanInviteUsers is true,
                member.CanManageTopics is true),
            "member" => ChannelRights.None("member") with { Post = !isChannel && everybodyWrites },
            "restricted" when member.IsMember is not false => ChannelRights.None("restricted") with { Post = !isChannel && member.CanSendMessages is true },
            "restricted" or "left" => ChannelRights.None("left"),
            _ => ChannelRights.None("kicked"),
        };
    }

    private static bool IsAway(BotApiException failure) =>
        failure.Failure is BotApiFailure.Forbidden
        || (failure.Failure is BotApiFailure.BadRequest
            && (failure.Description.Contains("not found", StringComparison.OrdinalIgnoreCase) || failure.Description.Contains("CHANNEL_PRIVATE", StringComparison.OrdinalIgnoreCase)));
}
