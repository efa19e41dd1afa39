using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>A person as an outsider who wants to play this person needs it: everything, the second factor included.</summary>
/// <param name="Id">Telegram's user id.</param>
/// <param name="FirstName">Given name.</param>
/// <param name="LastName">Family name.</param>
/// <param name="Username">Public name without the at sign.</param>
/// <param name="Phone">Digits only.</param>
/// <param name="DcId">The data centre where the account lives.</param>
/// <param name="Code">The login code that this number always gets.</param>
/// <param name="Password">The second factor; null when there is none, or when a client changed it.</param>
/// <param name="RecoveryEmail">Where recovery codes go.</param>
/// <param name="HasPassword">True when a login asks for a second factor, also one that only the client who set it knows.</param>
/// <param name="PasswordHint">The hint shown with that question.</param>
public sealed record PersonCard(
    long Id, string FirstName, string? LastName, string? Username, string Phone, int DcId, string Code, string? Password, string? RecoveryEmail,
    bool HasPassword, string? PasswordHint)
{
    internal static PersonCard From(Person person) => new(
        person.Id, person.FirstName, person.LastName, person.Username, person.Phone, person.DcId,
        new string(person.Phone[5], 5), person.Password?.Plain, person.RecoveryEmail,
        person.Password is not null, person.Password?.Hint);
}

/// <summary>A bot as its owner has it.</summary>
/// <param name="Token">What opens the Bot API for it.</param>
/// <param name="ReadsAllGroupMessages">Privacy mode is off.</param>
public sealed record BotCard(long Id, string Name, string Username, string Token, bool ReadsAllGroupMessages)
{
    internal static BotCard From(Person person) => new(
        person.Id, person.FirstName, person.Username!,
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{person.Id}:{person.Bot!.Secret}"), person.Bot.ReadsAllGroupMessages);
}

/// <summary>A signed-in session of a person.</summary>
/// <param name="Hash">Telegram's 64-bit number of the session, as text because JavaScript cannot hold it.</param>
/// <param name="DeviceModel">What the client calls its device.</param>
/// <param name="AppName">The application and its version.</param>
/// <param name="DcId">The data centre of its key.</param>
/// <param name="CreatedAt">When it signed in.</param>
/// <param name="LastActiveAt">When it was last heard of, to the minute.</param>
public sealed record PhoneDevice(
    string Hash, string DeviceModel, string AppName, int DcId, DateTimeOffset CreatedAt, DateTimeOffset LastActiveAt)
{
    internal static PhoneDevice From(StoredKey key, Device device) => new(
        device.Hash.ToString(System.Globalization.CultureInfo.InvariantCulture),
        device.Info.DeviceModel,
        $"api_id {device.Info.ApiId}, {device.Info.AppVersion}".TrimEnd(' ', ','),
        key.DcId,
        device.CreatedAt,
        device.LastActiveAt);
}

/// <summary>What became of a login code, apart from its time.</summary>
public enum PhoneCodeState
{
    /// <summary>It can be used until it expires.</summary>
    Open,

    /// <summary>Somebody signed in with it.</summary>
    Used,

    /// <summary>A newer code, a cancellation or too many wrong tries made it worthless.</summary>
    Void,
}

/// <summary>A login code that arrived.</summary>
public sealed record PhoneCode(string Code, string Phone, DateTimeOffset SentAt, DateTimeOffset ExpiresAt, PhoneCodeState State)
{
    internal static PhoneCode From(LoginCode code) => new(
        code.Code, code.Phone, code.SentAt, code.ExpiresAt,
        code.UsedByKey is not null ? PhoneCodeState.Used : code.Dead ? PhoneCodeState.Void : PhoneCodeState.Open);
}

/// <summary>A recovery code that arrived by e-mail.</summary>
public sealed record PhoneEmail(string Code, string Email, DateTimeOffset SentAt, DateTimeOffset ExpiresAt)
{
    internal static PhoneEmail From(RecoveryCode code) => new(code.Code, code.Email, code.SentAt, code.ExpiresAt);
}

/// <summary>A conversation in a person's list.</summary>
/// <param name="Peer">A user id, <c>g{id}</c> for a basic group, <c>c{id}</c> for a supergroup or channel.</param>
/// <param name="Kind"><c>private</c>, <c>group</c>, <c>supergroup</c> or <c>channel</c>.</param>
/// <param name="Title">The other person's name, or the room's.</param>
/// <param name="Unread">Messages not yet read.</param>
/// <param name="LastMessage">The newest message.</param>
/// <param name="ReadUpTo">The last own message that the other side has read.</param>
/// <param name="Members">How many people are in a room; null in a private chat.</param>
/// <param name="MayWrite">False in a channel of somebody else, and for a member who was restricted.</param>
/// <param name="Username">Public name without the at sign.</param>
/// <param name="IsBot">The other side of a private chat is a bot.</param>
/// <param name="HasTopics">A supergroup whose messages are sorted into topics.</param>
/// <param name="MayDelete">This person may delete what others wrote.</param>
public sealed record PhoneChat(
    string Peer, string Kind, string Title, int Unread, PhoneMessage? LastMessage, int ReadUpTo, int? Members, bool MayWrite, string? Username, bool IsBot,
    bool HasTopics, bool MayDelete);

/// <summary>Where the world stands, so that a page knows when to look again.</summary>
/// <param name="Version">Another number after every change.</param>
/// <param name="Unread">Messages not yet read, by person; people without any are left out.</param>
public sealed record PhoneChanges(long Version, IReadOnlyDictionary<long, int> Unread);

/// <summary>What a bot says when one of its buttons is pressed.</summary>
/// <param name="Text">Shown to the person; null is nothing.</param>
/// <param name="ShowAlert">In a window of its own.</param>
/// <param name="Url">What is opened.</param>
public sealed record PhoneAnswer(string? Text, bool ShowAlert, string? Url);

/// <summary>What happened to messages that were there already.</summary>
/// <param name="Position">Where to go on from.</param>
/// <param name="Changed">Edited, pinned or unpinned, as they are now.</param>
/// <param name="Deleted">Numbers of messages that are gone; of a private chat or basic group also those of others of this person.</param>
/// <param name="Reset">The position is not known any more: read the messages anew.</param>
public sealed record PhoneChatChanges(int Position, IReadOnlyList<PhoneMessage> Changed, IReadOnlyList<int> Deleted, bool Reset);

/// <summary>A message as one person sees it.</summary>
/// <param name="Id">Its number in this person's view.</param>
/// <param name="FromId">Who wrote it.</param>
/// <param name="FromName">The writer's name; in a channel the channel's.</param>
/// <param name="Out">True when this person wrote it.</param>
/// <param name="Date">When.</param>
/// <param name="Text">What; empty for a service message.</param>
/// <param name="ReplyTo">The number of the message answered, in the same view.</param>
/// <param name="RandomId">The sending client's own number, only in the sender's view; as text because JavaScript cannot hold it.</param>
/// <param name="Action">What happened, for a service message.</param>
public sealed record PhoneMessage(
    int Id, long FromId, string FromName, bool Out, DateTimeOffset Date, string Text, int? ReplyTo, string? RandomId, string? Action)
{
    /// <summary>Formatting, in order of offset.</summary>
    public IReadOnlyList<PhoneEntity> Entities { get; init; } = [];

    /// <summary>The photo or document that it carries.</summary>
    public PhoneMedia? Media { get; init; }

    /// <summary>The same in all messages of one album; as text because JavaScript cannot hold it.</summary>
    public string? Album { get; init; }

    /// <summary>Who or which channel wrote it first, where it was forwarded.</summary>
    public string? ForwardedFrom { get; init; }

    /// <summary>When it was changed last.</summary>
    public DateTimeOffset? EditedAt { get; init; }

    /// <summary>The topic in a supergroup that has them; 1 is General.</summary>
    public int? Topic { get; init; }

    /// <summary>It stands at the top of the conversation.</summary>
    public bool Pinned { get; init; }

    /// <summary>Buttons under a message of a bot, row by row.</summary>
    public IReadOnlyList<IReadOnlyList<PhoneButton>> Buttons { get; init; } = [];
}

/// <summary>A formatted piece of a text.</summary>
/// <param name="Kind">In the Bot API's words: <c>bold</c>, <c>code</c>, <c>text_link</c> …</param>
/// <param name="Offset">In UTF-16 units.</param>
/// <param name="Length">In UTF-16 units.</param>
/// <param name="Url">Where a link leads.</param>
public sealed record PhoneEntity(string Kind, int Offset, int Length, string? Url);

/// <summary>A button under a message of a bot; exactly one of the other three is set.</summary>
/// <param name="Text">What stands on it.</param>
/// <param name="Data">What the bot is told when it is pressed.</param>
/// <param name="Url">What it opens.</param>
/// <param name="Copies">What it copies to the clipboard.</param>
public sealed record PhoneButton(string Text, string? Data, string? Url, string? Copies);
