using System.Diagnostics.CodeAnalysis;
using Integrations.Mtproto;
using Integrations.Mtproto.Sessions;

namespace Integrations.Core.Telegram.Clients;

/// <summary>Sessions that another program began, in the form of this installation's client.</summary>
internal static class ImportedSession
{
    /// <param name="text">A string session of Telethon.</param>
    public static bool TryRead(string text, [NotNullWhen(true)] out SessionSnapshot? session)
    {
        session = null;
        if (!TelethonSession.TryParse(text, out var telethon))
            return false;

        // Neither salt nor user is known: the server tells the one, and the first question the other.
        session = new SessionSnapshot(new TelegramSession(telethon.DcId, telethon.Key, 0, 0).ToBytes(), telethon.DcId, telethon.Key.Export());
        return true;
    }

    /// <summary>Telegram's data centres; the sandbox numbers its own the same way.</summary>
    public static bool KnowsDc(int id) => Mtproto.TelegramServers.Production.Dcs.Any(dc => dc.Id == id);
}
