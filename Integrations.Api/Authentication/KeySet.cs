using System.Text.Json;
using Integrations.Core.Errors;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Authentication;

/// <summary>Where the customer's user service publishes its keys. Section <c>Authentication:Jwks</c>.</summary>
internal sealed class JwksOptions
{
    /// <summary>The address of the key set (RFC 7517 section 5). Empty: tokens are signed with the shared secret only. Must be https, except on loopback and in Development.</summary>
    public Uri? Address { get; set; }

    /// <summary>How long a set is used before it is fetched anew. The one in hand serves meanwhile.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The shortest time between two fetches, whatever the reason: tokens that name made-up keys must not make us a burden to the user service.</summary>
    public TimeSpan MinimumPause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the last good set serves while a newer one cannot be had. After it, tokens are refused: a key may have been withdrawn.</summary>
    public TimeSpan StaleLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a fetch may take as a whole.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>The published keys of the customer's user service, kept in memory and followed as they change.</summary>
internal sealed partial class KeySet(IHttpClientFactory http, IOptions<CallerAuthenticationOptions> settings, TimeProvider time, ILogger<KeySet> logger)
{
    /// <summary>Name of the client. It follows no redirect and repeats nothing by itself.</summary>
    public const string Client = "jwks";

    /// <summary>Bytes. A set of a dozen large keys has ten thousand.</summary>
    internal const int MaxBytes = 64 * 1024;

    private const int MaxKeys = 64;

    private readonly Lock _lock = new();
    private readonly JwksOptions _options = settings.Value.Jwks;
    private Held? _held;
    private long? _tried;
    private Task _fetching = Task.CompletedTask;

    public bool IsConfigured => _options.Address is not null;

    /// <summary>The key of this name and algorithm; without a name the only key of the algorithm. Null when the set has none.</summary>
    /// <remarks>A name that is not known leads to a fetch, at most one in <see cref="JwksOptions.MinimumPause"/>.</remarks>
    /// <exception cref="IntegrationException">SERVICE_UNAVAILABLE while there is no set that may still be used.</exception>
    public async ValueTask<TokenKey?> FindAsync(string? id, string algorithm, CancellationToken cancellationToken)
    {
        var held = Usable();
        if (held?.Find(id, algorithm) is { } key)
        {
            // Nobody waits for a newer set while his key is in the older one; what becomes of the fetch is its own affair.
            if (time.GetElapsedTime(held.At) >= _options.Lifetime)
                _ = FetchAsync();
            return key;
        }

        await FetchAsync().WaitAsync(cancellationToken);
        held = Usable() ?? throw new IntegrationException(
            ErrorCodes.ServiceUnavailable, "The keys of the user service cannot be fetched. Repeat the request shortly.", _options.MinimumPause);
        return held.Find(id, algorithm);
    }

    private Held? Usable() =>
        Volatile.Read(ref _held) is { } held && time.GetElapsedTime(held.At) < _options.Lifetime + _options.StaleLifetime ? held : null;

    /// <summary>The fetch that is under way, or a new one if the last has been long enough ago; never fails.</summary>
    private Task FetchAsync()
    {
        lock (_lock)
        {
            if (!_fetching.IsCompleted || (_tried is { } tried && time.GetElapsedTime(tried) < _options.MinimumPause))
                return _fetching;

            _tried = time.GetTimestamp();
            return _fetching = Task.Run(ReplaceAsync);
        }
    }

    private async Task ReplaceAsync()
    {
        try
        {
            using var client = http.CreateClient(Client);
            client.MaxResponseContentBufferSize = MaxBytes;
            client.Timeout = _options.Timeout;
            var keys = Read(await client.GetByteArrayAsync(_options.Address));
            if (keys.Count == 0)
            {
                LogUnusable();
                return;
            }

            Volatile.Write(ref _held, new(keys, time.GetTimestamp()));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or InvalidOperationException or TimeoutException)
        {
            // The set before goes on serving; whoever needs a key that is not in it is told to come again.
            LogFailed(e.GetType().Name, (e as HttpRequestException)?.HttpRequestError.ToString());
        }
    }

    private static List<TokenKey> Read(byte[] json)
    {
        using var document = SignedToken.Parse(json);
        var keys = new List<TokenKey>();
        if (document?.RootElement.TryGetProperty("keys", out var members) is not true || members.ValueKind is not JsonValueKind.Array)
            return keys;

        foreach (var member in members.EnumerateArray().Take(MaxKeys))
        {
            if (TokenKey.FromJwk(member) is { } key)
                keys.Add(key);
        }

        return keys;
    }

    [LoggerMessage(EventId = 3021, Level = LogLevel.Warning, Message = "The user service's key set cannot be fetched ({Exception}, {Reason}); the last one serves as long as it may")]
    private partial void LogFailed(string exception, string? reason);

    [LoggerMessage(EventId = 3022, Level = LogLevel.Warning, Message = "The user service's key set has no key for RS256 or ES256 that can be used; the last one serves as long as it may")]
    private partial void LogUnusable();

    private sealed record Held(List<TokenKey> Keys, long At)
    {
        public TokenKey? Find(string? id, string algorithm)
        {
            var keys = Keys.Where(key => string.Equals(key.Algorithm, algorithm, StringComparison.Ordinal));
            // Two keys of one name, or a token without a name among several keys, name nobody in particular.
            return (id is null ? keys : keys.Where(key => string.Equals(key.Id, id, StringComparison.Ordinal))).Take(2).ToList() is [var only] ? only : null;
        }
    }
}
