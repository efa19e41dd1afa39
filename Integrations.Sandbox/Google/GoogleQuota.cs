namespace Integrations.Sandbox.Google;

/// <summary>Requests of a sliding minute, per project and per person in it.</summary>
internal sealed class GoogleQuota(GoogleSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Queue<DateTimeOffset>> _requests = new(StringComparer.Ordinal);

    /// <summary>Counts one; a refused one does not count.</summary>
    public void Take(string project, string accountId)
    {
        var (ofUser, ofProject) = (Recent($"{project}/{accountId}"), Recent(project));
        if (ofUser.Count >= settings.UserRequestsPerMinute)
            throw new GoogleRefusal(settings.QuotaStatus, "userRateLimitExceeded", "User Rate Limit Exceeded", "usageLimits");
        if (ofProject.Count >= settings.ProjectRequestsPerMinute)
            throw new GoogleRefusal(settings.QuotaStatus, "rateLimitExceeded", "Rate Limit Exceeded", "usageLimits");

        var now = time.GetUtcNow();
        ofUser.Enqueue(now);
        ofProject.Enqueue(now);
    }

    private Queue<DateTimeOffset> Recent(string key)
    {
        if (!_requests.TryGetValue(key, out var requests))
            _requests[key] = requests = new Queue<DateTimeOffset>();
        while (requests.TryPeek(out var first) && first <= time.GetUtcNow() - Window)
            requests.Dequeue();
        return requests;
    }
}
