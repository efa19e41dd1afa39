using System.Security.Cryptography;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>Taking a login along to another data centre (https://core.telegram.org/api/datacenter).</summary>
internal sealed partial class TelegramWorld
{
    private static readonly TimeSpan TicketLifetime = TimeSpan.FromMinutes(1);

    // In memory only: a ticket is used within a second, or asked for again.
    private readonly Dictionary<long, Ticket> _tickets = [];

    /// <summary>A ticket with which the person of this key signs in at another data centre.</summary>
    public (long Id, byte[] Bytes) ExportAuthorization(long userId, long keyId, int fromDc, int toDc)
    {
        lock (_gate)
        {
            if (toDc is < 1 or > 2 || toDc == fromDc)
                throw TelegramRefusal.BadRequest("DC_ID_INVALID");
            var ticket = new Ticket(keyId, toDc, RandomBytes(64), Now + TicketLifetime);
            _tickets[userId] = ticket;
            return (userId, ticket.Bytes);
        }
    }

    /// <summary>Signs a key in with a ticket. It is no device of its own: it ends with the one that it came from.</summary>
    public Person ImportAuthorization(long keyId, int dcId, long id, byte[] bytes, DeviceInfo info)
    {
        lock (_gate)
        {
            if (!_tickets.TryGetValue(id, out var ticket)
                || ticket.DcId != dcId
                || ticket.ExpiresAt <= Now
                || !CryptographicOperations.FixedTimeEquals(ticket.Bytes, bytes)
                || !_state.Keys.TryGetValue(ticket.KeyId, out var parent)
                || parent.Device?.UserId != id)
                throw TelegramRefusal.BadRequest("AUTH_BYTES_INVALID");
            _tickets.Remove(id);
            var person = _state.People[id];
            Commit(NewDevice(keyId, person, info) with { ParentKeyId = ticket.KeyId });
            return person;
        }
    }

    private sealed record Ticket(long KeyId, int DcId, byte[] Bytes, DateTimeOffset ExpiresAt);
}
