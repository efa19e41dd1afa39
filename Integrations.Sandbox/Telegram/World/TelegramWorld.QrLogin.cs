using System.Buffers.Text;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>What asking for a QR token gave: a token to show, a data centre to go to, or the person who scanned.</summary>
internal readonly record struct QrOutcome(QrToken? Token, int? MigrateTo, Person? SignedIn);

/// <summary>Signing in by QR code (https://core.telegram.org/api/qr-login).</summary>
internal sealed partial class TelegramWorld
{
    private const string QrPrefix = "tg://login?token=";
    private const int QrTokenSize = 32;

    /// <summary>Gives a new token, or the outcome of a scan. Tokens shown before stay valid for the rest of their own time.</summary>
    public QrOutcome ExportQrToken(long keyId, int dcId, int apiId, long[] exceptIds, DeviceInfo info)
    {
        lock (_gate)
        {
            RequireApiId(apiId);
            var key = _state.Keys.GetValueOrDefault(keyId) ?? throw TelegramRefusal.Unauthorized("AUTH_KEY_UNREGISTERED");
            if (key.Device is { } device)
                return new QrOutcome(null, null, _state.People[device.UserId]);
            var now = Now;
            foreach (var scanned in _state.QrTokens.Values)
            {
                if (scanned.KeyId != keyId || scanned.AcceptedBy is not { } userId || scanned.ExpiresAt <= now)
                    continue;
                if (scanned.UsedByKey is not null && key.AwaitsPasswordOf != userId)
                    continue;
                var person = _state.People[userId];
                return person.DcId == dcId
                    ? new QrOutcome(null, null, Complete(keyId, person, info, null, scanned.Token))
                    : new QrOutcome(scanned, person.DcId, null);
            }
            var token = RandomBytes(QrTokenSize);
            Commit(new QrTokenIssued(token, keyId, apiId, exceptIds, now, now + _options.QrTokenLifetime));
            return new QrOutcome(_state.QrTokens[Convert.ToHexString(token)], null, null);
        }
    }

    /// <summary>Turns a scanned token into a session at the person's own data centre, under the key made there.</summary>
    public Person ImportQrToken(long keyId, int dcId, byte[] token, DeviceInfo info)
    {
        lock (_gate)
        {
            var found = RequireToken(token);
            if (found.AcceptedBy is not { } userId || (found.UsedByKey is not null && !MayRepeat(found.UsedByKey, keyId, userId)))
                throw TelegramRefusal.BadRequest("AUTH_TOKEN_INVALID");
            var person = _state.People[userId];
            if (person.DcId != dcId)
                throw TelegramRefusal.Elsewhere("USER", person.DcId);
            return Complete(keyId, person, info, null, token);
        }
    }

    /// <summary>A person scans a token with a phone that is signed in.</summary>
    /// <returns>The key that showed the token.</returns>
    public StoredKey AcceptQrToken(long userId, byte[] token)
    {
        lock (_gate)
        {
            PersonOf(userId);
            var found = RequireToken(token);
            if (found.AcceptedBy is not null)
                throw TelegramRefusal.BadRequest("AUTH_TOKEN_ALREADY_ACCEPTED");
            if (found.ExceptIds.Contains(userId))
                throw TelegramRefusal.BadRequest("AUTH_TOKEN_EXCEPTION");
            var key = _state.Keys.GetValueOrDefault(found.KeyId) ?? throw TelegramRefusal.BadRequest("AUTH_TOKEN_INVALID");
            // The client now needs time to ask again, perhaps after a handshake with another data centre.
            Commit(new QrTokenAccepted(token, userId, Now + _options.QrTokenLifetime));
            return key;
        }
    }

    /// <summary>Takes the token out of the link that a QR code shows.</summary>
    public static byte[] TokenOf(string url)
    {
        if (!url.StartsWith(QrPrefix, StringComparison.Ordinal))
            throw TelegramRefusal.BadRequest("AUTH_TOKEN_INVALID");
        var text = url[QrPrefix.Length..].TrimEnd('=');
        if (text.Length > 2 * QrTokenSize || !Base64Url.IsValid(text))
            throw TelegramRefusal.BadRequest("AUTH_TOKEN_INVALID");
        return Base64Url.DecodeFromChars(text);
    }

    private QrToken RequireToken(byte[] token)
    {
        if (!_state.QrTokens.TryGetValue(Convert.ToHexString(token), out var found))
            throw TelegramRefusal.BadRequest("AUTH_TOKEN_INVALID");
        return found.ExpiresAt > Now ? found : throw TelegramRefusal.BadRequest("AUTH_TOKEN_EXPIRED");
    }
}
