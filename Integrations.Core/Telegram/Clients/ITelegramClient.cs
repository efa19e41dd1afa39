using System.Threading.Channels;
using Integrations.Core.Telegram.Channels;

namespace Integrations.Core.Telegram.Clients;

/// <summary>
/// One session of one personal account, in the product's own terms: the seam behind which another MTProto library is one class away.
/// </summary>
/// <remarks>
/// Every call throws <see cref="TelegramRefusedException"/> when Telegram says no and <see cref="TelegramUnavailableException"/> when it
/// gives no answer. A client reconnects by itself until it is disposed or aborted; it never sleeps on a flood wait, because only its
/// owner knows who else shares the account.
/// </remarks>
public interface ITelegramClient : IAsyncDisposable
{
    /// <summary>What happened besides messages. Bounded; the newest of a kind replaces an unread one.</summary>
    ChannelReader<TelegramNotice> Notices { get; }

    /// <summary>Batches in order, once <see cref="StartReceivingAsync"/> was called. Bounded: an unread batch holds the next back.</summary>
    ChannelReader<UpdateBatch> Batches { get; }

    /// <summary>Whether calls can be answered at this moment.</summary>
    bool IsConnected { get; }

    /// <summary>Bytes held for this account: buffers, cached peers, update state, calls under way.</summary>
    long EstimatedBytes { get; }

    /// <summary>Connects; makes and saves a key first where the session has none.</summary>
    Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Asks for a login token; goes on with an accepted one, also at another data centre.</summary>
    Task<LoginStep> ExportLoginTokenAsync(CancellationToken cancellationToken);

    /// <param name="phone">In the E.164 form.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    Task<PhoneCode> SendCodeAsync(string phone, CancellationToken cancellationToken);

    Task<PhoneCode> ResendCodeAsync(string phone, string codeHash, CancellationToken cancellationToken);

    Task CancelCodeAsync(string phone, string codeHash, CancellationToken cancellationToken);

    Task<LoginStep> SignInAsync(string phone, string codeHash, string code, CancellationToken cancellationToken);

    Task<PasswordQuestion> AskAboutPasswordAsync(CancellationToken cancellationToken);

    Task<TelegramSelf> CheckPasswordAsync(string password, CancellationToken cancellationToken);

    /// <summary>Sends a recovery code by e-mail and returns the address as Telegram shows it: <c>a***@e***.org</c>.</summary>
    Task<string> RequestPasswordRecoveryAsync(CancellationToken cancellationToken);

    Task<TelegramSelf> RecoverPasswordAsync(string code, CancellationToken cancellationToken);

    /// <summary>Whose session this is. Refused with 401 where nobody's.</summary>
    Task<TelegramSelf> WhoAmIAsync(CancellationToken cancellationToken);

    /// <summary>Ends the session at Telegram: the device is gone from the account's list and the key is worthless.</summary>
    Task LogOutAsync(CancellationToken cancellationToken);

    /// <summary>Where the account stands now; what came before is history.</summary>
    Task<UpdatePosition> CurrentPositionAsync(CancellationToken cancellationToken);

    /// <summary>Begins to receive after this position: first what happened meanwhile, then what happens.</summary>
    Task StartReceivingAsync(UpdatePosition position, IReadOnlyList<ChannelPosition> channels, CancellationToken cancellationToken);

    /// <summary>
    /// Sends one text. Once this returns, a batch that names <see cref="OutgoingText.RandomId"/> among its <see cref="UpdateBatch.Sent"/>
    /// is on its way: the outcome is to be stored with that batch, never apart from the position that the call's result moved.
    /// </summary>
    Task<SentText> SendTextAsync(OutgoingText message, CancellationToken cancellationToken);

    /// <summary>
    /// Uploads files and sends them, several as one album. What <see cref="SendTextAsync"/> says of the outcome holds for each of them. Each
    /// part of an upload has the time of a call; one that is interrupted has sent nothing.
    /// </summary>
    Task<IReadOnlyList<SentText>> SendFilesAsync(OutgoingFilesMessage message, CancellationToken cancellationToken);

    /// <summary>Null when nobody has this name.</summary>
    Task<KnownPeer?> ResolveUsernameAsync(string username, CancellationToken cancellationToken);

    /// <summary>Null when nobody has this number, or hides it.</summary>
    Task<KnownPeer?> ResolvePhoneAsync(string phone, CancellationToken cancellationToken);

    /// <summary>The account's own newest messages in a place, newest first, not older than <paramref name="since"/>.</summary>
    Task<IReadOnlyList<TelegramMessage>> OwnMessagesAsync(PeerAddress peer, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// Opens the file of a message, which is read anew for it: what gives access to a file is short-lived. Reading throws what calls throw.
    /// Null when the message has no file any more.
    /// </summary>
    Task<Stream?> OpenMediaAsync(PeerAddress peer, int messageId, CancellationToken cancellationToken);

    /// <summary>Changes the text of a message of one's own. Refused with MESSAGE_NOT_MODIFIED where it says so already.</summary>
    Task EditTextAsync(PeerAddress peer, int messageId, string text, CancellationToken cancellationToken);

    /// <summary>Deletes a message for everybody. One that is gone already is no refusal.</summary>
    Task DeleteMessageAsync(PeerAddress peer, int messageId, CancellationToken cancellationToken);

    /// <summary>Pins a message, or takes the pin off; nobody is notified.</summary>
    Task PinMessageAsync(PeerAddress peer, int messageId, bool pinned, CancellationToken cancellationToken);

    /// <summary>The groups and channels among the account's dialogs, the last used first.</summary>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<SeenChannel>> ListChannelsAsync(int limit, CancellationToken cancellationToken);

    /// <summary>What a group or channel is and what the account may do there. Refused with CHANNEL_PRIVATE or CHAT_ID_INVALID where it may not even look.</summary>
    Task<SeenChannel> LookAtChannelAsync(PeerAddress peer, CancellationToken cancellationToken);

    /// <summary>Where an invite link leads; null where the account is not in it.</summary>
    /// <param name="invite">The secret part of the link.</param>
    Task<KnownPeer?> FollowInviteAsync(string invite, CancellationToken cancellationToken);

    /// <summary>Drops the sockets at once; nothing that is buffered goes out. Safe from any thread, and more than once.</summary>
    void Abort();
}

/// <summary>A group or channel as the account sees it.</summary>
/// <param name="Peer">As it is to be remembered.</param>
public sealed record SeenChannel(KnownPeer Peer, ChannelSight Sight);

/// <summary>A text to be sent.</summary>
/// <param name="Peer">Where to.</param>
/// <param name="Text">1 to 4096 characters.</param>
/// <param name="RandomId">Telegram takes a number once, so that a repeated call sends nothing twice.</param>
/// <param name="ReplyToMessageId">A message in the same place.</param>
public sealed record OutgoingText(PeerAddress Peer, string Text, long RandomId, int? ReplyToMessageId);

/// <summary>What a client tells besides messages.</summary>
public abstract record TelegramNotice
{
    private TelegramNotice()
    {
    }

    /// <summary>Somebody scanned the code that is shown: ask for the token again.</summary>
    public sealed record LoginTokenAccepted : TelegramNotice;

    public sealed record Connected : TelegramNotice;

    public sealed record Disconnected(string Reason) : TelegramNotice;

    /// <summary>Telegram refused the session itself, outside any call.</summary>
    public sealed record SessionRefused(TelegramRefusedException Refusal) : TelegramNotice;
}
