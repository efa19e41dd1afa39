using System.Threading.Channels;
using Integrations.Core.Telegram.Clients;

namespace Integrations.Workers.Tests.Accounts;

/// <summary>A real client that claims to hold as much memory as the test says.</summary>
internal sealed class SwellingClient(ITelegramClient inner) : ITelegramClient
{
    private long _extra;

    public bool IsDisposed { get; private set; }

    /// <summary>Bytes beyond what is really there.</summary>
    public long Extra
    {
        get => Volatile.Read(ref _extra);
        set => Volatile.Write(ref _extra, value);
    }

    public ChannelReader<TelegramNotice> Notices => inner.Notices;

    public ChannelReader<UpdateBatch> Batches => inner.Batches;

    public bool IsConnected => inner.IsConnected;

    public long EstimatedBytes => inner.EstimatedBytes + Extra;

    public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

    public Task<LoginStep> ExportLoginTokenAsync(CancellationToken cancellationToken) => inner.ExportLoginTokenAsync(cancellationToken);

    public Task<PhoneCode> SendCodeAsync(string phone, CancellationToken cancellationToken) => inner.SendCodeAsync(phone, cancellationToken);

    public Task<PhoneCode> ResendCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        inner.ResendCodeAsync(phone, codeHash, cancellationToken);

    public Task CancelCodeAsync(string phone, string codeHash, CancellationToken cancellationToken) =>
        inner.CancelCodeAsync(phone, codeHash, cancellationToken);

    public Task<LoginStep> SignInAsync(string phone, string codeHash, string code, CancellationToken cancellationToken) =>
        inner.SignInAsync(phone, codeHash, code, cancellationToken);

    public Task<PasswordQuestion> AskAboutPasswordAsync(CancellationToken cancellationToken) => inner.AskAboutPasswordAsync(cancellationToken);

    public Task<TelegramSelf> CheckPasswordAsync(string password, CancellationToken cancellationToken) => inner.CheckPasswordAsync(password, cancellationToken);

    public Task<string> RequestPasswordRecoveryAsync(CancellationToken cancellationToken) => inner.RequestPasswordRecoveryAsync(cancellationToken);

    public Task<TelegramSelf> RecoverPasswordAsync(string code, CancellationToken cancellationToken) => inner.RecoverPasswordAsync(code, cancellationToken);

    public Task<TelegramSelf> WhoAmIAsync(CancellationToken cancellationToken) => inner.WhoAmIAsync(cancellationToken);

    public Task LogOutAsync(CancellationToken cancellationToken) => inner.LogOutAsync(cancellationToken);

    public Task<UpdatePosition> CurrentPositionAsync(CancellationToken cancellationToken) => inner.CurrentPositionAsync(cancellationToken);

    public Task StartReceivingAsync(UpdatePosition position, IReadOnlyList<ChannelPosition> channels, CancellationToken cancellationToken) =>
        inner.StartReceivingAsync(position, channels, cancellationToken);

    public Task<SentText> SendTextAsync(OutgoingText message, CancellationToken cancellationToken) => inner.SendTextAsync(message, cancellationToken);

    public Task<IReadOnlyList<SentText>> SendFilesAsync(OutgoingFilesMessage message, CancellationToken cancellationToken) => inner.SendFilesAsync(message, cancellationToken);

    public Task<KnownPeer?> ResolveUsernameAsync(string username, CancellationToken cancellationToken) => inner.ResolveUsernameAsync(username, cancellationToken);

    public Task<KnownPeer?> ResolvePhoneAsync(string phone, CancellationToken cancellationToken) => inner.ResolvePhoneAsync(phone, cancellationToken);

    public Task<IReadOnlyList<TelegramMessage>> OwnMessagesAsync(PeerAddress peer, DateTimeOffset since, CancellationToken cancellationToken) =>
        inner.OwnMessagesAsync(peer, since, cancellationToken);

    public Task<Stream?> OpenMediaAsync(PeerAddress peer, int messageId, CancellationToken cancellationToken) => inner.OpenMediaAsync(peer, messageId, cancellationToken);

    public Task EditTextAsync(PeerAddress peer, int messageId, string text, CancellationToken cancellationToken) =>
        inner.EditTextAsync(peer, messageId, text, cancellationToken);

    public Task DeleteMessageAsync(PeerAddress peer, int messageId, CancellationToken cancellationToken) =>
        inner.DeleteMessageAsync(peer, messageId, cancellationToken);

    public Task PinMessageAsync(PeerAddress peer, int messageId, bool pinned, CancellationToken cancellationToken) =>
        inner.PinMessageAsync(peer, messageId, pinned, cancellationToken);

    public Task<IReadOnlyList<SeenChannel>> ListChannelsAsync(int limit, CancellationToken cancellationToken) => inner.ListChannelsAsync(limit, cancellationToken);

    public Task<SeenChannel> LookAtChannelAsync(PeerAddress peer, CancellationToken cancellationToken) => inner.LookAtChannelAsync(peer, cancellationToken);

    public Task<KnownPeer?> FollowInviteAsync(string invite, CancellationToken cancellationToken) => inner.FollowInviteAsync(invite, cancellationToken);

    public void Abort() => inner.Abort();

    public async ValueTask DisposeAsync()
    {
        IsDisposed = true;
        await inner.DisposeAsync();
    }
}
