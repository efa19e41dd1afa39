using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Session;

/// <summary>What a session tells besides the answers to calls, in the order in which it happened.</summary>
public abstract record SessionNotice;

/// <summary>The server pushed updates.</summary>
public sealed record UpdatesReceived(UpdatesBase Updates) : SessionNotice;

/// <summary>Updates may have been missed: ask for the difference.</summary>
public sealed record UpdatesMissed(MissReason Reason) : SessionNotice;

/// <summary>Why updates may have been missed.</summary>
public enum MissReason
{
    /// <summary>A new connection: the server pushes nothing until it is asked.</summary>
    Reconnected,

    /// <summary>The server began a new session of its own and forgot what it had not delivered.</summary>
    ServerSessionCreated,

    /// <summary>They came faster than they were read.</summary>
    Overflow,

    /// <summary>Some could not be read, as with a constructor of a layer that is not ours.</summary>
    Unreadable,
}

/// <summary>Where a session stands.</summary>
public enum SessionState
{
    /// <summary>Connecting, or waiting to try again.</summary>
    Connecting,

    /// <summary>A connection stands; it may turn out dead.</summary>
    Connected,

    /// <summary>Ended: disposed, or failed for good.</summary>
    Closed,
}
