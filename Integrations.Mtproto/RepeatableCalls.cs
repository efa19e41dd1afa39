using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto;

/// <summary>Calls that do no harm when the server executes them twice: questions, and what carries a random_id of its own.</summary>
internal static class RepeatableCalls
{
    public static bool Include(TlRequest request) => request is
        HelpGetConfig or HelpGetNearestDc
        or UpdatesGetState or UpdatesGetDifference or UpdatesGetChannelDifference
        or UsersGetUsers or ContactsResolveUsername or ContactsResolvePhone
        or MessagesGetHistory or MessagesGetDialogs or MessagesGetPeerDialogs or MessagesGetMessages
        or AccountGetPassword
        // A second token takes the place of the first one, which nobody has seen.
        or AuthExportLoginToken
        or MessagesGetScheduledHistory or MessagesGetForumTopics or MessagesGetForumTopicsByID or MessagesCheckChatInvite
        or ChannelsGetMessages or ChannelsGetChannels or ChannelsGetFullChannel or ChannelsGetParticipant or ChannelsGetParticipants
        or UploadGetFile or UsersGetFullUser or MessagesGetFullChat
        // The same part of the same file once more; what is pinned or read stays so.
        or UploadSaveFilePart or UploadSaveBigFilePart or MessagesReadHistory or ChannelsReadHistory or MessagesUpdatePinnedMessage
        // The server takes a random_id once.
        or MessagesSendMessage or MessagesSendMedia or MessagesSendMultiMedia or MessagesForwardMessages;
}
