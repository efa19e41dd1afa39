using System.Globalization;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>One update that a bot has not confirmed yet.</summary>
/// <param name="Chat">Updates of one chat are delivered one after another.</param>
internal sealed record PendingUpdate(int Id, PeerRef Chat, string Json, DateTimeOffset At);

/// <summary>
/// What waits for one bot, oldest first. It is fetched with <c>getUpdates</c> or posted to a webhook; nobody takes it before it is confirmed.
/// </summary>
internal sealed class BotQueue(int lastUpdateId, TimeProvider time)
{
    /// <summary>As long as Telegram keeps them.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private readonly Lock _gate = new();
    private readonly LinkedList<PendingUpdate> _updates = [];
    private TaskCompletionSource _changed = NewSignal();
    private int _lastId = lastUpdateId;

    public int Count
    {
        get
        {
            lock (_gate)
                return _updates.Count;
        }
    }

    /// <summary>Completes when something was added, or the bot's settings changed, since the task was read.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    public void Add(PeerRef chat, string kind, JsonObject content)
    {
        lock (_gate)
        {
            var id = ++_lastId;
            var json = new JsonObject { ["update_id"] = id, [kind] = content }.ToJsonString();
            _updates.AddLast(new PendingUpdate(id, chat, json, time.GetUtcNow()));
        }

        Signal();
    }

    /// <summary>Forgets everything below an id, as <c>getUpdates</c> does with its offset; a negative one keeps the last so many.</summary>
    public void Confirm(long offset)
    {
        lock (_gate)
        {
            while (_updates.First is { } first && (offset < 0 ? _updates.Count > -offset : first.Value.Id < offset))
                _updates.RemoveFirst();
        }
    }

    public void Clear() => Confirm(long.MaxValue);

    public void Remove(PendingUpdate update)
    {
        lock (_gate)
            _updates.Remove(update);
    }

    /// <summary>The oldest updates; those that are too old are dropped.</summary>
    public IReadOnlyList<PendingUpdate> Peek(int limit)
    {
        lock (_gate)
        {
            DropExpired();
            return [.. _updates.Take(limit)];
        }
    }

    /// <summary>The oldest update of each chat that nobody is delivering now.</summary>
    public IReadOnlyList<PendingUpdate> Heads(IReadOnlySet<PeerRef> busy, int limit)
    {
        lock (_gate)
        {
            DropExpired();
            var seen = new HashSet<PeerRef>(busy);
            var heads = new List<PendingUpdate>();
            for (var node = _updates.First; node is not null && heads.Count < limit; node = node.Next)
            {
                if (seen.Add(node.Value.Chat))
                    heads.Add(node.Value);
            }

            return heads;
        }
    }

    public void Signal()
    {
        TaskCompletionSource due;
        lock (_gate)
            (due, _changed) = (_changed, NewSignal());
        due.SetResult();
    }

    private void DropExpired()
    {
        var oldest = time.GetUtcNow() - Lifetime;
        while (_updates.First is { } first && first.Value.At < oldest)
            _updates.RemoveFirst();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Turns what happens in the world into updates of the bots that may see it.</summary>
internal sealed class BotUpdates(TelegramWorld world, TimeProvider time)
{
    /// <summary>Kinds that a bot must ask for.</summary>
    private static readonly string[] AskedFor = ["chat_member", "message_reaction", "message_reaction_count"];

    // The first id is any number; counting from the clock keeps it rising over restarts.
    private readonly int _firstId = (int)(time.GetUtcNow().ToUnixTimeSeconds() - 1_500_000_000);
    private readonly Lock _gate = new();
    private readonly Dictionary<long, BotQueue> _queues = [];

    /// <summary>Told of a queue as it is opened.</summary>
    public event Action<long, BotQueue>? Opened;

    public BotQueue QueueOf(long botId)
    {
        BotQueue? queue;
        lock (_gate)
        {
            if (_queues.TryGetValue(botId, out queue))
                return queue;
            _queues[botId] = queue = new BotQueue(_firstId, time);
        }

        Opened?.Invoke(botId, queue);
        return queue;
    }

    /// <summary>Takes note of something that happened; called under the world's lock, in the order of events.</summary>
    public void Hear(WorldNotice notice)
    {
        switch (notice)
        {
            case BoxMoved { Update.Kind: LoggedKind.NewMessage or LoggedKind.Edited } moved when world.FindPerson(moved.UserId) is { Bot: { } bot } person:
                if (person.Box.Find(moved.Update.MessageId) is { } message && MaySee(person, bot, message, person.Box))
                    Add(person, bot, message.Peer, moved.Update.Kind is LoggedKind.Edited ? "edited_message" : "message", View(person).Message(message, person.Box));
                break;
            case ChannelMoved { Update.Kind: LoggedKind.NewMessage or LoggedKind.Edited } moved when world.FindChannel(moved.ChannelId) is { } channel:
                HearRoom(channel, moved.Update);
                break;
            case MembershipChanged changed:
                HearMembership(changed);
                break;
            case ButtonPressed { Press: var press } when world.FindPerson(press.BotId) is { Bot: { } bot } person:
                HearPress(person, bot, press);
                break;
            default:
                break;
        }
    }

    private void HearRoom(ChannelRoom channel, LoggedUpdate update)
    {
        if (channel.Box.Find(update.MessageId) is not { } message)
            return;
        var kind = (channel.Broadcast, update.Kind is LoggedKind.Edited) switch
        {
            (true, false) => "channel_post",
            (true, true) => "edited_channel_post",
            (false, false) => "message",
            (false, true) => "edited_message",
        };
        foreach (var memberId in channel.Members.Keys)
        {
            if (world.FindPerson(memberId) is { Bot: { } bot } person && MaySee(person, bot, message, channel.Box))
                Add(person, bot, channel.Peer, kind, View(person).Message(message, channel.Box));
        }
    }

    private void HearMembership(MembershipChanged changed)
    {
        if (world.FindPerson(changed.UserId) is not { } person)
            return;
        if (person.Bot is { } bot)
            Add(person, bot, changed.Peer, "my_chat_member", Change(changed, person, person));
        foreach (var memberId in world.MembersOf(changed.Peer))
        {
            if (memberId != changed.UserId && world.FindPerson(memberId) is { Bot: { } other } administrator && IsAdministrator(memberId, changed.Peer))
                Add(administrator, other, changed.Peer, "chat_member", Change(changed, person, administrator));
        }
    }

    private JsonObject Change(MembershipChanged changed, Person person, Person listener)
    {
        var isChannel = changed.Peer.Kind is PeerKind.Channel && world.FindChannel(changed.Peer.Id)!.Broadcast;
        return new JsonObject
        {
            ["chat"] = View(listener).Chat(changed.Peer),
            ["from"] = BotView.User(world.FindPerson(changed.ActorId)!),
            ["date"] = time.GetUtcNow().ToUnixTimeSeconds(),
            ["old_chat_member"] = BotView.Member(person, changed.Before, isChannel),
            ["new_chat_member"] = BotView.Member(person, changed.After, isChannel),
        };
    }

    private void HearPress(Person person, Bot bot, ButtonPress press)
    {
        var told = new JsonObject { ["id"] = press.Id.ToString(CultureInfo.InvariantCulture), ["from"] = BotView.User(world.FindPerson(press.UserId)!) };
        if (world.CopyFor(person.Id, press.Message) is { } copy)
            told["message"] = View(person).Message(copy.Message, copy.Box);
        told["chat_instance"] = world.AccessHash(person.Id, press.Message.Peer).ToString(CultureInfo.InvariantCulture);
        told["data"] = press.Data;
        Add(person, bot, press.Message.Peer.Kind is PeerKind.User ? PeerRef.User(press.UserId) : press.Message.Peer, "callback_query", told);
    }

    private BotView View(Person listener) => new(world, listener.Id);

    private bool IsAdministrator(long userId, PeerRef peer) => world.PlaceOf(userId, peer).Rank is MemberRank.Administrator or MemberRank.Creator;

    private void Add(Person person, Bot bot, PeerRef chat, string kind, JsonObject content)
    {
        // BotFather and the deleted have nobody who would fetch it.
        if (!bot.HasToken)
            return;
        var wanted = bot.AllowedUpdates is { } allowed ? allowed.Contains(kind, StringComparer.Ordinal) : !AskedFor.Contains(kind, StringComparer.Ordinal);
        if (wanted)
            QueueOf(person.Id).Add(chat, kind, content);
    }

    /// <summary>
    /// Privacy mode (https://core.telegram.org/bots/features#privacy-mode): in groups a bot hears what is meant for it, unless it administers them. No
    /// bot hears another. Of what it does itself it is told only where Telegram writes the message, as of a topic that it opens.
    /// </summary>
    private bool MaySee(Person person, Bot bot, StoredMessage message, MessageBox box)
    {
        if (message.FromId == person.Id)
            return message.Action is not null;
        var isPost = message.Peer.Kind is PeerKind.Channel && world.FindChannel(message.Peer.Id)!.Broadcast;
        if (isPost)
            return true;
        if (world.FindPerson(message.FromId)?.Bot is not null)
            return false;
        if (message.Peer.Kind is PeerKind.User || bot.ReadsAllGroupMessages || message.Action is not null || IsAdministrator(person.Id, message.Peer))
            return true;
        if (message.ReplyTo is { } replyTo && box.Find(replyTo)?.FromId == person.Id)
            return true;
        return message.Text.StartsWith('/') && (BotCommand.AddresseeOf(message.Text) is not { } addressee
            || string.Equals(addressee, person.Username, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary>A command at the beginning of a text: <c>/start</c>, or <c>/start@some_bot</c> for one of several bots.</summary>
internal static class BotCommand
{
    /// <summary>How long the command is; 0 where the text is none.</summary>
    public static int LengthOf(string text)
    {
        if (text.Length < 2 || text[0] != '/')
            return 0;
        var length = 1;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] is '_' or '@'))
            length++;
        return length > 1 ? length : 0;
    }

    /// <summary>The bot that it names, or null.</summary>
    public static string? AddresseeOf(string text)
    {
        var command = text.AsSpan(0, LengthOf(text));
        var at = command.IndexOf('@');
        return at < 0 ? null : command[(at + 1)..].ToString();
    }
}
