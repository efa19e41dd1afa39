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
    private readonly BotView _view;
    private readonly BotLimits _limits;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = AnswerTimeout };
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Running> _deliveries = [];
    private readonly ConcurrentDictionary<long, DateTimeOffset> _webhooksSet = [];
    private readonly CancellationTokenSource _stop = new();

    public BotApiServer(TelegramWorld world, FaultPlan faults, TimeProvider time, ILogger<BotApiServer> logger)
    {
        (_world, _faults, _time, _logger) = (world, faults, time, logger);
        _updates = new BotUpdates(world, time);
        _view = new BotView(world);
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
        var bot = person.Bot!;
        Trouble(person, method);
        var room = "user";
        try
        {
            return method.ToUpperInvariant() switch
            {
                "GETME" => BotView.Me(person, bot),
                "SETWEBHOOK" => await SetWebhookAsync(person, request),
                "DELETEWEBHOOK" => await DeleteWebhookAsync(person, request),
                "GETWEBHOOKINFO" => WebhookInfo(person, bot),
                "GETUPDATES" => await GetUpdatesAsync(person, bot, request, cancellationToken),
                "SENDMESSAGE" => SendMessage(person, request, ref room),
                "SENDCHATACTION" => SendChatAction(person, Chat(request, ref room), request),
                "GETCHAT" => _view.FullChat(Visible(person, Chat(request, ref room))),
                "GETCHATMEMBER" => GetChatMember(person, Chat(request, ref room), request),
                "GETCHATADMINISTRATORS" => GetChatAdministrators(person, Chat(request, ref room)),
                "GETCHATMEMBERCOUNT" or "GETCHATMEMBERSCOUNT" => JsonValue.Create(_world.MembersOf(Visible(person, Chat(request, ref room))).Count),
                "LEAVECHAT" => LeaveChat(person, Chat(request, ref room)),
                _ => throw new BotApiRefusal(404, "Not Found: method not found"),
            };
        }
        catch (TelegramRefusal refusal)
        {
            throw BotApiRefusal.From(refusal, room);
        }
    }

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
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(Math.Clamp(request.Number("timeout") ?? 0, 0, LongestPoll)), _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stop.Token, cancellationToken);
        while (true)
        {
            var changed = queue.Changed;
            var updates = queue.Peek(limit);
            if (updates.Count > 0 || end.IsCancellationRequested)
                return new JsonArray([.. updates.Select(update => JsonNode.Parse(update.Json))]);
            await changed.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private JsonObject SendMessage(Person person, BotApiRequest request, ref string room)
    {
        var peer = Chat(request, ref room);
        var text = request.Required("text", "message text is empty");
        var reply = request.Json("reply_parameters") is { ValueKind: JsonValueKind.Object } parameters && parameters.TryGetProperty("message_id", out var id)
            ? id.GetInt32()
            : (int?)request.Number("reply_to_message_id");
        _world.RequirePeer(person, Visible(person, peer));
        _limits.Take(person.Id, peer);
        var sent = _world.Send(person.Id, new Draft { Peer = peer, Text = text, ReplyTo = reply }, null).Message;
        return _view.Message(sent, BoxOf(person, peer));
    }

    private JsonValue SendChatAction(Person person, PeerRef peer, BotApiRequest request)
    {
        _ = request.Required("action", "wrong parameter action in request");
        _world.ShowTyping(person.Id, peer, stopped: request.Text("action") is "cancel");
        return JsonValue.Create(true);
    }

    private JsonObject GetChatMember(Person person, PeerRef peer, BotApiRequest request)
    {
        _ = Visible(person, peer);
        var userId = request.Number("user_id") ?? throw BotApiRefusal.BadRequest("invalid user_id specified");
        var user = _world.FindPerson(userId) ?? throw BotApiRefusal.BadRequest("user not found");
        return BotView.Member(user, RankOf(user.Id, peer));
    }

    private JsonArray GetChatAdministrators(Person person, PeerRef peer)
    {
        _ = Visible(person, peer);
        if (peer.Kind is PeerKind.User)
            throw BotApiRefusal.BadRequest("there are no administrators in the private chat");
        return new JsonArray(
            [.. _world.MembersOf(peer).Where(id => RankOf(id, peer) is BotRank.Creator).Select(id => (JsonNode)BotView.Member(_world.FindPerson(id)!, BotRank.Creator))]);
    }

    private JsonValue LeaveChat(Person person, PeerRef peer)
    {
        if (peer.Kind is not PeerKind.Channel)
            throw BotApiRefusal.BadRequest("chat not found");
        _world.Leave(person.Id, peer.Id, null);
        return JsonValue.Create(true);
    }

    private BotRank RankOf(long userId, PeerRef peer)
    {
        var creator = peer.Kind switch
        {
            PeerKind.Group => _world.FindGroup(peer.Id)!.CreatorId,
            PeerKind.Channel => _world.FindChannel(peer.Id)!.CreatorId,
            _ => 0,
        };
        return userId == creator ? BotRank.Creator : _world.MembersOf(peer).Contains(userId) ? BotRank.Member : BotRank.Left;
    }

    private PeerRef Chat(BotApiRequest request, ref string room)
    {
        var peer = BotChatId.Parse(request.Required("chat_id", "chat_id is empty"), _world);
        room = peer.Kind switch
        {
            PeerKind.Group => "group",
            PeerKind.Channel => _world.FindChannel(peer.Id)?.Broadcast is true ? "channel" : "supergroup",
            _ => "user",
        };
        return peer;
    }

    /// <summary>A chat that the bot has met: people who wrote to it, rooms that it is in, rooms with a public name.</summary>
    private PeerRef Visible(Person person, PeerRef peer)
    {
        _world.RequirePeer(person, peer);
        return peer.Kind is PeerKind.User && !person.Box.Dialogs.ContainsKey(peer) && _world.FindPerson(peer.Id)?.Bot is null
            ? throw BotApiRefusal.BadRequest("chat not found")
            : peer;
    }

    private MessageBox BoxOf(Person person, PeerRef peer) => peer.Kind is PeerKind.Channel ? _world.FindChannel(peer.Id)!.Box : person.Box;

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
