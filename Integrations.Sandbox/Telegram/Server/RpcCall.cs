using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>One call of the API: who calls, on which session, and what the answer needs.</summary>
internal sealed class RpcCall(ServerParts parts, Session session, long messageId)
{
    private Person? _user;

    public ServerParts Parts => parts;

    public TelegramWorld World => parts.World;

    public Session Session => session;

    public long MessageId => messageId;

    /// <summary>The permanent key, also where the call came under a temporary one.</summary>
    public long KeyId { get; } = parts.TemporaryKeys.AccountKeyOf(session.KeyId);

    public int DcId => session.DcId;

    /// <summary>The session, so that it is not told of what it did itself.</summary>
    public Origin Origin => new(KeyId, session.Id);

    /// <summary>The schema's name of the method inside all wrappers; null until it is known.</summary>
    public string? Method { get; set; }

    /// <summary>Set when the answer comes later; results in its bytes and does not fail.</summary>
    public Task<byte[]>? Later { get; set; }

    /// <summary>Set when a fault ends the connection instead of an answer.</summary>
    public ConnectionEnd? Disruption { get; set; }

    public int UnixNow => (int)parts.Clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Who is signed in.</summary>
    /// <exception cref="TelegramRefusal">Nobody is.</exception>
    public Person User => _user ??= World.Authorized(KeyId);
}
