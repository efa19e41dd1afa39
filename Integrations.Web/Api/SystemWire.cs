using System.Text.Json.Serialization;

namespace Integrations.Web.Api;

/// <summary>How the installation stands.</summary>
internal sealed record SystemReport(
    DateTimeOffset GeneratedAt, string[] Worlds, SystemVersions Versions, Dictionary<string, SystemComponent> Components, HostReport[] Hosts, ShardReport[] Shards,
    QueueReport Queue, RelayReport Events, BalanceReport Balance);

internal sealed record SystemVersions(string Product, int Migration, string Postgresql, string? Rabbitmq, string? Redis);

internal sealed record SystemComponent(string Status, string Type);

/// <summary>One process; one that stopped without a word is there for a day more.</summary>
internal sealed record HostReport(
    Guid Id, string Kind, string Name, string? Version, DateTimeOffset StartedAt, double SilentSeconds, bool Alive, bool Draining, string? World, int Shards,
    long Accounts)
{
    /// <summary>alive, draining or dead.</summary>
    public string State => !Alive ? "dead" : Draining ? "draining" : "alive";
}

internal sealed record ShardReport(int Id, Guid? Owner, long Epoch, double? LeaseSeconds, long Accounts);

/// <summary>What waits to be sent, by how long it waits already.</summary>
internal sealed record QueueReport(
    [property: JsonPropertyName("below_1s")] long Below1S,
    [property: JsonPropertyName("below_10s")] long Below10S,
    [property: JsonPropertyName("below_1min")] long Below1Min,
    [property: JsonPropertyName("below_10min")] long Below10Min,
    long Older,
    double OldestSeconds)
{
    public long Total => Below1S + Below10S + Below1Min + Below10Min + Older;
}

internal sealed record RelayReport(long Waiting, double LagSeconds, long Position);

internal sealed record BalanceReport(long Accepted, long Delivered, long Failed, long InFlight, long Difference);
