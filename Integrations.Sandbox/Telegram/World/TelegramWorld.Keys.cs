using System.Buffers.Binary;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>Auth keys, their salts and the devices that they became.</summary>
internal sealed partial class TelegramWorld
{
    /// <summary>A device's last activity is written at most this often.</summary>
    private static readonly TimeSpan SeenResolution = TimeSpan.FromMinutes(1);

    private readonly Dictionary<long, DateTimeOffset> _seenAt = [];

    public void AddKey(long keyId, byte[] secret, int dcId, long firstSalt)
    {
        lock (_gate)
            Commit(new KeyMade(keyId, secret, dcId, firstSalt, Now));
    }

    /// <summary>A key, if this data centre made it.</summary>
    public StoredKey? FindKey(long keyId, int dcId)
    {
        lock (_gate)
            return _state.Keys.TryGetValue(keyId, out var key) && key.DcId == dcId ? key : null;
    }

    public void ForgetKey(long keyId)
    {
        lock (_gate)
        {
            if (_state.Keys.ContainsKey(keyId))
                Commit(new KeyForgotten(keyId));
        }
    }

    /// <summary>Who is signed in under a key, or the refusal that a method for signed-in users gets.</summary>
    public Person Authorized(long keyId)
    {
        lock (_gate)
        {
            var key = _state.Keys.GetValueOrDefault(keyId) ?? throw TelegramRefusal.Unauthorized("AUTH_KEY_UNREGISTERED");
            RefuseByFate(key);
            if (key.AwaitsPasswordOf is not null)
                throw TelegramRefusal.Unauthorized("SESSION_PASSWORD_NEEDED");
            return _state.People[(key.Device ?? throw TelegramRefusal.Unauthorized("AUTH_KEY_UNREGISTERED")).UserId];
        }
    }

    /// <summary>Refuses a key that was killed, before any method looks at it.</summary>
    public void RefuseDeadKey(long keyId)
    {
        lock (_gate)
        {
            if (_state.Keys.TryGetValue(keyId, out var key))
                RefuseByFate(key);
        }
    }

    public bool IsSignedIn(long keyId)
    {
        lock (_gate)
            return _state.Keys.TryGetValue(keyId, out var key) && key.Device is not null;
    }

    /// <summary>Ends a key for good, because two connections used it at once.</summary>
    public void DuplicateKey(long keyId)
    {
        lock (_gate)
        {
            if (_state.Keys.TryGetValue(keyId, out var key) && key.Fate != KeyFate.Duplicated)
                Commit(new KeyDuplicated(keyId));
        }
    }

    public void MarkSeen(long keyId)
    {
        lock (_gate)
        {
            var now = Now;
            if (_seenAt.TryGetValue(keyId, out var last) && now - last < SeenResolution)
                return;
            _seenAt[keyId] = now;
            if (_state.Keys.TryGetValue(keyId, out var key) && key.Device is { } device && device.LastActiveAt != now)
                Commit(new DeviceSeen(keyId, now));
        }
    }

    /// <summary>Remembers how a signed-in client describes itself.</summary>
    public void DescribeDevice(long keyId, DeviceInfo info)
    {
        lock (_gate)
        {
            if (_state.Keys.TryGetValue(keyId, out var key) && key.Device is { } device && device.Info != info)
                Commit(new DeviceDescribed(keyId, info));
        }
    }

    /// <summary>Who is signed in under a key, or whose second factor it waits for.</summary>
    public long? PersonUnder(long keyId)
    {
        lock (_gate)
            return _state.Keys.TryGetValue(keyId, out var key) ? key.Device?.UserId ?? key.AwaitsPasswordOf : null;
    }

    /// <summary>Keys of the signed-in devices of a person.</summary>
    public IReadOnlyList<long> KeysOf(long userId)
    {
        lock (_gate)
            return [.. _state.DevicesFor(userId)];
    }

    /// <summary>The client logs itself out; the key stays and may sign in again.</summary>
    public void LogOut(long keyId)
    {
        lock (_gate)
            Commit(new SignedOut(keyId, KeyFate.Alive));
    }

    /// <summary>Devices of a person, oldest first, each with the data centre of its key.</summary>
    public IReadOnlyList<(StoredKey Key, Device Device)> Devices(long userId)
    {
        lock (_gate)
        {
            PersonOf(userId);
            return
            [
                .. _state.DevicesFor(userId)
                    .Select(id => (Key: _state.Keys[id], Device: _state.Keys[id].Device!))
                    .Where(pair => pair.Device.ParentKeyId is null)
                    .OrderBy(pair => pair.Device.CreatedAt),
            ];
        }
    }

    /// <summary>Ends one device from another one of the same person.</summary>
    /// <returns>False when the person has no such device.</returns>
    public bool EndDevice(long userId, long hash)
    {
        lock (_gate)
        {
            foreach (var keyId in _state.DevicesFor(userId))
            {
                if (_state.Keys[keyId].Device is not { ParentKeyId: null } device || device.Hash != hash)
                    continue;
                Commit(new SignedOut(keyId, KeyFate.Revoked));
                return true;
            }
            return false;
        }
    }

    /// <summary>Ends all devices of a person but one.</summary>
    public void EndOtherDevices(long userId, long keptKeyId)
    {
        lock (_gate)
        {
            foreach (var keyId in _state.DevicesFor(userId).Where(id => id != keptKeyId && _state.Keys[id].Device!.ParentKeyId is null).ToList())
                Commit(new SignedOut(keyId, KeyFate.Revoked));
        }
    }

    /// <summary>The salt to use now and the ones after it, with the seconds in which each is handed out.</summary>
    public IReadOnlyList<(int ValidSince, int ValidUntil, long Salt)> Salts(long keyId, DateTimeOffset now, int count)
    {
        var lifetime = SaltSeconds;
        var slot = now.ToUnixTimeSeconds() / lifetime;
        return [.. Enumerable.Range(0, count).Select(i => ((int)((slot + i) * lifetime), (int)((slot + i + 2) * lifetime), SaltOf(keyId, slot + i)))];
    }

    /// <summary>True for the current salt, the one before it, and for the handshake's own while it is young.</summary>
    public bool IsSaltValid(StoredKey key, long salt, DateTimeOffset now)
    {
        var slot = now.ToUnixTimeSeconds() / SaltSeconds;
        if (salt == SaltOf(key.Id, slot) || salt == SaltOf(key.Id, slot - 1))
            return true;
        lock (_gate)
            return _state.SaltGeneration == 0 && salt == key.FirstSalt && now - key.CreatedAt < _options.SaltLifetime * 2;
    }

    /// <summary>Makes every salt given so far invalid.</summary>
    public void RotateSalts()
    {
        lock (_gate)
            Commit(new SaltsRotated());
    }

    private long SaltSeconds => Math.Max(1, (long)_options.SaltLifetime.TotalSeconds);

    /// <summary>Salts are derived, not stored: they survive a restart without costing a line of journal.</summary>
    private long SaltOf(long keyId, long slot)
    {
        Span<byte> input = stackalloc byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(input, keyId);
        BinaryPrimitives.WriteInt64LittleEndian(input[8..], slot);
        int generation;
        lock (_gate)
            generation = _state.SaltGeneration;
        BinaryPrimitives.WriteInt64LittleEndian(input[16..], generation);
        return Derive(input);
    }

    private static void RefuseByFate(StoredKey key)
    {
        if (key.Fate == KeyFate.Revoked)
            throw TelegramRefusal.Unauthorized("SESSION_REVOKED");
        if (key.Fate == KeyFate.Duplicated)
            throw new TelegramRefusal(406, "AUTH_KEY_DUPLICATED");
    }
}
