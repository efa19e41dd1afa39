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
}

/// <summary>A verified right to act, and how long it lasts.</summary>
/// <param name="SessionHash">The session's stored hash; null for a token of the user service.</param>
/// <param name="ExpiresAt">When a token of the user service ends; null for a session, which can also end by sign-out.</param>
internal sealed record Credential(Principal Principal, Guid UserRow, byte[]? SessionHash, DateTimeOffset? ExpiresAt);
