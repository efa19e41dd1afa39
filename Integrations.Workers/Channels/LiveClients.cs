using System.Collections.Concurrent;
using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Accounts;

namespace Integrations.Workers.Channels;

/// <summary>A connected account of this host.</summary>
/// <param name="Over">Fires when the session ends: what is under way may be given up.</param>
internal sealed record LiveClient(OwnedAccount Account, ITelegramClient Client, CancellationToken Over);

/// <summary>The accounts that are connected on this host, for work that is not the session's own. Each speaks through its session's client, never through another connection.</summary>
internal sealed class LiveClients
{
    private readonly ConcurrentDictionary<Guid, LiveClient> _clients = new();

    public void Add(LiveClient client) => _clients[client.Account.Id] = client;

    /// <summary>Only this one: a newer session of the account stays.</summary>
    public void Remove(LiveClient client) => _clients.TryRemove(new KeyValuePair<Guid, LiveClient>(client.Account.Id, client));

    public LiveClient? Find(Guid accountId) => _clients.GetValueOrDefault(accountId);
}
