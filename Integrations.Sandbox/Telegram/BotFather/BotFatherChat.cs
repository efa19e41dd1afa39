using System.Threading.Channels;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotFather;

/// <summary>The bot by which people make bots: it reads what is written to it, from a phone or by MTProto, and answers there.</summary>
internal sealed partial class BotFatherChat(TelegramWorld world, ILogger<BotFatherChat> logger)
{
    private const int Remembered = 50;

    // Unbounded: notices come under the world's lock, where nothing may wait, and each is two numbers.
    private readonly Channel<(long PersonId, int MessageId)> _asked =
        System.Threading.Channels.Channel.CreateUnbounded<(long, int)>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Takes note of a message to BotFather; called under the world's lock.</summary>
    public void Hear(WorldNotice notice)
    {
        if (notice is BoxMoved { UserId: Seed.BotFather, Update: { Kind: LoggedKind.NewMessage, Peer.Kind: PeerKind.User } update })
            _asked.Writer.TryWrite((update.Peer.Id, update.MessageId));
    }

    public void Complete() => _asked.Writer.TryComplete();

    /// <summary>Answers until completed; first what an earlier run was killed before answering.</summary>
    public async Task RunAsync()
    {
        foreach (var dialog in world.Dialogs(Seed.BotFather))
        {
            foreach (var message in Conversation(dialog.Peer).TakeWhile(message => !message.Out).Reverse())
                AnswerOrLog(dialog.Peer.Id, message.Id);
        }

        while (await _asked.Reader.WaitToReadAsync())
        {
            while (_asked.Reader.TryRead(out var asked))
                AnswerOrLog(asked.PersonId, asked.MessageId);
        }
    }

    private void AnswerOrLog(long personId, int messageId)
    {
        try
        {
            Answer(personId, messageId);
        }
        catch (Exception e)
        {
            // One message that cannot be answered must not end all of them.
            LogFailed(e, personId);
        }
    }

    private void Answer(long personId, int messageId)
    {
        var peer = PeerRef.User(personId);
        if (world.MessagesById(Seed.BotFather, [messageId])[0] is not { Out: false } message || message.Peer != peer)
            return;
        var talk = new BotFatherTalk(world, personId, [.. Conversation(peer).Where(other => other.Id != messageId)]);
        var (text, token) = talk.Answer(message.Text.Trim());
        world.Read(Seed.BotFather, peer, messageId, null);
        world.Send(Seed.BotFather, new Draft { Peer = peer, Text = text, Entities = token is null ? null : AsCode(text, token) }, null);
    }

    /// <summary>What was said, newest first.</summary>
    private IReadOnlyList<StoredMessage> Conversation(PeerRef peer) => world.History(Seed.BotFather, peer, _ => true, 0, 0, Remembered).Messages;

    private static byte[] AsCode(string text, string token)
    {
        using var writer = new TlWriter();
        writer.WriteVector<MessageEntity>([new MessageEntityCode { Offset = text.IndexOf(token, StringComparison.Ordinal), Length = token.Length }]);
        return writer.WrittenSpan.ToArray();
    }

    [LoggerMessage(EventId = 6040, Level = LogLevel.Error, Message = "BotFather could not answer person {PersonId}")]
    private partial void LogFailed(Exception exception, long personId);
}
