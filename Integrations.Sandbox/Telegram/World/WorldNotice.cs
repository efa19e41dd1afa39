namespace Integrations.Sandbox.Telegram.World;

/// <summary>The session that caused something and hears of it in its own answer instead of in an update.</summary>
internal readonly record struct Origin(long KeyId, long SessionId);

/// <summary>Something that connected clients are told. Published in the order of the world's events.</summary>
internal abstract record WorldNotice;

/// <summary>A person's common box moved by one step.</summary>
internal sealed record BoxMoved(long UserId, LoggedUpdate Update, Origin? Except) : WorldNotice;

/// <summary>A channel's box moved by one step; for all its members.</summary>
internal sealed record ChannelMoved(long ChannelId, LoggedUpdate Update, Origin? Except, long ActorId) : WorldNotice;

/// <summary>A person read a channel up to a message; for the person's other sessions.</summary>
internal sealed record ChannelRead(long UserId, long ChannelId, int MaxId, int StillUnread, int Pts, Origin? Except) : WorldNotice;

/// <summary>Somebody's place in a room is another one from now on; for the sessions of that person, and for the bots of the room.</summary>
internal sealed record MembershipChanged(long UserId, PeerRef Peer, long ActorId, Membership Before, Membership After, Origin? Except) : WorldNotice;

/// <summary>A button of a bot was pressed.</summary>
internal sealed record ButtonPressed(ButtonPress Press) : WorldNotice;

/// <summary>The QR token of a key was scanned: the key's connection learns that it may ask again.</summary>
internal sealed record QrTokenScanned(long KeyId) : WorldNotice;

/// <summary>A key is signed in from now on.</summary>
internal sealed record KeySignedIn(long KeyId, long UserId) : WorldNotice;

/// <summary>A key is no longer signed in, or no longer works at all.</summary>
internal sealed record KeySignedOut(long KeyId, long UserId, KeyFate Fate) : WorldNotice;

/// <summary>Somebody is typing.</summary>
internal sealed record TypingShown(long UserId, PeerRef Peer, bool Stopped) : WorldNotice;
