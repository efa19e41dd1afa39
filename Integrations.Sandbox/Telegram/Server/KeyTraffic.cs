using System.Globalization;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>
/// Watches that one auth key is never used by two connections at once. As on the real server, an authorised key that is dies for good
/// (406 <c>AUTH_KEY_DUPLICATED</c>).
/// </summary>
/// <remarks>
/// A client that reconnects is innocent: it stopped writing to the old connection before it wrote to the new one, but what it wrote may
/// reach this process later. So when a newer connection first sends, the number of bytes that each older one has sent so far is noted,
/// in the kernel's buffer too; only what an older one sends beyond that is a violation.
/// </remarks>
internal sealed class KeyTraffic(TelegramWorld world, TemporaryKeys temporaryKeys, FaultPlan faults, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, List<Sender>> _senders = [];

    /// <summary>Notes that a valid message arrived; kills the key when it came from the older of two connections.</summary>
    public void Sent(long keyId, ClientConnection connection)
    {
        Violation? violation;
        lock (_gate)
            violation = Note(keyId, connection);
        if (violation is null)
            return;
        faults.Report(violation);
        if (violation.PersonId is not null)
            world.DuplicateKey(temporaryKeys.AccountKeyOf(keyId));
    }

    /// <summary>Forgets a connection that has ended.</summary>
    public void Ended(ClientConnection connection)
    {
        lock (_gate)
        {
            foreach (var keyId in connection.KeyIds)
            {
                if (!_senders.TryGetValue(keyId, out var senders))
                    continue;
                foreach (var ended in senders.Where(sender => sender.Connection == connection))
                    ended.HasEnded = true;
                // One that has ended still counts as the newer one while an older one is open.
                var oldestOpen = senders.Where(sender => !sender.HasEnded).Select(sender => sender.Number).DefaultIfEmpty(long.MaxValue).Min();
                senders.RemoveAll(sender => sender.HasEnded && sender.Number < oldestOpen);
                if (senders.Count == 0)
                    _senders.Remove(keyId);
            }
        }
    }

    private Violation? Note(long keyId, ClientConnection connection)
    {
        if (!_senders.TryGetValue(keyId, out var senders))
            _senders[keyId] = senders = [];
        var sender = senders.Find(other => other.Connection == connection);
        if (sender is null)
        {
            // Opened before one that has already sent, it may not even begin.
            sender = new Sender(connection) { Allowed = senders.Exists(other => other.Number > connection.Number) ? 0 : null };
            senders.Add(sender);
        }
        foreach (var older in senders)
        {
            if (older.Number < sender.Number)
                older.Allowed ??= older.Connection.Arrived;
        }
        if (sender.Allowed is not { } allowed || connection.Received <= allowed)
            return null;

        // The next report is due when the newer one has sent again: what comes until then is the same mistake.
        sender.Allowed = null;
        return new Violation(
            time.GetUtcNow(),
            keyId.ToString("x16", CultureInfo.InvariantCulture),
            world.FindKey(temporaryKeys.AccountKeyOf(keyId), connection.DcId)?.Device?.UserId,
            connection.DcId,
            sender.Number,
            senders.Max(other => other.Number));
    }

    private sealed class Sender(ClientConnection connection)
    {
        public ClientConnection Connection { get; } = connection;

        public long Number => Connection.Number;

        /// <summary>Bytes that it may have sent without being late; null while no newer one has sent.</summary>
        public long? Allowed { get; set; }

        public bool HasEnded { get; set; }
    }
}
