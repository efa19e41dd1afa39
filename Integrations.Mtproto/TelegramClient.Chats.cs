using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto;

/// <summary>Dialogs, groups and channels: finding, joining, leaving, and who is in them.</summary>
public sealed partial class TelegramClient
{
    private const int PageSize = 100;

    /// <summary>
    /// All dialogs, page by page, newest first; the pinned ones come with the first page. Pages are asked for as they are read.
    /// </summary>
    public async IAsyncEnumerable<MessagesDialogsBase> GetDialogsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new MessagesGetDialogs { OffsetDate = 0, OffsetId = 0, OffsetPeer = new InputPeerEmpty(), Limit = PageSize, Hash = 0 };
        while (true)
        {
            var page = await InvokeAsync(request, cancellationToken);
            yield return page;
            if (page is not MessagesDialogsSlice { Dialogs.Count: > 0 } slice || After(slice) is not { } next)
                yield break;
            request = next;
        }
    }

    /// <summary>What an invite link leads to, without joining.</summary>
    /// <param name="link"><c>https://t.me/+hash</c>, <c>https://t.me/joinchat/hash</c>, <c>tg://join?invite=hash</c>, or the hash alone.</param>
    /// <exception cref="FormatException">No invite link.</exception>
    /// <exception cref="RpcException"><c>INVITE_HASH_EXPIRED</c>, <c>INVITE_HASH_INVALID</c>.</exception>
    public Task<ChatInviteBase> CheckInviteAsync(string link, CancellationToken cancellationToken) =>
        InvokeAsync(new MessagesCheckChatInvite { Hash = InviteLink.HashOf(link) }, cancellationToken);

    /// <summary>Joins by an invite link.</summary>
    /// <inheritdoc cref="CheckInviteAsync" path="/param"/>
    /// <returns>The group or channel; null when its administrators have to agree first.</returns>
    /// <exception cref="RpcException"><c>USER_ALREADY_PARTICIPANT</c>, <c>INVITE_HASH_EXPIRED</c>, <c>CHANNELS_TOO_MUCH</c>.</exception>
    public async Task<ChatBase?> JoinByInviteAsync(string link, CancellationToken cancellationToken)
    {
        try
        {
            return await JoinedAsync(await InvokeAsync(new MessagesImportChatInvite { Hash = InviteLink.HashOf(link) }, cancellationToken), cancellationToken);
        }
        catch (RpcException e) when (e.Is("INVITE_REQUEST_SENT"))
        {
            return null;
        }
    }

    /// <summary>Joins a public supergroup or channel.</summary>
    /// <inheritdoc cref="JoinByInviteAsync" path="/returns"/>
    /// <exception cref="RpcException"><c>USER_ALREADY_PARTICIPANT</c>, <c>CHANNELS_TOO_MUCH</c>, <c>CHANNEL_PRIVATE</c>.</exception>
    public async Task<ChatBase?> JoinAsync(PeerAddress channel, CancellationToken cancellationToken)
    {
        try
        {
            return await JoinedAsync(await InvokeAsync(new ChannelsJoinChannel { Channel = Channel(channel) }, cancellationToken), cancellationToken);
        }
        catch (RpcException e) when (e.Is("INVITE_REQUEST_SENT"))
        {
            return null;
        }
    }

    /// <summary>Leaves a supergroup, channel or basic group.</summary>
    /// <exception cref="RpcException"><c>USER_NOT_PARTICIPANT</c>, <c>USER_CREATOR</c>.</exception>
    public async Task LeaveAsync(PeerAddress chat, CancellationToken cancellationToken)
    {
        var result = chat.Key.Kind == PeerKind.Channel
            ? await InvokeAsync(new ChannelsLeaveChannel { Channel = Channel(chat) }, cancellationToken)
            : await InvokeAsync(new MessagesDeleteChatUser { ChatId = chat.Key.Id, UserId = new InputUserSelf() }, cancellationToken);
        await ChangedAsync(result, cancellationToken);
    }

    /// <summary>Makes an invite link that does not expire.</summary>
    /// <exception cref="RpcException"><c>CHAT_ADMIN_REQUIRED</c>.</exception>
    public async Task<string> MakeInviteAsync(PeerAddress chat, CancellationToken cancellationToken) =>
        await InvokeAsync(new MessagesExportChatInvite { Peer = Input(chat) }, cancellationToken) is ChatInviteExported made
            ? made.Link
            : throw new InvalidOperationException("Telegram gave no link of its own for this chat: it takes requests to join in public.");

    /// <summary>Everything about a supergroup, channel or basic group.</summary>
    public Task<MessagesChatFull> GetFullChatAsync(PeerAddress chat, CancellationToken cancellationToken) =>
        chat.Key.Kind == PeerKind.Channel
            ? InvokeAsync(new ChannelsGetFullChannel { Channel = Channel(chat) }, cancellationToken)
            : InvokeAsync(new MessagesGetFullChat { ChatId = chat.Key.Id }, cancellationToken);

    /// <summary>Members of a supergroup or channel, page by page.</summary>
    /// <param name="channel">Which.</param>
    /// <param name="filter">For example <see cref="ChannelParticipantsRecent"/> or <see cref="ChannelParticipantsAdmins"/>.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="RpcException"><c>CHAT_ADMIN_REQUIRED</c>: only administrators see the members of a channel.</exception>
    public async IAsyncEnumerable<ChannelsChannelParticipants> GetParticipantsAsync(
        PeerAddress channel,
        ChannelParticipantsFilter filter,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var offset = 0;
        while (true)
        {
            var answer = await InvokeAsync(
                new ChannelsGetParticipants { Channel = Channel(channel), Filter = filter, Offset = offset, Limit = PageSize, Hash = 0 }, cancellationToken);
            if (answer is not ChannelsChannelParticipants { Participants.Count: > 0 } page)
                yield break;
            yield return page;
            offset += page.Participants.Count;
            if (offset >= page.Count)
                yield break;
        }
    }

    /// <summary>What this account may do in a supergroup or channel as its administrator; null when it is none.</summary>
    /// <exception cref="RpcException"><c>USER_NOT_PARTICIPANT</c>, <c>CHANNEL_PRIVATE</c>.</exception>
    public async Task<ChatAdminRights?> GetOwnRightsAsync(PeerAddress channel, CancellationToken cancellationToken)
    {
        var answer = await InvokeAsync(
            new ChannelsGetParticipant { Channel = Channel(channel), Participant = new InputPeerSelf() }, cancellationToken);
        return answer.Participant switch
        {
            ChannelParticipantCreator creator => creator.AdminRights,
            ChannelParticipantAdmin admin => admin.AdminRights,
            _ => null,
        };
    }

    private async Task<ChatBase?> JoinedAsync(MessagesChatInviteJoinResult result, CancellationToken cancellationToken)
    {
        if (result is not MessagesChatInviteJoinResultOk ok)
            throw new InvalidOperationException("This chat lets people in through a web page of its bot, which this library does not open.");
        await ChangedAsync(ok.Updates, cancellationToken);
        return ok.Updates switch
        {
            Updates { Chats: [var chat, ..] } => chat,
            UpdatesCombined { Chats: [var chat, ..] } => chat,
            _ => null,
        };
    }

    /// <summary>The request for the page after one: its last dialog whose place in the order is known.</summary>
    private static MessagesGetDialogs? After(MessagesDialogsSlice page)
    {
        foreach (var dialog in page.Dialogs.OfType<Dialog>().Reverse())
        {
            var key = PeerKey.Of(dialog.Peer);
            var top = page.Messages.FirstOrDefault(message => MessagePeers.PlaceOf(message) is { } place && place.Chat == key && place.Id == dialog.TopMessage);
            if (((top as Message)?.Date ?? (top as MessageService)?.Date) is { } date && InputIn(page, key) is { } input)
                return new MessagesGetDialogs { OffsetDate = date, OffsetId = dialog.TopMessage, OffsetPeer = input, Limit = PageSize, Hash = 0 };
        }

        return null;
    }

    private static InputPeer? InputIn(MessagesDialogsSlice page, PeerKey key) => key.Kind switch
    {
        PeerKind.User when page.Users.OfType<User>().FirstOrDefault(user => user.Id == key.Id) is { } user =>
            user.Self ? new InputPeerSelf() : new InputPeerUser { UserId = user.Id, AccessHash = user.AccessHash ?? 0 },
        PeerKind.Chat => new InputPeerChat { ChatId = key.Id },
        PeerKind.Channel when page.Chats.OfType<Channel>().FirstOrDefault(channel => channel.Id == key.Id) is { } channel =>
            new InputPeerChannel { ChannelId = channel.Id, AccessHash = channel.AccessHash ?? 0 },
        _ => null,
    };
}
