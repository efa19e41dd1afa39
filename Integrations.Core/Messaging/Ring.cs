using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Integrations.Core.Messaging;

/// <summary>What a ring is about. It says where to look, never what happened: whoever hears it reads the database.</summary>
public enum RingKind
{
    Shard,
    Outbox,
    Events,
    Channels,
    Updates,
}

/// <summary>One ring of the doorbell.</summary>
/// <param name="Number">The shard, or the position up to which events are visible; 0 for the outbox, and for "look, rings may have been missed".</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Ring(RingKind Kind, long Number)
{
    /// <summary>New events lie in the outbox.</summary>
    public static Ring Outbox => new(RingKind.Outbox, 0);

    /// <summary>There is something to do for an account of this shard.</summary>
    public static Ring Shard(int shard) => new(RingKind.Shard, shard);

    /// <summary>There is something to do at a channel, or with a message that was sent, of this shard. Apart from <see cref="Shard"/>, which rings with every message.</summary>
    public static Ring Channels(int shard) => new(RingKind.Channels, shard);

    /// <summary>An update has come for a bot of this shard. Apart from <see cref="Shard"/>: under load they come by the thousand, and concern nobody else.</summary>
    public static Ring Updates(int shard) => new(RingKind.Updates, shard);

    /// <summary>Events are visible up to this position. A listener attends to all of them whatever number it names.</summary>
    public static Ring Events(long position) => new(RingKind.Events, position);

    internal string RoutingKey => Kind switch
    {
        RingKind.Shard => string.Create(CultureInfo.InvariantCulture, $"shard.{Number}"),
        RingKind.Channels => string.Create(CultureInfo.InvariantCulture, $"channels.{Number}"),
        RingKind.Updates => string.Create(CultureInfo.InvariantCulture, $"updates.{Number}"),
        RingKind.Outbox => "outbox",
        RingKind.Events => "",
        _ => throw new InvalidOperationException($"Ring of kind {Kind}."),
    };

    /// <summary>What to bind for: the number of an events ring is not part of it.</summary>
    internal Ring Topic => Kind is RingKind.Events ? Events(0) : this;

    internal byte[] Body => Kind is RingKind.Events ? Encoding.ASCII.GetBytes(Number.ToString(CultureInfo.InvariantCulture)) : [];

    /// <summary>False for what is not one of our rings: anybody with a password may publish.</summary>
    internal static bool TryRead(string exchange, string routingKey, ReadOnlySpan<byte> body, out Ring ring)
    {
        if (exchange == DoorbellNames.EventsExchange)
        {
            ring = Events(long.TryParse(body, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position : 0);
            return true;
        }

        ring = Outbox;
        if (routingKey == "outbox")
            return true;

        if (TryNumber("shard.", out var shard))
        {
            ring = Shard(shard);
            return true;
        }

        if (TryNumber("channels.", out shard))
        {
            ring = Channels(shard);
            return true;
        }

        if (TryNumber("updates.", out shard))
        {
            ring = Updates(shard);
            return true;
        }

        return false;

        bool TryNumber(string beginning, out int number)
        {
            number = 0;
            return routingKey.StartsWith(beginning, StringComparison.Ordinal)
                && int.TryParse(routingKey.AsSpan(beginning.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
        }
    }
}

internal static class DoorbellNames
{
    /// <summary>Direct: rings for one shard's owner and for the relay.</summary>
    public const string Exchange = "integrations.doorbell";

    /// <summary>Fan-out: every Api copy hears that events have become visible.</summary>
    public const string EventsExchange = "integrations.events";
}
