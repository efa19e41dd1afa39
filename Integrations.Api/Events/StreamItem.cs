using System.Text.Json;
using Integrations.Core.Events;

namespace Integrations.Api.Events;

/// <summary>One thing that a stream says. <see cref="Position"/> is the cursor to resume from once it was read.</summary>
internal abstract record StreamItem(long Position)
{
    /// <summary>The stream stands and goes on from here.</summary>
    internal sealed record Ready(long Position) : StreamItem(Position);

    /// <summary>Something happened.</summary>
    internal sealed record Happened(StoredEvent Event) : StreamItem(Event.Position);

    /// <summary>The cursor is older than what is kept: fetch the state afresh, then go on from here.</summary>
    internal sealed record Reset(long Position) : StreamItem(Position);

    /// <summary>Nothing happened, and the stream lives.</summary>
    internal sealed record Heartbeat(long Position) : StreamItem(Position);

    /// <summary>The last thing that a stream says.</summary>
    /// <param name="Reason">session_ended.</param>
    internal sealed record End(long Position, string Reason) : StreamItem(Position);
}

/// <summary>An item as the WebSocket writes it: <c>type</c> is an event's type, or ready, reset or heartbeat.</summary>
internal sealed record StreamFrame(long Position, string Type, DateTimeOffset? OccurredAt, Guid? AccountId, JsonElement? Data);

/// <summary>What SSE writes as the data of ready and reset.</summary>
internal sealed record StreamPosition(long Position);

/// <summary>What SSE writes as the data of the last event.</summary>
internal sealed record StreamEnd(string Reason);
