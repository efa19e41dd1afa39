using Integrations.Core.Outbound;
using Integrations.Core.Ownership;
using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Worlds;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Accounts;

/// <summary>Makes the clients of this host's accounts: each with its session, its world, and the fence of its claim.</summary>
internal sealed class ClientSource(
    CreateTelegramClient create, TelegramWorld world, AccountRecords records, ShardLeases leases, OutboundAddresses addresses,
    IOptions<AccountOptions> options)
{
    /// <summary>Whether this host knows a Telegram at all.</summary>
    public bool IsConfigured => world.World is not null;

    /// <param name="account">Whose client.</param>
    /// <param name="file">Without a session the client begins with a new key, which is stored before anything is asked under it.</param>
    /// <param name="ct">Ends the question for the servers.</param>
    /// <exception cref="TelegramUnavailableException">The world cannot say where its servers are.</exception>
    public async Task<ITelegramClient> CreateAsync(OwnedAccount account, AccountFile file, CancellationToken ct) =>
        create(new TelegramClientSettings
        {
            Servers = await world.ServersAsync(ct),
            App = world.App,
            Device = world.Device,
            // Never past the proxy: who has set one does not want this host seen.
            Route = file.Proxy is { } proxy ? world.Route with { Proxy = proxy, FindProxy = addresses.FindAsync } : world.Route,
            PerfectForwardSecrecy = world.PerfectForwardSecrecy,
            Session = file.Session,
            SaveSession = (snapshot, token) => records.SaveSessionAsync(account, snapshot, token),
            MayWrite = () => leases.MayWrite(account.Claim),
            FindPeer = async (key, token) => await records.FindPeerAsync(account, key, token),
            CallTimeout = options.Value.CallTimeout,
        });
}
