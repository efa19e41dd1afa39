using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>Rights and permissions by their names in the Bot API.</summary>
internal static class BotRights
{
    /// <summary>Told of every administrator.</summary>
    private static readonly (string Name, AdminRights Right)[] Everywhere =
    [
        ("can_manage_chat", AdminRights.Other),
        ("can_delete_messages", AdminRights.DeleteMessages),
        ("can_manage_video_chats", AdminRights.ManageVideoChats),
        ("can_restrict_members", AdminRights.BanUsers),
        ("can_promote_members", AdminRights.AddAdmins),
        ("can_change_info", AdminRights.ChangeInfo),
        ("can_invite_users", AdminRights.InviteUsers),
        ("can_post_stories", AdminRights.PostStories),
        ("can_edit_stories", AdminRights.EditStories),
        ("can_delete_stories", AdminRights.DeleteStories),
    ];

    private static readonly (string Name, AdminRights Right)[] InChannels =
        [("can_post_messages", AdminRights.PostMessages), ("can_edit_messages", AdminRights.EditMessages)];

    private static readonly (string Name, AdminRights Right)[] InGroups =
        [("can_pin_messages", AdminRights.PinMessages), ("can_manage_topics", AdminRights.ManageTopics)];

    private static readonly (string Name, MemberLimits Limit)[] PermissionNames =
    [
        ("can_send_messages", MemberLimits.SendMessages),
        ("can_send_audios", MemberLimits.SendAudios),
        ("can_send_documents", MemberLimits.SendDocuments),
        ("can_send_photos", MemberLimits.SendPhotos),
        ("can_send_videos", MemberLimits.SendVideos),
        ("can_send_video_notes", MemberLimits.SendVideoNotes),
        ("can_send_voice_notes", MemberLimits.SendVoiceNotes),
        ("can_send_polls", MemberLimits.SendPolls),
        ("can_send_other_messages", MemberLimits.SendOther),
        ("can_add_web_page_previews", MemberLimits.AddPreviews),
        ("can_change_info", MemberLimits.ChangeInfo),
        ("can_invite_users", MemberLimits.InviteUsers),
        ("can_pin_messages", MemberLimits.PinMessages),
        ("can_manage_topics", MemberLimits.ManageTopics),
    ];

    /// <summary>The rights of these names.</summary>
    /// <exception cref="TelegramRefusal">There is no such right.</exception>
    public static AdminRights ReadRights(IReadOnlyList<string> names)
    {
        var rights = AdminRights.None;
        foreach (var name in names)
        {
            var (_, right) = Array.Find([.. Everywhere, .. InChannels, .. InGroups], known => known.Name == name);
            rights |= right is AdminRights.None ? throw TelegramRefusal.BadRequest("RIGHT_FORBIDDEN") : right;
        }

        return rights;
    }

    /// <summary>What remains forbidden where only these permissions are given.</summary>
    /// <exception cref="TelegramRefusal">There is no such permission.</exception>
    public static MemberLimits ReadLimits(IReadOnlyList<string> allowed)
    {
        var limits = MemberLimits.None;
        foreach (var (_, limit) in PermissionNames)
            limits |= limit;
        foreach (var name in allowed)
        {
            var (_, limit) = Array.Find(PermissionNames, known => known.Name == name);
            limits &= limit is MemberLimits.None ? throw TelegramRefusal.BadRequest("RIGHT_FORBIDDEN") : ~limit;
        }

        return limits;
    }

    /// <summary>The names of these rights.</summary>
    public static IReadOnlyList<string> Names(AdminRights rights) =>
        [.. Everywhere.Concat(InChannels).Concat(InGroups).Where(known => rights.HasFlag(known.Right)).Select(known => known.Name)];

    /// <summary>The rights that a call of <c>promoteChatMember</c> gives.</summary>
    public static AdminRights ReadRights(BotApiRequest request) =>
        ReadRights([.. Everywhere.Concat(InChannels).Concat(InGroups).Select(known => known.Name).Where(request.Flag)]);

    /// <summary>The permissions of a call of <c>restrictChatMember</c> or <c>setChatPermissions</c>.</summary>
    public static MemberLimits ReadPermissions(BotApiRequest request) =>
        request.Json("permissions") is { ValueKind: System.Text.Json.JsonValueKind.Object } permissions
            ? ReadLimits([.. permissions.EnumerateObject().Where(field => field.Value.ValueKind is System.Text.Json.JsonValueKind.True)
                .Select(field => field.Name).Where(name => PermissionNames.Any(known => known.Name == name))])
            : throw BotApiRefusal.BadRequest("can't parse permissions JSON object");

    /// <summary>What members may do, as <c>ChatPermissions</c>.</summary>
    public static JsonObject Permissions(MemberLimits limits)
    {
        var told = new JsonObject();
        foreach (var (name, limit) in PermissionNames)
            told[name] = !limits.HasFlag(limit);
        return told;
    }

    /// <summary>Adds an administrator's rights, each as true or false, as far as the kind of room has them.</summary>
    public static void Tell(JsonObject member, AdminRights rights, bool isChannel)
    {
        foreach (var (name, right) in Everywhere.Concat(isChannel ? InChannels : InGroups))
            member[name] = rights.HasFlag(right);
    }
}
