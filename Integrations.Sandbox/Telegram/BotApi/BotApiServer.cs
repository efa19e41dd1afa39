using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>
/// The Bot API over the world that the MTProto servers show too (https://core.telegram.org/bots/api), with the rules of a local server
/// (<c>telegram-bot-api --local</c>): a webhook may be plain HTTP, on any port and at a private address.
/// </summary>
internal sealed partial class BotApiServer : IAsyncDisposable
{
    private const int LongestPoll = 50;
    private const int MostConnections = 100_000;
    private const int DefaultConnections = 40;

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WebhookSpacing = TimeSpan.FromSeconds(1);

    private readonly TelegramWorld _world;
    private readonly FaultPlan _faults;
    private readonly TimeProvider _time;
    private readonly ILogger<BotApiServer> _logger;
    private readonly BotUpdates _updates;
    private readonly BotFiles _files;
    private readonly BotLimits _limits;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = AnswerTimeout };
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Running> _deliveries = [];
    private readonly Dictionary<long, CancellationTokenSource> _polling = [];
    private readonly ConcurrentDictionary<long, DateTimeOffset> _webhooksSet = [];
    private readonly CancellationTokenSource _stop = new();

    public BotApiServer(TelegramWorld world, FaultPlan faults, TimeProvider time, ILogger<BotApiServer> logger)
    {
        (_world, _faults, _time, _logger) = (world, faults, time, logger);
        _updates = new BotUpdates(world, time);
        _files = new BotFiles(world, _http, time);
        _limits = new BotLimits(time);
    }

    /// <summary>Takes up the bots' webhooks where an earlier run left them, and follows the world.</summary>
    public void Start()
    {
        _world.Subscribe(_updates.Hear);
        foreach (var bot in _world.Bots())
            Deliver(bot);
    }

    /// <summary>One call: what the method's name names, or a refusal.</summary>
    /// <exception cref="BotApiRefusal">In the Bot API's own words.</exception>
    public async Task<JsonNode> CallAsync(string token, string method, BotApiRequest request, CancellationToken cancellationToken)
    {
        var person = _world.FindBot(token) ?? throw new BotApiRefusal(401, "Unauthorized");
        return await CallAsync(person, method, request, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _world.Unsubscribe(_updates.Hear);
        _stop.Cancel();
        Running[] running;
        lock (_gate)
            running = [.. _deliveries.Values];
        foreach (var delivery in running)
            await delivery.EndAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task<JsonNode> CallAsync(Person person, string method, BotApiRequest request, CancellationToken cancellationToken)
    {
        Trouble(person, method);
        var call = new BotCall(person, method.ToUpperInvariant(), request);
        try
        {
            return await ExecuteAsync(call, cancellationToken);
        }
        catch (TelegramRefusal refusal)
        {
            throw BotApiRefusal.From(refusal, call);
        }
    }

    private async Task<JsonNode> ExecuteAsync(BotCall call, CancellationToken cancellationToken) => call.Method switch
    {
        "GETME" => BotView.Me(call.Person, call.Bot),
        "SETWEBHOOK" => await SetWebhookAsync(call.Person, call.Request),
        "DELETEWEBHOOK" => await DeleteWebhookAsync(call.Person, call.Request),
        "GETWEBHOOKINFO" => WebhookInfo(call.Person, call.Bot),
        "GETUPDATES" => await GetUpdatesAsync(call.Person, call.Bot, call.Request, cancellationToken),
        "SENDMESSAGE" => SendMessage(call),
        "SENDPHOTO" => await SendFileAsync(call, FileKind.Photo, "photo", cancellationToken),
        "SENDDOCUMENT" => await SendFileAsync(call, FileKind.Document, "document", cancellationToken),
        "SENDVIDEO" => await SendFileAsync(call, FileKind.Video, "video", cancellationToken),
        "SENDAUDIO" => await SendFileAsync(call, FileKind.Audio, "audio", cancellationToken),
        "SENDVOICE" => await SendFileAsync(call, FileKind.Voice, "voice", cancellationToken),
        "SENDANIMATION" => await SendFileAsync(call, FileKind.Animation, "animation", cancellationToken),
        "SENDVIDEONOTE" => await SendFileAsync(call, FileKind.VideoNote, "video_note", cancellationToken),
        "SENDSTICKER" => await SendFileAsync(call, FileKind.Sticker, "sticker", cancellationToken),
        "SENDMEDIAGROUP" => await SendAlbumAsync(call, cancellationToken),
        "EDITMESSAGEMEDIA" => await EditMediaAsync(call, cancellationToken),
        "GETFILE" => GetFile(call),
        "COPYMESSAGE" => CopyMessage(call),
        "COPYMESSAGES" => Several(call, asForward: false),
        "FORWARDMESSAGE" => ForwardMessage(call),
        "FORWARDMESSAGES" => Several(call, asForward: true),
        "SENDCHATACTION" => SendChatAction(call),
        "EDITMESSAGETEXT" => EditMessage(call, "text"),
        "EDITMESSAGECAPTION" => EditMessage(call, "caption"),
        "EDITMESSAGEREPLYMARKUP" => EditMessage(call, null),
        "DELETEMESSAGE" => DeleteMessage(call),
        "DELETEMESSAGES" => DeleteMessages(call),
        "PINCHATMESSAGE" => Pin(call),
        "UNPINCHATMESSAGE" => Unpin(call),
        "UNPINALLCHATMESSAGES" => UnpinAll(call, _ => true),
        "ANSWERCALLBACKQUERY" => AnswerCallbackQuery(call),
        "CREATEFORUMTOPIC" => CreateTopic(call),
        "EDITFORUMTOPIC" => EditTopic(call, null, null, null),
        "CLOSEFORUMTOPIC" => EditTopic(call, null, closed: true, null),
        "REOPENFORUMTOPIC" => EditTopic(call, null, closed: false, null),
        "DELETEFORUMTOPIC" => DeleteTopic(call),
        "UNPINALLFORUMTOPICMESSAGES" => UnpinTopic(call),
        "EDITGENERALFORUMTOPIC" => EditTopic(call, ForumTopicState.General, null, null),
        "CLOSEGENERALFORUMTOPIC" => EditTopic(call, ForumTopicState.General, closed: true, null),
        "REOPENGENERALFORUMTOPIC" => EditTopic(call, ForumTopicState.General, closed: false, null),
        "HIDEGENERALFORUMTOPIC" => EditTopic(call, ForumTopicState.General, null, hidden: true),
        "UNHIDEGENERALFORUMTOPIC" => EditTopic(call, ForumTopicState.General, null, hidden: false),
        "UNPINALLGENERALFORUMTOPICMESSAGES" => UnpinAll(call, message => message.TopicId is null),
        "GETCHAT" => View(call).FullChat(call.Person, Visible(call, Chat(call))),
        "GETCHATMEMBER" => GetChatMember(call),
        "GETCHATADMINISTRATORS" => GetChatAdministrators(call),
        "GETCHATMEMBERCOUNT" or "GETCHATMEMBERSCOUNT" => JsonValue.Create(_world.MembersOf(Visible(call, Chat(call))).Count),
        "LEAVECHAT" => LeaveChat(call),
        "PROMOTECHATMEMBER" => Promote(call),
        "RESTRICTCHATMEMBER" => Restrict(call),
        "BANCHATMEMBER" or "KICKCHATMEMBER" => Ban(call),
        "UNBANCHATMEMBER" => Unban(call),
        "SETCHATPERMISSIONS" => SetPermissions(call),
        _ => throw new BotApiRefusal(404, "Not Found: method not found"),
    };

    private void Trouble(Person person, string method)
    {
        var scope = new FaultScope(SandboxTelegram.MainDc, person.Id, method);
        if (_faults.Take(FaultKind.FloodWait, scope) is { } flood)
            throw BotApiRefusal.TooManyRequests(flood.Seconds!.Value);
        if (_faults.Take(FaultKind.RpcError, scope) is { } error)
            throw new BotApiRefusal(error.Code!.Value, error.Error!);
    }

    private async Task<JsonNode> SetWebhookAsync(Person person, BotApiRequest request)
    {
        var url = request.Text("url") ?? "";
        var webhook = url.Length == 0 ? null : ReadWebhook(url, request);
        var now = _time.GetUtcNow();
        if (_webhooksSet.TryGetValue(person.Id, out var last) && now - last < WebhookSpacing)
            throw BotApiRefusal.TooManyRequests(1);
        _webhooksSet[person.Id] = now;
        await ChangeWebhookAsync(person, webhook, ReadAllowed(request), request.Flag("drop_pending_updates"));
        return JsonValue.Create(true);
    }

    private async Task<JsonNode> DeleteWebhookAsync(Person person, BotApiRequest request)
    {
        await ChangeWebhookAsync(person, null, null, request.Flag("drop_pending_updates"));
        return JsonValue.Create(true);
    }

    private async Task ChangeWebhookAsync(Person person, BotWebhook? webhook, string[]? allowed, bool drop)
    {
        Running? before;
        lock (_gate)
            _deliveries.Remove(person.Id, out before);
        if (before is not null)
            await before.EndAsync();
        _world.SetBotWebhook(person.Id, webhook, allowed);
        if (drop)
            _updates.QueueOf(person.Id).Clear();
        Deliver(person);
    }

    private void Deliver(Person person)
    {
        if (person.Bot?.Webhook is null)
            return;
        var delivery = new WebhookDelivery(
            person.Id, _updates.QueueOf(person.Id), _world, _http, _time, (bot, method, request) => AnswerAsync(bot, method, request, _stop.Token));
        lock (_gate)
        {
            if (!_stop.IsCancellationRequested)
                _deliveries[person.Id] = Running.Start(token => FollowAsync(person.Id, delivery, token), delivery, _stop.Token);
        }
    }

    private async Task FollowAsync(long botId, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            await delivery.RunAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogDeliveryFailed(e, botId);
        }
    }

    [LoggerMessage(EventId = 6030, Level = LogLevel.Error, Message = "Updates of bot {BotId} are not posted any more, until its webhook is set again")]
    private partial void LogDeliveryFailed(Exception exception, long botId);

    // What the answer to a webhook asks for, as far as Telegram does it.
    private async Task AnswerAsync(Person bot, string method, BotApiRequest request, CancellationToken cancellationToken)
    {
        var ignored = method.StartsWith("get", StringComparison.OrdinalIgnoreCase)
            || method.ToUpperInvariant() is "SETWEBHOOK" or "DELETEWEBHOOK" or "CLOSE" or "LOGOUT";
        if (!ignored)
            _ = await CallAsync(bot, method, request, cancellationToken);
    }

    private static BotWebhook ReadWebhook(string url, BotApiRequest request)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw BotApiRefusal.BadRequest("bad webhook: invalid webhook URL specified");
        var secret = request.Text("secret_token");
        if (secret is { Length: > 256 } || (secret is { Length: > 0 } && !secret.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')))
            throw BotApiRefusal.BadRequest("secret token contains unallowed characters");
        var connections = request.Number("max_connections") is > 0 and <= MostConnections and var asked ? (int)asked : DefaultConnections;
        return new BotWebhook(url, secret is { Length: > 0 } ? secret : null, connections);
    }

    private static string[]? ReadAllowed(BotApiRequest request) =>
        request.Json("allowed_updates") is { ValueKind: JsonValueKind.Array } allowed
            ? [.. allowed.EnumerateArray().Where(kind => kind.ValueKind is JsonValueKind.String).Select(kind => kind.GetString()!)]
            : null;

    private JsonObject WebhookInfo(Person person, Bot bot)
    {
        var info = new JsonObject
        {
            ["url"] = bot.Webhook?.Url ?? "",
            ["has_custom_certificate"] = false,
            ["pending_update_count"] = _updates.QueueOf(person.Id).Count,
        };
        if (bot.Webhook is { } webhook)
            info["max_connections"] = webhook.MaxConnections;
        if (bot.AllowedUpdates is { } allowed)
            info["allowed_updates"] = new JsonArray([.. allowed.Select(kind => (JsonNode)JsonValue.Create(kind))]);
        WebhookFailure? failure;
        lock (_gate)
            failure = _deliveries.GetValueOrDefault(person.Id)?.Delivery.LastFailure;
        if (failure is not null)
        {
            info["last_error_date"] = failure.At.ToUnixTimeSeconds();
            info["last_error_message"] = failure.Message;
        }

        return info;
    }

    private async Task<JsonNode> GetUpdatesAsync(Person person, Bot bot, BotApiRequest request, CancellationToken cancellationToken)
    {
        if (bot.Webhook is not null)
            throw new BotApiRefusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first");
        if (ReadAllowed(request) is { } allowed)
            _world.SetBotWebhook(person.Id, null, allowed);
        var queue = _updates.QueueOf(person.Id);
        if (request.Number("offset") is { } offset)
            queue.Confirm(offset);
        var limit = request.Number("limit") is > 0 and <= 100 and var asked ? (int)asked : 100;
        var turn = BeginPolling(person.Id);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(Math.Clamp(request.Number("timeout") ?? 0, 0, LongestPoll)), _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, turn.Token, _stop.Token, cancellationToken);
        try
        {
            while (true)
            {
                if (turn.IsCancellationRequested)
                    throw new BotApiRefusal(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running");
                var changed = queue.Changed;
                var updates = queue.Peek(limit);
                if (updates.Count > 0 || end.IsCancellationRequested)
                    return new JsonArray([.. updates.Select(update => JsonNode.Parse(update.Json))]);
                await changed.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            EndPolling(person.Id, turn);
        }
    }

    /// <summary>Who fetches updates ends the one who was waiting for them.</summary>
    private CancellationTokenSource BeginPolling(long botId)
    {
        var turn = new CancellationTokenSource();
        CancellationTokenSource? before;
        lock (_gate)
        {
            before = _polling.GetValueOrDefault(botId);
            _polling[botId] = turn;
        }

        before?.Cancel();
        return turn;
    }

    // Not disposed: somebody else may be about to cancel it, and without a timer it holds nothing.
    private void EndPolling(long botId, CancellationTokenSource turn)
    {
        lock (_gate)
        {
            if (_polling.GetValueOrDefault(botId) == turn)
                _polling.Remove(botId);
        }
    }

    /// <summary>A delivery and its end.</summary>
    private sealed class Running(WebhookDelivery delivery, Task task, CancellationTokenSource cancel)
    {
        public WebhookDelivery Delivery => delivery;

        public static Running Start(Func<CancellationToken, Task> follow, WebhookDelivery delivery, CancellationToken stop)
        {
            var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
            return new Running(delivery, Task.Run(() => follow(cancel.Token), CancellationToken.None), cancel);
        }

        public async Task EndAsync()
        {
            await cancel.CancelAsync();
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancel.Dispose();
        }
    }
}
