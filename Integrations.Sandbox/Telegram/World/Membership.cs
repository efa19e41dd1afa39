namespace Integrations.Sandbox.Telegram.World;

/// <summary>Somebody's place in a room.</summary>
internal enum MemberRank
{
    Left,
    Member,
    Restricted,
    Administrator,
    Creator,
    Kicked,
}

/// <summary>What an administrator may do (https://core.telegram.org/constructor/chatAdminRights).</summary>
[Flags]
internal enum AdminRights
{
    None = 0,
    ChangeInfo = 1,
    PostMessages = 1 << 1,
    EditMessages = 1 << 2,
    DeleteMessages = 1 << 3,
    BanUsers = 1 << 4,
    InviteUsers = 1 << 5,
    PinMessages = 1 << 6,
    AddAdmins = 1 << 7,
    ManageVideoChats = 1 << 8,
    ManageTopics = 1 << 9,
    PostStories = 1 << 10,
    EditStories = 1 << 11,
    DeleteStories = 1 << 12,
    Anonymous = 1 << 13,

    /// <summary>What every administrator may: see the log, the members of a channel, and the like.</summary>
    Other = 1 << 14,

    All = (1 << 15) - 1,
}

/// <summary>What a member may not do (https://core.telegram.org/constructor/chatBannedRights).</summary>
[Flags]
internal enum MemberLimits
{
    None = 0,
    SendMessages = 1,
    SendAudios = 1 << 1,
    SendDocuments = 1 << 2,
    SendPhotos = 1 << 3,
    SendVideos = 1 << 4,
    SendVideoNotes = 1 << 5,
    SendVoiceNotes = 1 << 6,
    SendPolls = 1 << 7,
    SendOther = 1 << 8,
    AddPreviews = 1 << 9,
    ChangeInfo = 1 << 10,
    InviteUsers = 1 << 11,
    PinMessages = 1 << 12,
    ManageTopics = 1 << 13,
}

/// <summary>Everything about somebody's place in a room.</summary>
/// <param name="Rights">Of an administrator.</param>
/// <param name="Limits">Of somebody restricted.</param>
/// <param name="UntilDate">Unix seconds at which a restriction ends; 0 is never.</param>
/// <param name="Title">What an administrator is called instead.</param>
internal sealed record Membership(MemberRank Rank, AdminRights Rights, MemberLimits Limits, int UntilDate, string? Title)
{
    public static readonly Membership Left = new(MemberRank.Left, AdminRights.None, MemberLimits.None, 0, null);
    public static readonly Membership Member = new(MemberRank.Member, AdminRights.None, MemberLimits.None, 0, null);
    public static readonly Membership Creator = new(MemberRank.Creator, AdminRights.All & ~AdminRights.Anonymous, MemberLimits.None, 0, null);

    public static Membership Administrator(AdminRights rights, string? title) =>
        new(MemberRank.Administrator, rights | AdminRights.Other, MemberLimits.None, 0, title);

    public static Membership Restricted(MemberLimits limits, int untilDate) => new(MemberRank.Restricted, AdminRights.None, limits, untilDate, null);

    public static Membership Kicked(int untilDate) => new(MemberRank.Kicked, AdminRights.None, MemberLimits.None, untilDate, null);
}
