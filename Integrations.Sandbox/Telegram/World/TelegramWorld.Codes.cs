using System.Text.RegularExpressions;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>Signing in by phone number and code (https://core.telegram.org/api/auth).</summary>
internal sealed partial class TelegramWorld
{
    private const int CodeLength = 5;

    /// <summary>Sends a login code, if the number's account lives in this data centre.</summary>
    public LoginCode SendCode(string phoneNumber, int apiId, int dcId)
    {
        lock (_gate)
        {
            RequireApiId(apiId);
            var phone = RequirePhone(phoneNumber);
            var home = HomeOf(phone);
            if (home != dcId)
                throw TelegramRefusal.Elsewhere("PHONE", home);
            RefuseCodeFlood(phone);
            // Telegram's rule for test numbers: the code is the data centre's digit, five times.
            var code = new string(phone[5], CodeLength);
            var now = Now;
            Commit(new CodeSent(phone, Convert.ToHexStringLower(RandomBytes(9)), code, now, now + _options.CodeLifetime));
            return _state.Codes[phone][^1];
        }
    }

    /// <summary>Sends the code again; the earlier one stops working.</summary>
    public LoginCode ResendCode(string phoneNumber, string hash, int apiId, int dcId)
    {
        lock (_gate)
        {
            RequireLiveCode(RequirePhone(phoneNumber), hash);
            return SendCode(phoneNumber, apiId, dcId);
        }
    }

    public void CancelCode(string phoneNumber, string hash)
    {
        lock (_gate)
        {
            var phone = RequirePhone(phoneNumber);
            RequireLiveCode(phone, hash);
            Commit(new CodeCancelled(phone, hash));
        }
    }

    /// <summary>Signs a key in.</summary>
    /// <returns>The person, or null when nobody has the number and the client is to sign up.</returns>
    /// <exception cref="TelegramRefusal">Wrong, dead or expired code; <c>SESSION_PASSWORD_NEEDED</c> when the code was right.</exception>
    public Person? SignIn(long keyId, int dcId, string phoneNumber, string hash, string? code, DeviceInfo info)
    {
        lock (_gate)
        {
            var phone = RequirePhone(phoneNumber);
            var home = HomeOf(phone);
            if (home != dcId)
                throw TelegramRefusal.Elsewhere("PHONE", home);
            if (string.IsNullOrEmpty(hash))
                throw TelegramRefusal.BadRequest("PHONE_CODE_HASH_EMPTY");
            if (string.IsNullOrEmpty(code))
                throw TelegramRefusal.BadRequest("PHONE_CODE_EMPTY");
            var person = FindPhone(phone);
            if (person is not null && _state.FindCode(phone, hash) is { } used && MayRepeat(used.UsedByKey, keyId, person.Id))
                return Complete(keyId, person, info, used.Hash, null);
            var sent = RequireLiveCode(phone, hash);
            if (sent.Code != code)
            {
                Commit(new CodeTried(phone, hash, sent.WrongTries + 1 >= _options.WrongCodesAllowed));
                throw TelegramRefusal.BadRequest("PHONE_CODE_INVALID");
            }
            return person is null ? null : Complete(keyId, person, info, hash, null);
        }
    }

    /// <summary>Login codes that reached a number, newest first.</summary>
    public IReadOnlyList<LoginCode> CodesOf(string phone)
    {
        lock (_gate)
            return _state.Codes.TryGetValue(phone, out var codes) ? [.. Enumerable.Reverse(codes)] : [];
    }

    /// <summary>True when a code for this number can be shown inside an app of the same person.</summary>
    public bool HasDevices(string phoneNumber)
    {
        lock (_gate)
            return FindPhone(phoneNumber) is { } person && _state.DevicesFor(person.Id).Count > 0;
    }

    /// <summary>The last step of signing in by code or QR: the second factor is asked for, if there is one, or the device is made.</summary>
    private Person Complete(long keyId, Person person, DeviceInfo info, string? codeHash, byte[]? qrToken)
    {
        var key = _state.Keys.GetValueOrDefault(keyId) ?? throw TelegramRefusal.Unauthorized("AUTH_KEY_UNREGISTERED");
        if (key.Device?.UserId == person.Id)
            return person;
        if (person.Password is not null)
        {
            Commit(new PasswordAwaited(keyId, person.Id, codeHash, qrToken));
            throw TelegramRefusal.Unauthorized("SESSION_PASSWORD_NEEDED");
        }
        Commit(NewDevice(keyId, person, info) with { CodeHash = codeHash, QrToken = qrToken });
        return person;
    }

    // Half the range of a 64-bit hash is enough for one person's list, and a positive number is easier to type.
    private SignedIn NewDevice(long keyId, Person person, DeviceInfo info) =>
        new(keyId, person.Id, RandomInt64() & long.MaxValue, info, Now);

    /// <summary>A key that used up a code or token may repeat the call, when the answer was lost, until it logs out.</summary>
    private bool MayRepeat(long? usedByKey, long keyId, long userId) =>
        usedByKey == keyId && _state.Keys.TryGetValue(keyId, out var key) && (key.Device?.UserId == userId || key.AwaitsPasswordOf == userId);

    private LoginCode RequireLiveCode(string phone, string hash)
    {
        var sent = _state.FindCode(phone, hash);
        return sent is { Dead: false, UsedByKey: null } && sent.ExpiresAt > Now
            ? sent
            : throw TelegramRefusal.BadRequest("PHONE_CODE_EXPIRED");
    }

    private void RefuseCodeFlood(string phone)
    {
        var now = Now;
        if (!_codesSent.TryGetValue(phone, out var sent))
            _codesSent[phone] = sent = new Queue<DateTimeOffset>();
        while (sent.TryPeek(out var oldest) && oldest <= now - TimeSpan.FromHours(1))
            sent.Dequeue();
        if (sent.Count >= _options.CodesPerHour)
            throw TelegramRefusal.Flood(SecondsUntil(sent.Peek() + TimeSpan.FromHours(1), now));
        sent.Enqueue(now);
    }

    /// <summary>When codes were sent in the last hour; only a limit, so it is not journalled.</summary>
    private readonly Dictionary<string, Queue<DateTimeOffset>> _codesSent = [];

    private int HomeOf(string phone) => FindPhone(phone)?.DcId ?? phone[5] - '0';

    private static string RequirePhone(string phoneNumber)
    {
        var phone = Digits(phoneNumber);
        return TestPhone().IsMatch(phone) ? phone : throw TelegramRefusal.BadRequest("PHONE_NUMBER_INVALID");
    }

    private static void RequireApiId(int apiId)
    {
        if (apiId <= 0)
            throw TelegramRefusal.BadRequest("API_ID_INVALID");
    }

    private static int SecondsUntil(DateTimeOffset then, DateTimeOffset now) => Math.Max(1, (int)Math.Ceiling((then - now).TotalSeconds));

    [GeneratedRegex("^99966[12][0-9]{4}$")]
    private static partial Regex TestPhone();
}
