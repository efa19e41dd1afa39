using Integrations.Core.Errors;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Events;

/// <summary>Counts the open streams, so that neither one user nor all together can hold the process.</summary>
internal sealed class StreamPlaces(IOptions<EventStreamOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(TenantId, int), int> _byUser = [];
    private int _total;

    /// <returns>The place; disposing it gives it back.</returns>
    /// <exception cref="IntegrationException">RATE_LIMITED when the user has too many; SERVICE_UNAVAILABLE when all together have.</exception>
    public IDisposable Take(Principal principal)
    {
        var user = (principal.Tenant, principal.UserId);
        lock (_lock)
        {
            var mine = _byUser.GetValueOrDefault(user);
            if (mine >= options.Value.MaxPerUser)
                throw new IntegrationException(ErrorCodes.RateLimited, $"You have {mine} event streams open. Close one of them first.", TimeSpan.FromSeconds(5));
            if (_total >= options.Value.MaxTotal)
                throw new IntegrationException(ErrorCodes.ServiceUnavailable, "No more event streams can be opened here now.", TimeSpan.FromSeconds(5));

            _byUser[user] = mine + 1;
            _total++;
            return new Place(this, user);
        }
    }

    private void GiveBack((TenantId, int) user)
    {
        lock (_lock)
        {
            _total--;
            if (--_byUser[user] == 0)
                _byUser.Remove(user);
        }
    }

    private sealed class Place(StreamPlaces places, (TenantId, int) user) : IDisposable
    {
        private int _given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _given, 1) == 0)
                places.GiveBack(user);
        }
    }
}
