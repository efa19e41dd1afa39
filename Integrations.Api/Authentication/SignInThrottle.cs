namespace Integrations.Api.Authentication;

/// <summary>Slows down guessing: so many failed tries per address and account, then a wait. In memory, of bounded size.</summary>
/// <remarks>Each copy of the service counts for itself. The limits for whole routes are another matter.</remarks>
internal sealed class SignInThrottle(TimeProvider time)
{
    /// <summary>Failed tries that a person may need to remember his password.</summary>
    internal const int FreeTries = 5;

    /// <summary>How long a try is held against its address.</summary>
    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <summary>Entries. When full, the oldest half is forgotten, which a guesser with that many addresses could reach anyway.</summary>
    internal const int Capacity = 20_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Address, string Account), (int Failures, DateTimeOffset Since)> _tries = [];

    /// <summary>Counts a try before it is judged, so that many at once are not all free. Null when it may go on, else how long to wait.</summary>
    public TimeSpan? Enter(string address, string account)
    {
        var key = Key(address, account);
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (!_tries.TryGetValue(key, out var entry) || now - entry.Since >= Window)
                entry = (0, now);
            if (entry.Failures >= FreeTries)
                return Window - (now - entry.Since);

            if (_tries.Count >= Capacity && !_tries.ContainsKey(key))
                ForgetOldest();
            _tries[key] = (entry.Failures + 1, entry.Since);
            return null;
        }
    }

    /// <summary>The try was right after all: nothing is held against it.</summary>
    public void Succeeded(string address, string account)
    {
        lock (_lock)
            _tries.Remove(Key(address, account));
    }

    private void ForgetOldest()
    {
        foreach (var key in _tries.OrderBy(entry => entry.Value.Since).Take(Capacity / 2).Select(entry => entry.Key).ToList())
            _tries.Remove(key);
    }

    private static (string, string) Key(string address, string account) => (address, account.ToUpperInvariant());
}
