using Integrations.Mtproto.Crypto;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>All sessions, by key.</summary>
internal sealed class SessionTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Dictionary<long, Session>> _byKey = [];

    /// <summary>The session that a message names; made when it is not known.</summary>
    public Session GetOrAdd(ServerParts parts, AuthKey key, long sessionId, int dcId)
    {
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key.Id, out var sessions))
                _byKey[key.Id] = sessions = [];
            if (!sessions.TryGetValue(sessionId, out var session))
            {
                sessions[sessionId] = session = new Session(parts, key, sessionId, dcId);
                // A client of a signed-in key need not introduce itself again after the server forgot the session.
                if (parts.World.FindKey(parts.TemporaryKeys.AccountKeyOf(key.Id), dcId)?.Device is { Info: { Layer: > 0 } info })
                    (session.Layer, session.Info) = (info.Layer, info);
            }
            return session;
        }
    }

    public IReadOnlyList<Session> OfKey(long keyId)
    {
        lock (_gate)
            return _byKey.TryGetValue(keyId, out var sessions) ? [.. sessions.Values] : [];
    }

    /// <summary>Forgets one session of a key.</summary>
    /// <returns>False when there is none.</returns>
    public bool Forget(long keyId, long sessionId)
    {
        Session? session;
        lock (_gate)
        {
            if (!_byKey.TryGetValue(keyId, out var sessions) || !sessions.Remove(sessionId, out session))
                return false;
            if (sessions.Count == 0)
                _byKey.Remove(keyId);
        }
        session.Forget();
        return true;
    }

    /// <summary>Forgets all sessions for which the predicate holds.</summary>
    public void ForgetWhere(Func<Session, bool> predicate)
    {
        List<Session> all;
        lock (_gate)
            all = [.. _byKey.Values.SelectMany(sessions => sessions.Values)];
        foreach (var session in all.Where(predicate))
            Forget(session.KeyId, session.Id);
    }
}
