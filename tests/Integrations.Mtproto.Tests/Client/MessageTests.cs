using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Channel = System.Threading.Channels.Channel;

namespace Integrations.Mtproto.Tests.Client;

public sealed class MessageTests : ClientTest
{
    private static readonly UpdateState Channelless = new() { Pts = 10, Qts = 0, Date = 1, Seq = 1 };
    private static readonly UpdateState Start = Channelless with { Channels = Channelless.Channels.Add(99, 1) };

    private readonly System.Threading.Channels.Channel<UpdateDelivery> _deliveries = Channel.CreateUnbounded<UpdateDelivery>();

    [Fact]
    public async Task A_sent_text_is_delivered_with_the_position_that_it_moved()
    {
        var client = await ReceivingAsync();
        await Telegram.PushAsync(2, Incoming(id: 6, pts: 11));
        await UntilAsync(delivery => delivery.Batch?.State.Pts == 11);
        Telegram.Answer = static (_, request) => request is MessagesSendMessage { RandomId: 42, Message: "hello" }
            ? new UpdateShortSentMessage { Out = true, Id = 7, Pts = 12, PtsCount = 1, Date = 1_700_000_000 }
            : throw ScriptedTelegram.Refusal(400, "WRONG");

        var sent = await client.SendTextAsync(new PeerKey(PeerKind.User, 1002), 9, "hello", 42, null, Token);

        Assert.Equal((42, 7), (sent.RandomId, sent.MessageId));
        var delivery = await UntilAsync(delivery => delivery.Sent.Count > 0);
        Assert.Equal([sent], delivery.Sent);
        Assert.Equal(12, delivery.Batch?.State.Pts);
    }

    [Fact]
    public async Task A_text_to_somebody_unknown_is_delivered_before_the_position_moves()
    {
        // The answer names nobody, so the position waits for the difference that tells who it is; the outcome does not wait.
        var client = await ReceivingAsync();
        Telegram.Answer = static (_, request) => request switch
        {
            MessagesSendMessage => new UpdateShortSentMessage { Out = true, Id = 7, Pts = 11, PtsCount = 1, Date = 1_700_000_000 },
            UpdatesGetDifference => new UpdatesDifference
            {
                NewMessages = [new Message { Out = true, Id = 7, PeerId = new PeerUser { UserId = 1002 }, Date = 1_700_000_000, MessageValue = "hello" }],
                NewEncryptedMessages = [],
                OtherUpdates = [],
                Chats = [],
                Users = [Somebody(), Self],
                State = new UpdatesState { Pts = 11, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
            },
            _ => throw ScriptedTelegram.Refusal(400, "WRONG"),
        };

        var sent = await client.SendTextAsync(new PeerKey(PeerKind.User, 1002), 9, "hello", 42, null, Token);

        var seen = new List<UpdateDelivery>();
        await UntilAsync(delivery =>
        {
            seen.Add(delivery);
            return delivery.Batch?.State.Pts == 11;
        });
        Assert.Equal([sent], seen.SelectMany(delivery => delivery.Sent));
    }

    [Fact]
    public async Task A_repeated_random_id_is_told_as_such()
    {
        var client = await ReceivingAsync();
        Telegram.Answer = static (_, _) => throw ScriptedTelegram.Refusal(500, "RANDOM_ID_DUPLICATE");

        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.SendTextAsync(new PeerKey(PeerKind.User, 1002), 9, "hello", 42, null, Token));

        Assert.True(error.IsRandomIdDuplicate);
    }

    [Fact]
    public async Task A_message_that_is_pushed_is_delivered_once()
    {
        await ReceivingAsync();
        await Telegram.PushAsync(2, Incoming(id: 8, pts: 11));
        await Telegram.PushAsync(2, Incoming(id: 8, pts: 11));
        await Telegram.PushAsync(2, Incoming(id: 9, pts: 12));

        var ids = new List<int>();
        while (ids.Count < 2)
            ids.AddRange(Messages(await UntilAsync(delivery => delivery.Batch is { Items.Count: > 0 })));

        Assert.Equal([8, 9], ids);
    }

    [Fact]
    public async Task A_gap_is_filled_by_the_difference()
    {
        await ReceivingAsync();
        Telegram.Answer = static (_, request) => request is UpdatesGetDifference { Pts: 10 }
            ? new UpdatesDifference
            {
                NewMessages = [Text(8), Text(9)],
                NewEncryptedMessages = [],
                OtherUpdates = [],
                Chats = [],
                Users = [Somebody()],
                State = new UpdatesState { Pts = 12, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
            }
            : throw ScriptedTelegram.Refusal(400, "WRONG");
        await Telegram.PushAsync(2, Incoming(id: 9, pts: 12));

        var ids = new List<int>();
        while (ids.Count < 2)
            ids.AddRange(Messages(await UntilAsync(delivery => delivery.Batch is { Items.Count: > 0 })));

        Assert.Equal([8, 9], ids);
    }

    [Fact]
    public async Task After_a_lost_connection_the_difference_is_asked_for()
    {
        await ReceivingAsync();
        var before = Telegram.Log.Count(call => call.Name == "updates.getDifference");
        Telegram.Answer = static (_, _) => new UpdatesDifference
        {
            NewMessages = [Text(8)],
            NewEncryptedMessages = [],
            OtherUpdates = [],
            Chats = [],
            Users = [Somebody()],
            State = new UpdatesState { Pts = 11, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
        };
        Telegram.Drop(2);

        Assert.Equal([8], Messages(await UntilAsync(delivery => delivery.Batch is { Items.Count: > 0 })));
        Assert.True(Telegram.Log.Count(call => call.Name == "updates.getDifference") > before);
    }

    [Fact]
    public async Task A_commit_that_fails_ends_the_run_and_the_next_one_begins_where_the_last_commit_stood()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, _) => new UpdatesDifference
        {
            NewMessages = [Text(8)],
            NewEncryptedMessages = [],
            OtherUpdates = [],
            Chats = [],
            Users = [Somebody()],
            State = new UpdatesState { Pts = 11, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
        };

        await Assert.ThrowsAsync<InvalidDataException>(
            () => client.RunUpdatesAsync(Start, static (_, _) => throw new InvalidDataException("The database said no."), null, Token));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = client.RunUpdatesAsync(Start, CommitAsync, null, stop.Token);
        Assert.Equal([8], Messages(await UntilAsync(delivery => delivery.Batch is { Items.Count: > 0 })));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData(401, "AUTH_KEY_UNREGISTERED")]
    [InlineData(401, "SESSION_REVOKED")]
    [InlineData(401, "SESSION_EXPIRED")]
    [InlineData(401, "USER_DEACTIVATED")]
    [InlineData(401, "USER_DEACTIVATED_BAN")]
    [InlineData(406, "AUTH_KEY_DUPLICATED")]
    public async Task A_session_that_is_refused_ends_the_updates_with_its_reason(int code, string name)
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, _) => new UpdatesDifferenceEmpty { Date = 1, Seq = 1 };
        var running = client.RunUpdatesAsync(Start, CommitAsync, null, Token);
        await UntilAsync(delivery => delivery.CaughtUp);
        Telegram.Answer = (_, _) => throw ScriptedTelegram.Refusal(code, name);

        await Telegram.PushAsync(2, new UpdatesTooLong());

        var error = await Assert.ThrowsAsync<RpcException>(() => running.WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.True(error.IsSessionLost);
        Assert.Equal((code, name), (error.Code, error.Name));
    }

    [Fact]
    public async Task A_duplicated_key_ends_the_updates_and_not_the_channel_that_was_asked_about()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, request) => request switch
        {
            UpdatesGetDifference => new UpdatesDifference
            {
                NewMessages = [],
                NewEncryptedMessages = [],
                OtherUpdates = [new UpdateChannelTooLong { ChannelId = 5 }],
                Chats = [new Schema.Channel { Id = 5, AccessHash = 3, Title = "C", Photo = new ChatPhotoEmpty(), Date = 1 }],
                Users = [],
                State = new UpdatesState { Pts = 10, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
            },
            _ => throw ScriptedTelegram.Refusal(406, "AUTH_KEY_DUPLICATED"),
        };

        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.RunUpdatesAsync(Start, CommitAsync, null, Token).WaitAsync(TimeSpan.FromSeconds(60), Token));

        Assert.Equal("updates.getChannelDifference", error.Method);
    }

    [Fact]
    public async Task An_owner_that_cannot_say_an_access_hash_ends_the_updates_instead_of_leaving_them_waiting()
    {
        var client = await LoggedInAsync();
        FindAccessHash = static _ => throw new InvalidDataException("The database said no.");
        Telegram.Answer = static (_, _) => new UpdatesDifference
        {
            NewMessages = [],
            NewEncryptedMessages = [],
            OtherUpdates = [new UpdateChannelTooLong { ChannelId = 5 }],
            Chats = [],
            Users = [],
            State = new UpdatesState { Pts = 10, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
        };

        await Assert.ThrowsAsync<InvalidDataException>(
            () => client.RunUpdatesAsync(Start, CommitAsync, null, Token).WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    [Fact]
    public async Task A_new_account_learns_where_its_channels_stand_before_it_hears_of_them()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, request) => request switch
        {
            UpdatesGetState => new UpdatesState { Pts = 10, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
            MessagesGetDialogs => new MessagesDialogs
            {
                Dialogs = [ChannelDialog(5, pts: 30)],
                Messages = [],
                Chats = [new Schema.Channel { Id = 5, AccessHash = 55, Title = "C", Photo = new ChatPhotoEmpty(), Date = 1 }],
                Users = [],
            },
            _ => throw ScriptedTelegram.Refusal(400, "WRONG"),
        };

        _ = client.RunUpdatesAsync(null, CommitAsync, null, Token);

        var first = (await UntilAsync(delivery => delivery.Batch is not null)).Batch!;
        Assert.Equal((10, 30), (first.State.Pts, first.State.Channels[5]));
        Assert.Equal(55, Assert.Single(first.Peers).AccessHash);
    }

    [Fact]
    public async Task An_account_that_knows_no_channels_learns_them_once_it_has_caught_up()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, request) => request is MessagesGetDialogs
            ? new MessagesDialogs { Dialogs = [ChannelDialog(5, pts: 30)], Messages = [], Chats = [], Users = [] }
            : new UpdatesDifferenceEmpty { Date = 1, Seq = 1 };

        _ = client.RunUpdatesAsync(Channelless, CommitAsync, null, Token);

        Assert.Equal(30, (await UntilAsync(delivery => delivery.Batch is not null)).Batch!.State.Channels[5]);
    }

    [Fact]
    public async Task Whom_Telegram_tells_no_dialogs_receives_nevertheless()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, request) => request is UpdatesGetState
            ? new UpdatesState { Pts = 10, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 }
            : throw ScriptedTelegram.Refusal(400, "BOT_METHOD_INVALID");

        _ = client.RunUpdatesAsync(null, CommitAsync, null, Token);

        await UntilAsync(delivery => delivery.CaughtUp);
    }

    [Fact]
    public async Task A_position_that_Telegram_does_not_know_is_asked_for_anew()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, request) => request switch
        {
            UpdatesGetState => new UpdatesState { Pts = 40, Qts = 0, Date = 2, Seq = 1, UnreadCount = 0 },
            MessagesGetDialogs => new MessagesDialogs { Dialogs = [], Messages = [], Chats = [], Users = [] },
            _ => throw ScriptedTelegram.Refusal(400, "PERSISTENT_TIMESTAMP_INVALID"),
        };

        _ = client.RunUpdatesAsync(Start, CommitAsync, null, Token);

        Assert.Equal(40, (await UntilAsync(delivery => delivery.Batch is not null)).Batch!.State.Pts);
    }

    private static Dialog ChannelDialog(long id, int pts) => new()
    {
        Peer = new PeerChannel { ChannelId = id },
        TopMessage = 1,
        ReadInboxMaxId = 0,
        ReadOutboxMaxId = 0,
        UnreadCount = 0,
        UnreadMentionsCount = 0,
        UnreadReactionsCount = 0,
        UnreadPollVotesCount = 0,
        NotifySettings = new PeerNotifySettings(),
        Pts = pts,
    };

    private static IEnumerable<int> Messages(UpdateDelivery delivery) =>
        delivery.Batch!.Items.Select(item => item.Update).OfType<UpdateNewMessage>().Select(update => ((Message)update.Message).Id);

    private static Message Text(int id) =>
        new() { Id = id, PeerId = new PeerUser { UserId = 1002 }, Date = 1_700_000_000, MessageValue = "hello" };

    private static User Somebody() => new() { Id = 1002, FirstName = "B", AccessHash = 9 };

    private static Updates Incoming(int id, int pts) => new()
    {
        UpdatesValue = [new UpdateNewMessage { Message = Text(id), Pts = pts, PtsCount = 1 }],
        Users = [Somebody()],
        Chats = [],
        Date = 1_700_000_000,
        Seq = 0,
    };

    private async Task<TelegramClient> ReceivingAsync()
    {
        var client = await LoggedInAsync();
        Telegram.Answer = static (_, _) => new UpdatesDifferenceEmpty { Date = 1, Seq = 1 };
        _ = client.RunUpdatesAsync(Start, CommitAsync, null, Token);
        await UntilAsync(delivery => delivery.CaughtUp);
        return client;
    }

    private ValueTask CommitAsync(UpdateDelivery delivery, CancellationToken cancellationToken) =>
        _deliveries.Writer.WriteAsync(delivery, cancellationToken);

    private async Task<UpdateDelivery> UntilAsync(Func<UpdateDelivery, bool> wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var delivery = await _deliveries.Reader.ReadAsync(limit.Token);
            if (wanted(delivery))
                return delivery;
        }
    }
}
