namespace Integrations.Mtproto.Session;

/// <summary>The waits of a session. The defaults follow TDLib and the documentation.</summary>
public sealed record SessionTimings
{
    /// <summary>Between two regular pings. The documentation asks for 60 s with a disconnect delay of 75 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After this silence of the client the server closes the connection (the argument of ping_delay_disconnect).</summary>
    public TimeSpan DisconnectDelay { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>A ping without any reaction for so long means a dead connection.</summary>
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>One packet that the stream has not taken for so long means a dead connection. Long enough for a file's part over a slow line.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>With a call waiting, a ping is sent after this silence of the server.</summary>
    public TimeSpan SilenceBeforePing { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A call without an answer for so long has its state asked after, and again after each further such time.</summary>
    public TimeSpan StatePoll { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest one attempt to connect may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest that making a temporary key may take.</summary>
    public TimeSpan ExchangeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>With the next temporary key at hand, new calls wait so long at most for those under way to be answered under the old one.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After the next temporary key could not be made; meanwhile the old one is good.</summary>
    public TimeSpan RenewalRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A binding that is refused for so long means that the server does not know the permanent key. It may not have come to all of
    /// Telegram's machines in the first minute, which is how long TDLib forgives this too.
    /// </summary>
    public TimeSpan BindingPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A connection that lived so long was a good one: the next reconnect is immediate again.</summary>
    public TimeSpan GoodConnection { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait between two attempts to connect.</summary>
    public TimeSpan LongestReconnectDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The least wait after the server answered with flood (-429).</summary>
    public TimeSpan FloodDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two requests for future salts.</summary>
    public TimeSpan SaltRequestInterval { get; init; } = TimeSpan.FromMinutes(5);
}
