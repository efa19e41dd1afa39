using System.Text.Json.Serialization;
using Integrations.Api.Health;
using Integrations.Core.Hosts;

namespace Integrations.Api.Hosts;

/// <summary>How the installation stands.</summary>
/// <param name="Worlds">Which Telegram the living workers run: sandbox or telegram; both while an installation is being changed over.</param>
internal sealed record SystemResponse(
    DateTimeOffset GeneratedAt,
    IReadOnlyList<string> Worlds,
    SystemVersions Versions,
    SystemComponents Components,
    IReadOnlyList<HostResponse> Hosts,
    IReadOnlyList<ShardResponse> Shards,
    QueueResponse Queue,
    RelayResponse Events,
    BalanceResponse Balance)
{
    public static SystemResponse From(InstallationState state, SystemVersions versions, HealthComponents components, HealthComponent redis) => new(
        state.At,
        [.. state.Hosts.Where(host => host is { Alive: true, World: not null }).Select(host => host.World!).Distinct().Order(StringComparer.Ordinal)],
        versions,
        new(components.Database, components.Vault, components.Rabbitmq, redis),
        [
            .. state.Hosts.Select(host => new HostResponse(
                host.Id, host.Kind, host.Name, host.Version, host.StartedAt, Math.Round(host.Silent.TotalSeconds, 1), host.Alive, host.Draining, host.World,
                host.Shards, host.Accounts)),
        ],
        [
            .. state.Shards.Select(shard => new ShardResponse(
                shard.Id, shard.Owner, shard.Epoch, shard.LeaseLeft is { } left ? Math.Round(left.TotalSeconds, 1) : null, shard.Accounts)),
        ],
        new(
            state.Queue.Below1S, state.Queue.Below10S, state.Queue.Below1Min, state.Queue.Below10Min, state.Queue.Older, Math.Round(state.Queue.Oldest.TotalSeconds, 1)),
        new(state.Relay.Waiting, Math.Round(state.Relay.Lag.TotalSeconds, 1), state.Relay.Position),
        new(state.Balance.Accepted, state.Balance.Delivered, state.Balance.Failed, state.Balance.InFlight, state.Balance.Difference));
}

/// <param name="Product">Of the host that answers.</param>
/// <param name="Migration">The newest migration of the database.</param>
/// <param name="Rabbitmq">Null while there is no connection.</param>
/// <param name="Redis">Null while it does not answer.</param>
internal sealed record SystemVersions(string Product, int Migration, string Postgresql, string? Rabbitmq, string? Redis);

internal sealed record SystemComponents(HealthComponent Database, HealthComponent Vault, HealthComponent Rabbitmq, HealthComponent Redis);

/// <summary>One process. Of one that stopped without a word its last sign of life is kept for a day.</summary>
/// <param name="Kind">api, web or worker.</param>
/// <param name="SilentSeconds">Since its last sign of life.</param>
/// <param name="Alive">Its last sign of life is young enough; a worker's is its lease.</param>
/// <param name="Draining">A worker that is handing its shards over.</param>
/// <param name="World">Of a worker.</param>
/// <param name="Accounts">Connected accounts in its shards, of all tenants.</param>
internal sealed record HostResponse(
    Guid Id, string Kind, string Name, string? Version, DateTimeOffset StartedAt, double SilentSeconds, bool Alive, bool Draining, string? World, int Shards,
    long Accounts);

/// <param name="Owner">The worker that holds it; null for nobody.</param>
/// <param name="Epoch">How often it has been claimed.</param>
/// <param name="LeaseSeconds">What is left of the lease; null for nobody's.</param>
internal sealed record ShardResponse(int Id, Guid? Owner, long Epoch, double? LeaseSeconds, long Accounts);

/// <summary>Messages of all tenants that wait to be sent, by how long they wait already.</summary>
internal sealed record QueueResponse(
    [property: JsonPropertyName("below_1s")] long Below1S,
    [property: JsonPropertyName("below_10s")] long Below10S,
    [property: JsonPropertyName("below_1min")] long Below1Min,
    [property: JsonPropertyName("below_10min")] long Below10Min,
    long Older,
    double OldestSeconds);

/// <summary>Events of all tenants that no reader can see yet.</summary>
/// <param name="Position">The last one that readers can see.</param>
internal sealed record RelayResponse(long Waiting, double LagSeconds, long Position);

/// <summary>The messages of the caller's tenant: accepted = delivered + failed + in flight.</summary>
/// <param name="Difference">Anything but 0 is a message that was lost or counted twice.</param>
internal sealed record BalanceResponse(long Accepted, long Delivered, long Failed, long InFlight, long Difference);
