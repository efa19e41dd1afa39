namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>A group, supergroup or channel as one of its members sees it.</summary>
/// <param name="Peer"><c>g{id}</c> for a basic group, <c>c{id}</c> for a supergroup or channel.</param>
/// <param name="Kind"><c>group</c>, <c>supergroup</c> or <c>channel</c>.</param>
/// <param name="Title">Its name.</param>
/// <param name="About">What it is for.</param>
/// <param name="Username">Public name without the at sign; null where people join by a link only.</param>
/// <param name="HasTopics">Its messages are sorted into topics.</param>
/// <param name="Members">How many are in it.</param>
/// <param name="Rank">This person's: <c>creator</c>, <c>administrator</c>, <c>member</c>, <c>restricted</c> or <c>left</c>.</param>
/// <param name="Rights">What this person may do as an administrator, in the Bot API's words.</param>
/// <param name="Grantable">What an administrator of such a room can be allowed at all.</param>
/// <param name="InviteLink">The link that was made last; null before the first, and for those who may not invite by link.</param>
public sealed record PhoneRoom(
    string Peer, string Kind, string Title, string About, string? Username, bool HasTopics, int Members, string Rank, IReadOnlyList<string> Rights,
    IReadOnlyList<string> Grantable, string? InviteLink);

/// <summary>Somebody in a room.</summary>
/// <param name="Id">Telegram's user id.</param>
/// <param name="Name">The whole name.</param>
/// <param name="Username">Public name without the at sign.</param>
/// <param name="IsBot">A bot.</param>
/// <param name="Rank"><c>creator</c>, <c>administrator</c>, <c>member</c> or <c>restricted</c>.</param>
/// <param name="Rights">Of an administrator, in the Bot API's words.</param>
/// <param name="MayWrite">False for who was restricted.</param>
public sealed record PhoneMember(long Id, string Name, string? Username, bool IsBot, string Rank, IReadOnlyList<string> Rights, bool MayWrite);

/// <summary>A topic of a supergroup.</summary>
/// <param name="Id">1 is General, which nobody can delete.</param>
/// <param name="Title">Its name.</param>
/// <param name="Color">Of its icon: six hexadecimal digits.</param>
/// <param name="Closed">Only administrators write in it.</param>
/// <param name="MayChange">This person may rename, close and reopen it.</param>
/// <param name="MayDelete">This person may delete it with all that was said in it.</param>
/// <param name="MayWrite">This person may write in it.</param>
/// <param name="Unread">Messages of others not yet read.</param>
/// <param name="LastMessage">The newest message.</param>
public sealed record PhoneTopic(
    int Id, string Title, string Color, bool Closed, bool MayChange, bool MayDelete, bool MayWrite, int Unread, PhoneMessage? LastMessage);

/// <summary>Somebody or some room that was looked for.</summary>
/// <param name="Peer">A user id, or <c>c{id}</c> for a supergroup or channel.</param>
/// <param name="Kind"><c>private</c>, <c>supergroup</c> or <c>channel</c>.</param>
/// <param name="Title">The name.</param>
/// <param name="Username">Public name without the at sign.</param>
/// <param name="IsBot">A bot.</param>
/// <param name="IsMember">Of a room: this person is in it.</param>
public sealed record PhoneFound(string Peer, string Kind, string Title, string? Username, bool IsBot, bool IsMember);
