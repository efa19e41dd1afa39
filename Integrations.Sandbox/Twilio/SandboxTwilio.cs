using System.Globalization;

namespace Integrations.Sandbox.Twilio;

/// <summary>One request that the simulated API got: for tests that count.</summary>
public sealed record TwilioCall(string Method, string Path, int Status);

/// <summary>
/// A simulated Twilio for WhatsApp: accounts, senders, people with their telephones, templates, messages and media, with Twilio's own
/// validations, statuses, signatures and retries. It holds its state in memory and forgets it with the process: a tool for tests and trials.
/// </summary>
/// <remarks>By itself it is reached by method calls only; <see cref="SandboxTwilioServer"/> puts the REST API in front of it.</remarks>
public sealed partial class SandboxTwilio : IAsyncDisposable
{
    internal const string ApiVersion = "2010-04-01";

    private readonly Lanes _lanes = new();
    private readonly Webhooks _webhooks;
    private readonly MessageDelivery _delivery;
    private readonly Dictionary<string, TwilioAccount> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TwilioSender> _senders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TwilioMessagingService> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TwilioPerson> _people = new(StringComparer.Ordinal);
    private readonly List<TwilioContent> _contents = [];
    private readonly List<TwilioMessage> _messages = [];
    private readonly Dictionary<string, TwilioMessage> _messageBySid = new(StringComparer.Ordinal);
    private readonly Queue<TwilioCall> _calls = [];
    private readonly Queue<TwilioWebhookCall> _webhookCalls = [];
    private readonly Queue<TwilioAlert> _alerts = [];

    public SandboxTwilio(SandboxTwilioOptions? options = null, TimeProvider? time = null)
    {
        Options = options ?? new SandboxTwilioOptions();
        Time = time ?? TimeProvider.System;
        _webhooks = new Webhooks(this);
        _delivery = new MessageDelivery(this);
    }

    /// <summary>What goes wrong on request.</summary>
    public TwilioFaults Faults { get; } = new();

    /// <summary>Requests that the API answered, refused or cut.</summary>
    public IReadOnlyList<TwilioCall> Calls => Locked(() => _calls.ToArray());

    /// <summary>Requests to webhooks, with every try.</summary>
    public IReadOnlyList<TwilioWebhookCall> WebhookCalls => Locked(() => _webhookCalls.ToArray());

    /// <summary>What the debugger shows.</summary>
    public IReadOnlyList<TwilioAlert> Alerts => Locked(() => _alerts.ToArray());

    /// <summary>All messages, the oldest first.</summary>
    public IReadOnlyList<TwilioMessage> Messages => Locked(() => _messages.ToArray());

    public IReadOnlyList<TwilioAccount> Accounts => Locked(() => _accounts.Values.ToArray());

    public IReadOnlyList<TwilioSender> Senders => Locked(() => _senders.Values.ToArray());

    public IReadOnlyList<TwilioPerson> People => Locked(() => _people.Values.ToArray());

    public IReadOnlyList<TwilioContent> Contents => Locked(() => _contents.ToArray());

    internal SandboxTwilioOptions Options { get; }

    internal TimeProvider Time { get; }

    /// <summary>Held while state is read or changed; never while anybody is waited for.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Where the API is served; the addresses of media begin so.</summary>
    internal Uri? Address { get; set; }

    /// <summary>Where the API sends whoever fetches media.</summary>
    internal Uri? StorageAddress { get; set; }

    /// <param name="sid">Null for a new one.</param>
    /// <param name="authToken">Null for a new one.</param>
    /// <param name="owner">The main account of a subaccount.</param>
    public TwilioAccount AddAccount(string friendlyName = "Test", string? sid = null, string? authToken = null, TwilioAccount? owner = null)
    {
        var account = new TwilioAccount(sid ?? TwilioSid.New("AC"), authToken ?? TwilioSid.Secret(), friendlyName, owner, Time.GetUtcNow());
        lock (Gate)
            _accounts.Add(account.Sid, account);
        return account;
    }

    /// <param name="number">E.164 with the plus.</param>
    /// <param name="joinWord">Makes it a sandbox number, which people join by this word.</param>
    public TwilioSender AddSender(TwilioAccount account, string number, string? callbackUrl = null, string? statusCallbackUrl = null, string? joinWord = null)
    {
        var sender = new TwilioSender(account, Number(number))
        {
            CallbackUrl = callbackUrl,
            StatusCallbackUrl = statusCallbackUrl,
            JoinWord = joinWord,
            Name = account.FriendlyName,
            MessagesPerSecond = joinWord is null ? 80 : 1 / 3.0,
        };
        lock (Gate)
            _senders.Add(number, sender);
        return sender;
    }

    public TwilioMessagingService AddService(TwilioAccount account, params ReadOnlySpan<TwilioSender> senders)
    {
        var service = new TwilioMessagingService(account);
        lock (Gate)
        {
            _services.Add(service.Sid, service);
            foreach (var sender in senders)
            {
                service.Senders.Add(sender);
                sender.Service = service;
            }
        }

        return service;
    }

    /// <param name="number">E.164 with the plus.</param>
    public TwilioPerson AddPerson(string number, string profileName)
    {
        var person = new TwilioPerson(Number(number), profileName);
        lock (Gate)
            _people.Add(number, person);
        return person;
    }

    /// <summary>Decides about a template, as WhatsApp's reviewers do.</summary>
    /// <param name="status"><c>approved</c>, <c>rejected</c>, <c>paused</c>…</param>
    public void Review(string contentSid, string status, string reason = "")
    {
        lock (Gate)
        {
            var content = _contents.Find(content => content.Sid == contentSid) ?? throw new ArgumentException($"There is no content {contentSid}.", nameof(contentSid));
            (content.ApprovalStatus, content.RejectionReason, content.UpdatedAt) = (status, reason, Time.GetUtcNow());
        }
    }

    /// <summary>Completes when nothing is under way: no webhook, no message that is not where it ends for now. What waits for the clock is under way.</summary>
    public Task IdleAsync(CancellationToken cancellationToken = default) => _lanes.IdleAsync(cancellationToken);

    /// <summary>Ends what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _lanes.DisposeAsync();
        _webhooks.Dispose();
        _delivery.Dispose();
    }

    internal TwilioAccount? FindAccount(string sid) => Locked(() => _accounts.GetValueOrDefault(sid));

    internal TwilioAccount? FindAccountOf(string user, string password) =>
        Locked(() => _accounts.Values.FirstOrDefault(account => account.IsOpenedBy(user, password)));

    internal TwilioSender? FindSender(string number) => Locked(() => _senders.GetValueOrDefault(number));

    internal TwilioSender? FindSenderBySid(string sid) => Locked(() => _senders.Values.FirstOrDefault(sender => sender.Sid == sid));

    internal TwilioMessagingService? FindService(string sid) => Locked(() => _services.GetValueOrDefault(sid));

    internal TwilioPerson? FindPerson(string number) => Locked(() => _people.GetValueOrDefault(number));

    internal TwilioContent? FindContent(string sid) => Locked(() => _contents.Find(content => content.Sid == sid));

    internal TwilioMessage? FindMessage(string sid) => Locked(() => _messageBySid.GetValueOrDefault(sid));

    internal TwilioMedia? FindStored(string key) =>
        Locked(() => _messages.SelectMany(message => message.Media).FirstOrDefault(media => media.StorageKey == key));

    internal void Add(TwilioContent content)
    {
        lock (Gate)
            _contents.Add(content);
    }

    internal void Add(TwilioMessage message)
    {
        lock (Gate)
        {
            _messages.Add(message);
            _messageBySid.Add(message.Sid, message);
            if (_messages.Count > Options.Memory)
                Remove(_messages[0]);
        }
    }

    internal void Remove(TwilioMessage message)
    {
        lock (Gate)
        {
            _messages.Remove(message);
            _messageBySid.Remove(message.Sid);
        }
    }

    internal void Record(TwilioCall call) => Remember(_calls, call);

    internal void Record(TwilioWebhookCall call) => Remember(_webhookCalls, call);

    internal void Alert(TwilioAccount account, int code, string url, string? messageSid) =>
        Remember(_alerts, new TwilioAlert(Time.GetUtcNow(), account.Sid, code, TwilioErrors.Message(code), url, messageSid));

    internal void Post(string lane, Func<CancellationToken, Task> work) => _lanes.Post(lane, work);

    /// <summary>The address under which a message's media are listed, without a slash at its end.</summary>
    internal string MediaBase(TwilioMessage message)
    {
        var address = Address ?? throw new InvalidOperationException($"Media have addresses while a {nameof(SandboxTwilioServer)} runs.");
        return string.Create(CultureInfo.InvariantCulture, $"{address.GetLeftPart(UriPartial.Authority)}/{ApiVersion}/Accounts/{message.Account.Sid}/Messages/{message.Sid}/Media");
    }

    private static string Number(string number) =>
        TwilioAddress.IsNumber(number) ? number : throw new ArgumentException($"{number} is no E.164 number with its plus.", nameof(number));

    private void Remember<T>(Queue<T> queue, T one)
    {
        lock (Gate)
        {
            queue.Enqueue(one);
            if (queue.Count > Options.Memory)
                queue.Dequeue();
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (Gate)
            return read();
    }
}
