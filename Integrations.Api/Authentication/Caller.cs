using Integrations.Core.People;
using Integrations.Core.Tenancy;

namespace Integrations.Api.Authentication;

/// <summary>Who a request comes from and by what right; filled by <see cref="BearerHandler"/>, one per request.</summary>
internal sealed class Caller
{
    private Credential? _credential;

    public Credential Credential
    {
        get => _credential ?? throw new InvalidOperationException("This request was not authenticated; its route needs a policy.");
        set => _credential = value;
    }

    public Principal Principal => Credential.Principal;

    /// <summary>Null for a stranger.</summary>
    public Principal? Known => _credential?.Principal;
}

/// <summary>A verified right to act, and how long it lasts.</summary>
/// <param name="SessionHash">The session's stored hash; null for a token of the user service and for a key.</param>
/// <param name="ExpiresAt">When a token of the user service ends; null for a session, which can also end by sign-out, and for a key.</param>
/// <param name="Key">The key that was shown; null for a person.</param>
/// <param name="OwesSecondFactor">The tenant asks for one and this session's person has none: until he has, nothing else is open to him.</param>
internal sealed record Credential(
    Principal Principal, Guid UserRow, byte[]? SessionHash, DateTimeOffset? ExpiresAt, KeyCredential? Key = null, bool OwesSecondFactor = false);

/// <summary>What an API key brings: it acts as its user, and no further than its scopes.</summary>
/// <param name="Scopes">Words of <see cref="KeyScope"/>.</param>
internal sealed record KeyCredential(byte[] Hash, IReadOnlyList<string> Scopes);
