using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Schema;

/// <summary>Results whose type changed between layers, cut down to what the older call answered with.</summary>
internal static class OlderResults
{
    public static UpdatesBase UpdatesOf(MessagesChatInviteJoinResult result) => result is MessagesChatInviteJoinResultOk ok
        ? ok.Updates
        : throw new TlException($"{result.TlName} cannot be told to a client of an older layer.");

    public static JSONValue ConfigOf(HelpAppConfigBase result) => result is HelpAppConfig config
        ? config.Config
        : throw new TlException($"{result.TlName} cannot be told to a client of an older layer, which gives no hash.");
}
