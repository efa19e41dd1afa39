using System.Diagnostics.Metrics;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Ownership;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Messages;
using Integrations.Workers.Accounts;
using Integrations.Workers.Telemetry;

namespace Integrations.Workers.Channels;

/// <summary>Does one piece of work: through the session of the account, or as the bot through the Bot API.</summary>
internal sealed partial class ChannelWork
{
    /// <summary>Dialogs of an account that are looked through for groups and channels.</summary>
    private const int MostFound = 1000;

    /// <summary>After a look at a channel that came to nothing.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    /// <summary>For an account that is on its way to be connected here.</summary>
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(2);

    private readonly ChannelRecords _records;
    private readonly LiveClients _live;
    private readonly BotApiClient _api;
    private readonly BotChannels _channels;
    private readonly ISecretProtector _secrets;
    private readonly ChannelOptions _options;
    private readonly WorkerTelemetry _telemetry;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly ILogger<ChannelWork> _logger;
    private readonly Counter<long> _done;

    public ChannelWork(
        ChannelRecords records,
        LiveClients live,
        BotApiClient api,
        BotChannels channels,
        ISecretProtector secrets,
        ChannelOptions options,
        WorkerTelemetry telemetry,
        Random random,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<ChannelWork> logger)
    {
        (_records, _live, _api, _channels, _secrets, _options, _telemetry) = (records, live, api, channels, secrets, options, telemetry);
        (_random, _time, _logger) = (random, time, logger);
        _done = meters.Create("Integrations.Channels").CreateCounter<long>(
            "telegram_channel_work_total", description: "Changes of messages and looks at channels, by kind and result: done, failed or again.");
    }

    /// <returns>False where nothing was stored, so that it is still due.</returns>
    /// <exception cref="StaleEpochException">The shard has passed on; nothing was stored.</exception>
    public Task<bool> DoAsync(ShardClaim claim, DueWork work, CancellationToken ct) => work switch
    {
        DueChange change => ChangeAsync(claim, change, ct),
        DueLook look => LookAsync(claim, look, ct),
        DueCheck check => CheckAsync(claim, check, ct),
        _ => throw new ArgumentOutOfRangeException(nameof(work), work.GetType(), "Not a kind of work."),
    };

    private async Task<bool> ChangeAsync(ShardClaim claim, DueChange change, CancellationToken ct)
    {
        var outcome = await TryAsync(claim, change, ct);
        Count(Core.Persistence.Words.Of(change.Kind), outcome.NotBefore is not null ? "again" : outcome.Code is null ? "done" : "failed");
        await _records.ChangedAsync(claim, change, outcome, ct);
        return outcome.NotBefore is null;
    }

    private async Task<ChangeOutcome> TryAsync(ShardClaim claim, DueChange change, CancellationToken ct)
    {
        if (!change.IsReady)
            return new(change.AccountId is null ? ErrorCodes.BotNotActive : ErrorCodes.AccountNotActive, "It was not connected while this could have been done.");
        if (change is not { TelegramMessageId: { } messageId, Peer: { } peer })
            return new(ErrorCodes.MessageNotChangeable, "Telegram does not have this message, so it cannot be changed there.");

        try
        {
            if (change.BotId is not null)
                await AsBotAsync(change, peer, messageId, ct);
            else if (Find(claim, change) is { } live)
                await AsAccountAsync(live, change, new(peer, change.AccessHash), messageId, ct);
            else
                return new(null, null, _time.GetUtcNow() + ClientPatience);

            return ChangeOutcome.Done;
        }
        catch (BotApiException e)
        {
            LogRefused(change.Id, e.Message);
            return ChangeJudgement.Of(e, change.Kind, change.Peer!.Value.Kind, Later(change.Attempts), _time.GetUtcNow());
        }
        catch (TelegramRefusedException e)
        {
            LogRefused(change.Id, e.Message);
            return ChangeJudgement.Of(e, change.Kind, Later(change.Attempts), _time.GetUtcNow());
        }
        catch (Exception e) when (e is TelegramUnavailableException or SecretUnavailableException)
        {
            LogRefused(change.Id, e.Message);
            return new(null, null, Later(change.Attempts));
        }
    }

    private Task<bool> AsAccountAsync(LiveClient live, DueChange change, PeerAddress peer, int messageId, CancellationToken ct) => change.Kind switch
    {
        MessageChangeKind.Edit => MeasureAsync("messages.editMessage", () => live.Client.EditTextAsync(peer, messageId, change.Text!, ct)),
        MessageChangeKind.Delete => MeasureAsync("messages.deleteMessages", () => live.Client.DeleteMessageAsync(peer, messageId, ct)),
        _ => MeasureAsync("messages.updatePinnedMessage", () => live.Client.PinMessageAsync(peer, messageId, change.Kind is MessageChangeKind.Pin, ct)),
    };

    private async Task AsBotAsync(DueChange change, PeerKey peer, int messageId, CancellationToken ct)
    {
        var token = await TokenAsync(change, change.TokenSealed, ct);
        var chat = BotChat.IdOf(peer);
        await (change.Kind switch
        {
            MessageChangeKind.Edit => MeasureAsync("editMessageText", () => _api.EditMessageAsync(token, chat, messageId, change.Text!, change.HasMedia, ct)),
            MessageChangeKind.Delete => MeasureAsync("deleteMessage", () => _api.DeleteMessageAsync(token, chat, messageId, ct)),
            _ => MeasureAsync("pinChatMessage", () => _api.PinMessageAsync(token, chat, messageId, change.Kind is MessageChangeKind.Pin, ct)),
        });
    }

    private async Task<bool> LookAsync(ShardClaim claim, DueLook look, CancellationToken ct)
    {
        if (Find(claim, look) is not { } live)
            return false;

        try
        {
            if (look.Kind == "list")
            {
                await _records.AnsweredAsync(live.Account, look, null, await live.Client.ListChannelsAsync(MostFound, ct), ct);
            }
            else
            {
                var seen = await FindAsync(live, look, ct);
                await _records.AnsweredAsync(live.Account, look, seen?.Sight, seen is null ? [] : [seen], ct);
            }

            Count("look", "done");
            return true;
        }
        catch (TelegramRefusedException e)
        {
            Count("look", "failed");
            await _records.RefusedAsync(
                live.Account,
                look,
                e.Wait is null ? ErrorCodes.TelegramUnavailable : ErrorCodes.TelegramFlood,
                e.Wait is { } wait ? $"Telegram asks this account to wait {Math.Ceiling(wait.TotalSeconds)} s." : $"Telegram refuses to tell ({e.Type}).",
                ct);
            return true;
        }
        catch (TelegramUnavailableException e)
        {
            // It stays due until its asker has gone.
            Count("look", "again");
            LogRefused(look.Id, e.Message);
            return false;
        }
    }

    private async Task<SeenChannel?> FindAsync(LiveClient live, DueLook look, CancellationToken ct)
    {
        var text = await _secrets.UnprotectAsync(ChannelLooks.TargetAddress(look.Tenant, look.Id), look.TargetSealed!, ct);
        var target = ChannelTarget.Parse(Encoding.UTF8.GetString(text)) ?? throw new FormatException("A look at no channel.");
        try
        {
            if (target.Id is { } id)
            {
                var peer = BotChat.PeerOf(id);
                // The account's own list has the hash without which Telegram answers nothing.
                return peer.Kind is PeerKind.Chat
                    ? await live.Client.LookAtChannelAsync(new(peer, null), ct)
                    : (await live.Client.ListChannelsAsync(MostFound, ct)).FirstOrDefault(seen => seen.Peer.Key == peer) is { } seen
                        ? await live.Client.LookAtChannelAsync(new(peer, seen.Peer.AccessHash), ct)
                        : null;
            }

            var known = target.Invite is { } invite ? await live.Client.FollowInviteAsync(invite, ct) : await live.Client.ResolveUsernameAsync(target.Username!, ct);
            return known is null || known.Key.Kind is PeerKind.User ? null : await live.Client.LookAtChannelAsync(new(known.Key, known.AccessHash), ct);
        }
        catch (TelegramRefusedException e) when (ChangeJudgement.IsAway(e))
        {
            return null;
        }
    }

    private async Task<bool> CheckAsync(ShardClaim claim, DueCheck check, CancellationToken ct)
    {
        var until = _time.GetUtcNow() + LookAgain;
        try
        {
            if (check.BotId is not null)
            {
                var token = await TokenAsync(check, check.TokenSealed, ct);
                var name = check.ChannelId.ToString(System.Globalization.CultureInfo.InvariantCulture);
                await _records.CheckedAsync(claim, check, await _channels.LookAsync(token, check.BotUserId!.Value, name, ct), ct);
            }
            else if (Find(claim, check) is { } live)
            {
                await _records.CheckedAsync(claim, check, await SightAsync(live, check, ct), ct);
            }
            else
            {
                await _records.PutOffAsync(claim, check, _time.GetUtcNow() + ClientPatience, ct);
                return false;
            }

            Count("check", "done");
            return true;
        }
        catch (BotApiException e)
        {
            LogRefused(check.Id, e.Message);
            until = e.RetryAfter is { } asked && asked > LookAgain ? _time.GetUtcNow() + asked : until;
        }
        catch (TelegramRefusedException e)
        {
            LogRefused(check.Id, e.Message);
            until = e.Wait is { } asked && asked > LookAgain ? _time.GetUtcNow() + asked : until;
        }
        catch (Exception e) when (e is TelegramUnavailableException or SecretUnavailableException)
        {
            LogRefused(check.Id, e.Message);
        }

        Count("check", "again");
        await _records.PutOffAsync(claim, check, until, ct);
        return true;
    }

    private static async Task<ChannelSight?> SightAsync(LiveClient live, DueCheck check, CancellationToken ct)
    {
        try
        {
            return (await live.Client.LookAtChannelAsync(new(BotChat.PeerOf(check.ChannelId), check.AccessHash), ct)).Sight;
        }
        catch (TelegramRefusedException e) when (ChangeJudgement.IsAway(e))
        {
            return null;
        }
    }

    /// <summary>The account's session, if it runs under this very claim.</summary>
    private LiveClient? Find(ShardClaim claim, DueWork work) => _live.Find(work.Sender) is { Over.IsCancellationRequested: false } live && live.Account.Claim == claim ? live : null;

    private async Task<BotToken> TokenAsync(DueWork work, byte[]? sealedToken, CancellationToken ct)
    {
        var address = TelegramBot.TokenAddress(work.Tenant, work.Sender);
        return BotToken.Parse(Encoding.UTF8.GetString(await _secrets.UnprotectAsync(address, sealedToken ?? throw new SecretUnavailableException(address, "it was erased."), ct)));
    }

    private Task<bool> MeasureAsync(string method, Func<Task> call) => _telemetry.MeasureAsync(
        method,
        async () =>
        {
            await call();
            return true;
        });

    private DateTimeOffset Later(int attempts) => _time.GetUtcNow() + BackOff.After(attempts + 1, _options.FirstRetryDelay, _options.MaxRetryDelay, _random);

    private void Count(string kind, string result) => _done.Add(1, new KeyValuePair<string, object?>("kind", kind), new KeyValuePair<string, object?>("result", result));

    [LoggerMessage(EventId = 4501, Level = LogLevel.Information, Message = "Work {WorkId} at a channel was not done: {Reason}")]
    private partial void LogRefused(Guid workId, string reason);
}
