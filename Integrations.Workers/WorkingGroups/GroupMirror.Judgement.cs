using Integrations.Core.Telegram.BotApi;
using Integrations.Workers.Accounts;

namespace Integrations.Workers.WorkingGroups;

/// <summary>What a refused call means for what it was to tell.</summary>
internal sealed partial class GroupMirror
{
    /// <summary>Telegram's words when somebody has deleted the topic.</summary>
    private static readonly string[] TopicGone = ["message thread not found", "TOPIC_DELETED", "TOPIC_ID_INVALID"];

    /// <summary>When it shows already what it is to show.</summary>
    private static readonly string[] Unchanged = ["is not modified", "TOPIC_NOT_MODIFIED"];

    /// <summary>When somebody has deleted the post.</summary>
    private static readonly string[] PostGone = ["message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID"];

    /// <summary>When the bot is out, or may less than it has to.</summary>
    private static readonly string[] Rights = ["not enough rights", "ADMIN_REQUIRED", "WRITE_FORBIDDEN", "TOPIC_CLOSED", "chat not found", "need administrator rights"];

    private async Task<MirrorRecord> JudgeAsync(MirrorTurn turn, MirrorWork work, MirrorBot bot, BotApiException failure, CancellationToken ct)
    {
        var item = work.Items[0];
        LogRefused(_logger, owned.ProjectId, bot.Id, failure.Failure, item.Attempts + 1);
        if (turn is MirrorTurn.AnswerCallback callback)
        {
            // Who pressed it sees what comes of it in the topic anyhow.
            return new() { Done = [callback.Item] };
        }

        if (failure.Failure is BotApiFailure.TooManyRequests)
        {
            // The bot waits, and what it was to post goes by another one.
            _pace.Pause(bot.Id, failure.RetryAfter is { } asked && asked > FirstDelay ? asked : FirstDelay);
            return new();
        }

        if (failure.Failure is BotApiFailure.BadRequest && Says(TopicGone))
            return new() { TopicGone = item.DialogId };
        if (failure.Failure is BotApiFailure.BadRequest && Says(Unchanged))
        {
            return turn switch
            {
                MirrorTurn.Edit edit => new() { Shown = (edit.Post.GroupMessageId, edit.Piece.Digest) },
                MirrorTurn.CloseTopic close => new() { TopicClosed = (item.DialogId, close.Closed), Done = [item] },
                MirrorTurn.RenameTopic rename => new() { TopicNamed = (item.DialogId, rename.Name) },
                _ => Again(),
            };
        }

        // A name is not worth waiting for: what is to be said goes on under the old one.
        if (failure.Failure is BotApiFailure.BadRequest && turn is MirrorTurn.RenameTopic unnamed)
            return new() { TopicNamed = (item.DialogId, unnamed.Name) };

        // What an operator has taken out of the topic stays out.
        if (failure.Failure is BotApiFailure.BadRequest && turn is MirrorTurn.Edit gone && Says(PostGone))
            return new() { Forgotten = [gone.Post.GroupMessageId], Done = [item] };

        if (failure.Failure is BotApiFailure.Unauthorized)
        {
            _pace.Pause(bot.Id, LookWhileUnfit);
            await tools.Queue.FailBotAsync(claim, owned, bot.Id, ct);
            return new();
        }

        if (failure.Failure is BotApiFailure.Forbidden || failure.MigrateToChatId is not null || Says(Rights))
        {
            await LookAsync(tools.Time.GetUtcNow(), ct);
            _pace.Pause(bot.Id, FirstDelay);
            return Again(counts: false);
        }

        return failure.IsPassing ? Again(counts: true, givesUp: false) : Again();

        bool Says(string[] words) => Array.Exists(words, word => failure.Description.Contains(word, StringComparison.OrdinalIgnoreCase));

        MirrorRecord Again(bool counts = true, bool givesUp = true) => new()
        {
            Again = new(
                item.Seq,
                tools.Time.GetUtcNow() + BackOff.After(item.Attempts + 1, FirstDelay, MaxDelay, tools.Random),
                $"{failure.Message}",
                counts,
                givesUp && item.Attempts + 1 >= MostRefusals),
        };
    }
}
