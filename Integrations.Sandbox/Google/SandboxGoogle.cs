using System.Globalization;
using Integrations.Mtproto.Crypto;
using Integrations.Sandbox.Google.Calendar;
using Integrations.Sandbox.Google.Faults;
using Integrations.Sandbox.Google.OAuth;

namespace Integrations.Sandbox.Google;

/// <summary>
/// A simulated Google: OAuth 2.0 with its consent page, and Calendar API v3, with Google's own status codes, reasons and error bodies. It holds
/// its state in memory and forgets it with the process.
/// </summary>
/// <remarks>It begins empty: add people and clients. Every member may be called from any thread.</remarks>
public sealed class SandboxGoogle
{
    private const int CallsMax = 10_000;
    private const string IdLetters = "0123456789abcdefghijklmnopqrstuv";

    private readonly Lock _lock = new();
    private readonly IRandomSource _random;
    private readonly GoogleQuota _quota;
    private readonly GoogleGrants _grants;
    private readonly GoogleCalendars _calendars;
    private readonly Queue<GoogleCall> _calls = [];
    private readonly List<GoogleAccount> _accounts = [];
    private readonly Dictionary<string, GoogleClient> _clients = new(StringComparer.Ordinal);

    public SandboxGoogle(TimeProvider? time = null, IRandomSource? random = null)
    {
        Time = time ?? TimeProvider.System;
        _random = random ?? SystemRandomSource.Instance;
        _quota = new GoogleQuota(Settings, Time);
        _grants = new GoogleGrants(Settings, Time, _random);
        var listings = new Listings(_random);
        _calendars = new GoogleCalendars(this, listings);
        Channels = new PushChannels(this, _calendars);
        Routes = new GoogleRoutes(
            new GoogleOAuth(this, _grants, new IdTokens(Time)), _calendars, new CalendarEvents(this, _calendars, Channels), new EventLists(this, _calendars, listings),
            new FreeBusy(_calendars), Channels);
    }

    public GoogleSettings Settings { get; } = new();

    public GoogleFaultPlan Faults { get; } = new();

    /// <summary>The last ten thousand requests.</summary>
    public IReadOnlyList<GoogleCall> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    public IReadOnlyList<GoogleAccount> Accounts
    {
        get
        {
            lock (_lock)
                return [.. _accounts];
        }
    }

    public IReadOnlyList<GoogleClient> Clients
    {
        get
        {
            lock (_lock)
                return [.. _clients.Values];
        }
    }

    internal TimeProvider Time { get; }

    internal GoogleRoutes Routes { get; }

    internal PushChannels Channels { get; }

    /// <summary>A person, with a primary calendar whose id is the address.</summary>
    /// <exception cref="ArgumentException">The address is taken, or the time zone is not IANA's.</exception>
    public GoogleAccount AddAccount(string email, string name, string timeZone = "UTC")
    {
        ArgumentException.ThrowIfNullOrEmpty(email);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (TimeZones.Find(timeZone) is null)
            throw new ArgumentException($"{timeZone} is no time zone of IANA's.", nameof(timeZone));

        lock (_lock)
        {
            if (FindAccount(email) is not null)
                throw new ArgumentException($"{email} has an account.", nameof(email));

            var account = new GoogleAccount(string.Create(CultureInfo.InvariantCulture, $"1000000000000000{_accounts.Count + 10001}"), email, name, timeZone);
            _accounts.Add(account);
            _calendars.Add(email, email, email, timeZone);
            return account;
        }
    }

    /// <summary>Adds a client, or puts it in the place of one with the same id.</summary>
    /// <exception cref="ArgumentException">A redirect URI is none that Google's console takes.</exception>
    public GoogleClient AddClient(GoogleClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        foreach (var text in client.RedirectUris)
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0
                || (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            {
                throw new ArgumentException($"{text} is no redirect URI: it needs https, or http on loopback, and no fragment or user.", nameof(client));
            }
        }

        lock (_lock)
            return _clients[client.ClientId] = client;
    }

    /// <summary>Another calendar of a person.</summary>
    /// <returns>Its id.</returns>
    public string AddCalendar(string owner, string summary, string timeZone = "UTC")
    {
        lock (_lock)
            return _calendars.Add($"c_{NewId(32)}@group.calendar.google.com", Account(owner).Email, summary, timeZone).Id;
    }

    /// <summary>Lets somebody see a calendar, or takes it away.</summary>
    public void Share(string calendarId, string email, CalendarRole? role)
    {
        lock (_lock)
            _calendars.Share(Calendar(calendarId), Account(email).Email, role);
    }

    /// <summary>As a person who takes access away from an app in the account's settings: ends all tokens of the client's project.</summary>
    /// <returns>False where nothing was granted.</returns>
    public bool RevokeGrant(string email, string clientId)
    {
        lock (_lock)
        {
            if (_grants.Find(Client(clientId).Project, Account(email)) is not { } grant)
                return false;

            _grants.Revoke(grant);
            return true;
        }
    }

    /// <summary>An access token without a consent page: for what a person does in the calendar with his own hands.</summary>
    public string IssueAccessToken(string email, string clientId, params IReadOnlyList<string> scopes)
    {
        ArgumentNullException.ThrowIfNull(scopes);
        lock (_lock)
        {
            // A grant of its own, so that it tells the app nothing of what was granted to it.
            IReadOnlyList<string> canonical = [.. scopes.Select(scope => GoogleScopes.Canonical(scope) ?? throw new ArgumentException($"There is no scope {scope}.", nameof(scopes)))];
            return _grants.Issue(new GoogleGrant(Client(clientId).Project, Account(email)), Client(clientId), canonical, offline: false).Value;
        }
    }

    /// <summary>Ends every access token; refresh tokens live on.</summary>
    public void ExpireAccessTokens()
    {
        lock (_lock)
            _grants.ExpireAccessTokens();
    }

    /// <summary>Answers every sync token of the calendar's events so far with 410 <c>fullSyncRequired</c>.</summary>
    public void InvalidateSyncTokens(string calendarId)
    {
        lock (_lock)
            Calendar(calendarId).SyncEpoch++;
    }

    public void ForgetCalls()
    {
        lock (_lock)
            _calls.Clear();
    }

    /// <summary>Answers one request; the changes of two never mix.</summary>
    internal GoogleAnswer Answer(GoogleRequest request, Func<GoogleRequest, GoogleAnswer> work)
    {
        lock (_lock)
        {
            try
            {
                return work(request);
            }
            catch (GoogleRefusal refusal)
            {
                return new GoogleAnswer(refusal.Status, refusal.Body()) { WwwAuthenticate = refusal.WwwAuthenticate };
            }
            catch (OAuthRefusal refusal)
            {
                return new GoogleAnswer(refusal.Status, refusal.Body());
            }
        }
    }

    /// <summary>Whoever has a good access token, if he has requests left.</summary>
    internal CalendarCaller SignIn(GoogleRequest request)
    {
        var token = _grants.Access(request.Bearer) ?? throw GoogleRefusal.Unauthorized();
        _quota.Take(token.Client.Project, token.Grant.Account.Id);
        return new CalendarCaller(token.Grant.Account, token.Client, token.Scopes);
    }

    /// <summary>The address of whoever calls; null where nobody is signed in.</summary>
    internal string? Caller(GoogleRequest request)
    {
        lock (_lock)
            return _grants.Access(request.Bearer)?.Grant.Account.Email;
    }

    internal void Log(GoogleCall call)
    {
        lock (_lock)
        {
            _calls.Enqueue(call);
            if (_calls.Count > CallsMax)
                _calls.Dequeue();
        }
    }

    internal GoogleClient? FindClient(string id) => _clients.GetValueOrDefault(id);

    internal GoogleAccount? FindAccount(string email) => _accounts.Find(account => string.Equals(account.Email, email, StringComparison.OrdinalIgnoreCase));

    internal bool TakesFault(GoogleFaultKind kind, GoogleRequest request, CalendarCaller caller) => Faults.Take(kind, request.Operation, caller.Account.Email) is not null;

    internal bool IsStale(SyncToken token, int epoch, GoogleRequest request, CalendarCaller caller) =>
        token.Epoch != epoch || token.At + Settings.SyncTokenLifetime <= Time.GetUtcNow() || TakesFault(GoogleFaultKind.SyncTokenInvalid, request, caller);

    /// <summary>Letters that Google's own ids have.</summary>
    internal string NewId(int length)
    {
        var bytes = new byte[length];
        _random.Fill(bytes);
        return string.Concat(bytes.Select(one => IdLetters[one % IdLetters.Length]));
    }

    /// <summary>The code of a meeting: <c>abc-defg-hij</c>.</summary>
    internal string NewMeeting()
    {
        var bytes = new byte[10];
        _random.Fill(bytes);
        var letters = string.Concat(bytes.Select(one => (char)('a' + (one % 26))));
        return $"{letters[..3]}-{letters[3..7]}-{letters[7..]}";
    }

    /// <summary>1 to 3.</summary>
    internal int NewStep()
    {
        Span<byte> one = stackalloc byte[1];
        _random.Fill(one);
        return 1 + (one[0] % 3);
    }

    private GoogleAccount Account(string email) => FindAccount(email) ?? throw new ArgumentException($"Nobody has the address {email}.", nameof(email));

    private GoogleClient Client(string clientId) => FindClient(clientId) ?? throw new ArgumentException($"There is no client {clientId}.", nameof(clientId));

    private GoogleCalendar Calendar(string id) => _calendars.Find(id) ?? throw new ArgumentException($"There is no calendar {id}.", nameof(id));
}
