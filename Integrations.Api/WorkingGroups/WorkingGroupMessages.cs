using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.WorkingGroups;

namespace Integrations.Api.WorkingGroups;

internal sealed record WorkingGroupRequest
{
    [Required]
    [Description("The managing bots, at most 20. Several share the posting, because Telegram lets each post 20 messages a minute into one group.")]
    public Guid[]? Bots { get; init; }

    [Description("The group: its id as the Bot API writes it (-100…), its @name, or a link to it. Left out, no group is chosen.")]
    public string? Chat { get; init; }

    [Description("In which language the topics are commented: en, ru or uk. Left out, it stays; at first it is en.")]
    public string? Language { get; init; }
}

/// <summary>How a project's working group stands.</summary>
/// <param name="Mirroring">Whether the project's dialogs are mirrored there.</param>
/// <param name="Missing">What mirroring lacks, whether it is on or off: managing_bot, bot_inactive, working_group, topics_off, bot_not_in_group, right:can_manage_topics.</param>
/// <param name="ChatId">As the Bot API writes it; null while no group is chosen.</param>
/// <param name="Link">Where those who are in the group open it.</param>
/// <param name="CheckedAt">When Telegram was last asked.</param>
/// <param name="Found">Groups that the managing bots are in and that may be chosen.</param>
internal sealed record WorkingGroupResponse(
    Guid ProjectId,
    bool Mirroring,
    IReadOnlyList<string> Missing,
    long? ChatId,
    string? Title,
    string? Username,
    bool IsForum,
    string Language,
    string? Link,
    DateTimeOffset? CheckedAt,
    IReadOnlyList<ManagingBotResponse> Bots,
    IReadOnlyList<FoundGroupResponse> Found,
    MirrorQueueResponse Queue)
{
    public static WorkingGroupResponse From(WorkingGroupView view) => new(
        view.Project.Id,
        view.Project.Mirroring,
        view.Missing,
        view.Group?.ChatId,
        view.Group?.Title,
        view.Group?.Username,
        view.Group?.IsForum ?? false,
        Words.Of(view.Group?.Language ?? GroupLanguage.En),
        view.Group?.Link,
        view.Group?.CheckedAt,
        [.. view.Bots.Select(ManagingBotResponse.From)],
        [.. view.Found.Select(found => new FoundGroupResponse(found.ChatId, found.Title, found.Username, found.IsForum, found.Bots))],
        new(view.Backlog.Waiting, view.Backlog.OldestSeconds, view.Backlog.DelaySeconds, view.Backlog.Failed));
}

/// <summary>A bot that fills the topics and brings what is written there.</summary>
/// <param name="Status">pending, active, error, inactive or deleted.</param>
/// <param name="InGroup">As far as is known.</param>
/// <param name="Missing">What this bot lacks; one bot that lacks nothing is enough.</param>
/// <param name="CheckedAt">When Telegram last told of it in the group.</param>
internal sealed record ManagingBotResponse(
    Guid Id, string? Username, string? DisplayName, string Status, bool InGroup, bool CanManageTopics, bool CanDeleteMessages, bool CanPinMessages, IReadOnlyList<string> Missing,
    DateTimeOffset? CheckedAt)
{
    public static ManagingBotResponse From(ManagingBot bot) => new(
        bot.Id, bot.Username, bot.DisplayName, bot.Status, bot.InGroup, bot.CanManageTopics, bot.CanDeleteMessages, bot.CanPinMessages, bot.Missing, bot.CheckedAt);
}

/// <summary>A group that bots of the project are in.</summary>
internal sealed record FoundGroupResponse(long ChatId, string? Title, string? Username, bool IsForum, IReadOnlyList<Guid> Bots);

/// <summary>What waits to be posted in the group.</summary>
/// <param name="OldestSeconds">For how long the oldest of it has been waiting.</param>
/// <param name="DelaySeconds">How long it will take, by Telegram's limits, until all of it is posted; null while no bot can post.</param>
/// <param name="Failed">What Telegram refused for good.</param>
internal sealed record MirrorQueueResponse(long Waiting, double OldestSeconds, double? DelaySeconds, long Failed);
