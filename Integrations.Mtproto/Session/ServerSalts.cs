using System.Runtime.InteropServices;

namespace Integrations.Mtproto.Session;

/// <summary>One of the random numbers that a server wants in every message for about half an hour.</summary>
/// <param name="Value">The salt.</param>
/// <param name="ValidSince">Unix seconds of the server's clock.</param>
/// <param name="ValidUntil">Unix seconds of the server's clock.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ServerSalt(long Value, long ValidSince, long ValidUntil);

/// <summary>The salts of one authorisation key, in order of time. They belong to the key, so they outlive sessions.</summary>
internal sealed class ServerSalts
{
    /// <summary>How many are asked for at once; the protocol allows 64.</summary>
    public const int AskFor = 32;

    /// <summary>More are asked for when those at hand last less than this.</summary>
    private const long EnoughSeconds = 30 * 60;

    /// <summary>A salt told by an error or a new session: in force from now on, and nobody said how long.</summary>
    private const long Unknown = 0;

    private readonly List<ServerSalt> _salts;
    private long _current;

    public ServerSalts(IEnumerable<ServerSalt> salts)
    {
        _salts = [.. salts.OrderBy(salt => salt.ValidSince)];
        _current = _salts.Count > 0 ? _salts[0].Value : 0;
    }

    /// <summary>The salt in force at a moment (unix seconds of the server's clock); zero when none is known, which makes the server tell one.</summary>
    public long At(long now)
    {
        // The newest that has begun wins: the server accepts the one before it for a while too, but not the other way round.
        foreach (var salt in _salts)
        {
            if (salt.ValidSince <= now && (now < salt.ValidUntil || salt.ValidUntil == Unknown))
                _current = salt.Value;
        }

        _salts.RemoveAll(salt => salt.ValidUntil != Unknown && salt.ValidUntil <= now);
        return _current;
    }

    /// <summary>Whether those at hand will run out soon.</summary>
    public bool RunningOut(long now) => !_salts.Exists(salt => salt.ValidUntil - now >= EnoughSeconds);

    /// <summary>The server told the salt in force (bad_server_salt, new_session_created).</summary>
    public void Set(long value, long now)
    {
        _current = value;
        _salts.RemoveAll(salt => salt.ValidSince <= now && salt.Value != value);
        if (!_salts.Exists(salt => salt.Value == value))
            _salts.Insert(0, new ServerSalt(value, now, Unknown));
    }

    /// <summary>The server told its next salts (future_salts).</summary>
    public void Replace(IEnumerable<ServerSalt> salts)
    {
        _salts.Clear();
        _salts.AddRange(salts.OrderBy(salt => salt.ValidSince));
    }

    /// <summary>What is worth storing with the key.</summary>
    public ServerSalt[] Export() => _salts.Count > 0 ? [.. _salts] : _current == 0 ? [] : [new ServerSalt(_current, 0, Unknown)];
}
