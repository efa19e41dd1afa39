using System.Globalization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>What a bot answers to a pressed button.</summary>
/// <param name="ShowAlert">True shows it in a window of its own, false in passing.</param>
internal sealed record ButtonAnswer(string? Text, bool ShowAlert, string? Url, int CacheTime);

/// <summary>A pressed button whose bot has not answered yet.</summary>
internal sealed record ButtonPress(long Id, long UserId, long BotId, StoredMessage Message, string Data, DateTimeOffset At)
{
    private readonly TaskCompletionSource<ButtonAnswer?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the bot answers; null when it did not in time.</summary>
    public Task<ButtonAnswer?> Answer => _answer.Task;

    public void Complete(ButtonAnswer? answer) => _answer.TrySetResult(answer);
}

/// <summary>Pressing the buttons of bots. A press lives as long as a client would wait, and so in memory only.</summary>
internal sealed partial class TelegramWorld
{
    /// <summary>As long as a bot may take to answer.</summary>
    public static readonly TimeSpan ButtonPatience = TimeSpan.FromSeconds(15);

    private readonly Dictionary<long, ButtonPress> _presses = [];

    /// <summary>Presses a button under a message, as the presser numbers it.</summary>
    public ButtonPress Press(long userId, PeerRef peer, int messageId, string data)
    {
        lock (_gate)
        {
            var (_, message) = RequireMessage(userId, peer, messageId);
            if (message.Keyboard is not { } keyboard || _state.People[message.FromId].Bot is null
                || !keyboard.Rows.Any(row => row.Any(button => button.Data == data)))
                throw TelegramRefusal.BadRequest("DATA_INVALID");
            EndLatePresses();
            var press = new ButtonPress(RandomInt64() & long.MaxValue, userId, message.FromId, message, data, Now);
            _presses[press.Id] = press;
            _notices.Add(new ButtonPressed(press));
            Publish();
            return press;
        }
    }

    /// <summary>A bot answers a press, once and in time.</summary>
    public void AnswerPress(long botId, string queryId, ButtonAnswer answer)
    {
        lock (_gate)
        {
            EndLatePresses();
            if (!long.TryParse(queryId, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || !_presses.TryGetValue(id, out var press) || press.BotId != botId)
                throw TelegramRefusal.BadRequest("QUERY_ID_INVALID");
            _presses.Remove(id);
            press.Complete(answer);
        }
    }

    /// <summary>The message as the bot itself numbers it, with the box where it stands; null when it was deleted.</summary>
    public (StoredMessage Message, MessageBox Box)? CopyFor(long userId, StoredMessage message)
    {
        lock (_gate)
        {
            if (message.Peer.Kind is PeerKind.Channel)
                return _state.Channels[message.Peer.Id].Box is var box && box.Find(message.Id) is { } post ? (post, box) : null;
            var own = _state.People[userId].Box;
            return _state.CopyIn(userId, message.Uid) is { } id && own.Find(id) is { } copy ? (copy, own) : null;
        }
    }

    /// <summary>Gives up the presses that no bot answered in time.</summary>
    public void EndLatePresses()
    {
        lock (_gate)
        {
            foreach (var late in _presses.Values.Where(press => Now - press.At >= ButtonPatience).ToList())
            {
                _presses.Remove(late.Id);
                late.Complete(null);
            }
        }
    }
}
