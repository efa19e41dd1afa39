namespace Integrations.Sandbox.Twilio;

/// <summary>An account or a subaccount, with what opens it.</summary>
public sealed class TwilioAccount
{
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);

    internal TwilioAccount(string sid, string authToken, string friendlyName, TwilioAccount? owner, DateTimeOffset createdAt)
    {
        (Sid, AuthToken, FriendlyName, Owner, CreatedAt) = (sid, authToken, friendlyName, owner, createdAt);
    }

    /// <summary><c>AC…</c></summary>
    public string Sid { get; }

    /// <summary>The primary token: it opens the API and is the key of the webhooks' signatures.</summary>
    public string AuthToken { get; private set; }

    /// <summary>Opens the API as well while it exists; nothing is signed with it.</summary>
    public string? SecondaryAuthToken { get; private set; }

    public string FriendlyName { get; internal set; }

    /// <summary>Null for a main account; its own token opens its subaccounts, and never signs for them.</summary>
    public TwilioAccount? Owner { get; }

    public DateTimeOffset CreatedAt { get; }

    /// <summary><c>active</c>, <c>suspended</c> or <c>closed</c>.</summary>
    public string Status { get; set; } = "active";

    /// <summary>A trial sends 50 messages a day.</summary>
    public bool IsTrial { get; set; }

    /// <summary>"HTTP auth for media": whether a media address asks for credentials.</summary>
    public bool MediaNeedsAuth { get; set; } = true;

    /// <summary>Begins a rotation of the token.</summary>
    public string AddSecondaryToken() => SecondaryAuthToken = TwilioSid.Secret();

    /// <summary>Ends a rotation: the secondary token is the primary one, and the old one opens nothing any more.</summary>
    public void PromoteSecondaryToken()
    {
        AuthToken = SecondaryAuthToken ?? throw new InvalidOperationException($"{Sid} has no secondary token.");
        SecondaryAuthToken = null;
    }

    /// <summary>An API key, <c>SK…</c>, and its secret. It opens the API and signs nothing.</summary>
    public (string Sid, string Secret) AddKey()
    {
        var key = (TwilioSid.New("SK"), TwilioSid.Secret());
        lock (_keys)
            _keys.Add(key.Item1, key.Item2);
        return key;
    }

    /// <summary>Ends an API key.</summary>
    public void RemoveKey(string sid)
    {
        lock (_keys)
            _keys.Remove(sid);
    }

    internal bool IsOpenedBy(string user, string password)
    {
        lock (_keys)
            return user == Sid ? password == AuthToken || password == SecondaryAuthToken : _keys.TryGetValue(user, out var secret) && secret == password;
    }

    /// <summary>Whether whoever has this account has that one: itself or a subaccount.</summary>
    internal bool Has(TwilioAccount other) => other == this || other.Owner == this;
}
