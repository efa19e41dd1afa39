using Integrations.Core.Errors;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Channels;

/// <summary>A channel or group that a bot or a personal account writes in.</summary>
public sealed class TelegramChannel
{
    internal const string Table = "telegram_channels";
    private const int TitleLimit = 255;

    private TelegramChannel()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }

    /// <summary>Who connected it.</summary>
    public int UserId { get; private set; }

    /// <summary>Either this or the bot.</summary>
    public Guid? AccountId { get; private set; }
    public Guid? BotId { get; private set; }

    /// <summary>As the Bot API writes a chat.</summary>
    public long ChannelId { get; private set; }
    public string Title { get; private set; } = "";
    public ChannelType Type { get; private set; }
    public string? Username { get; private set; }

    /// <summary>JSON of the customer's own.</summary>
    public string Settings { get; private set; } = "{}";
    public int MembersCount { get; private set; }
    public bool IsActive { get; private set; }

    /// <summary>JSON of <see cref="ChannelRights"/>.</summary>
    public string Rights { get; private set; } = "{}";
    public bool CanPost { get; private set; }
    public DateTimeOffset? CheckedAt { get; private set; }
    public DateTimeOffset CheckAt { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? ErrorDetail { get; private set; }
    public DateTimeOffset? DeletedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public ChannelRights KnownRights => ChannelRights.Read(Rights);

    internal static TelegramChannel Open(TenantId tenant, Guid id, int userId, Guid? accountId, Guid? botId, ChannelSight sight, DateTimeOffset now, DateTimeOffset checkAt)
    {
        var channel = new TelegramChannel
        {
            Id = id,
            TenantId = tenant.Value,
            UserId = userId,
            AccountId = accountId,
            BotId = botId,
            ChannelId = sight.ChannelId,
            IsActive = true,
        };
        channel.See(sight, now, checkAt);
        return channel;
    }

    /// <summary>What Telegram shows of it now. Whoever was put out and is in again goes on where he was.</summary>
    internal void See(ChannelSight sight, DateTimeOffset now, DateTimeOffset checkAt)
    {
        Title = sight.Title.Length <= TitleLimit ? sight.Title : sight.Title[..TitleLimit];
        Type = sight.Type;
        Username = sight.Username;
        MembersCount = sight.MembersCount;
        ChannelId = sight.ChannelId;
        Rights = sight.Rights.AsJson();
        CheckedAt = now;
        CheckAt = checkAt;
        var wasLost = ErrorCode == ErrorCodes.ChannelNotFound;
        if (!sight.Rights.IsIn)
        {
            Lose("The account or the bot is not in it any more.", now, checkAt);
            return;
        }

        if (wasLost)
            IsActive = true;
        CanPost = sight.Missing is null;
        (ErrorCode, ErrorDetail) = sight.Missing is { } missing ? (ErrorCodes.ChannelRightsMissing, ChannelRefusals.Sentence(missing)) : (null, null);
    }

    /// <summary>It cannot be reached any more.</summary>
    internal void Lose(string detail, DateTimeOffset now, DateTimeOffset checkAt)
    {
        (IsActive, CanPost, CheckedAt, CheckAt) = (false, false, now, checkAt);
        (ErrorCode, ErrorDetail) = (ErrorCodes.ChannelNotFound, detail);
    }

    internal void Switch(bool on, DateTimeOffset now)
    {
        IsActive = on;
        if (on)
            CheckAt = now;
    }

    internal void Configure(string settings) => Settings = settings;

    internal void CheckNow(DateTimeOffset now) => CheckAt = now;

    internal void Delete(DateTimeOffset now) => (DeletedAt, IsActive) = (now, false);
}

/// <summary>What people are told when a right is missing.</summary>
public static class ChannelRefusals
{
    public static string Sentence(string right) => right == ChannelRights.AdministratorRight
        ? "It is not an administrator there (administrator). Make it one, with the right to post."
        : $"The right {right} is missing. Give it to the account or the bot in the settings of the channel or group.";

    public static IntegrationException Missing(string right) => new(ErrorCodes.ChannelRightsMissing, Sentence(right));
}

/// <summary>A channel that can be picked.</summary>
public sealed class FoundChannel
{
    private FoundChannel()
    {
    }

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public Guid? AccountId { get; private set; }
    public Guid? BotId { get; private set; }
    public long ChannelId { get; private set; }
    public string Title { get; private set; } = "";
    public ChannelType Type { get; private set; }
    public string? Username { get; private set; }
    public int MembersCount { get; private set; }

    /// <summary>JSON of <see cref="ChannelRights"/>.</summary>
    public string Rights { get; private set; } = "{}";
    public bool CanPost { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }

    public ChannelRights KnownRights => ChannelRights.Read(Rights);
}
