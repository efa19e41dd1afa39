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
        // The server takes a random_id once.
        or MessagesSendMessage;
}
