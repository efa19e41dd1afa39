using System.Globalization;
using Integrations.Mtproto.Crypto;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>The second factor: checking it, and recovering it by e-mail.</summary>
internal sealed partial class TelegramWorld
{
    /// <summary>How many unanswered challenges are remembered, over all keys.</summary>
    private const int ChallengeMemory = 1000;

    private readonly Dictionary<long, (long KeyId, PasswordChallenge Challenge)> _challenges = [];
    private readonly Queue<long> _challengeOrder = new();
    private readonly Dictionary<long, Queue<DateTimeOffset>> _wrongPasswords = [];

    /// <summary>Whose password a key may ask about: the one awaited, or the one signed in.</summary>
    public Person PasswordOwner(long keyId)
    {
        lock (_gate)
        {
            var key = _state.Keys.GetValueOrDefault(keyId);
            var userId = key?.AwaitsPasswordOf ?? key?.Device?.UserId ?? throw TelegramRefusal.Unauthorized("AUTH_KEY_UNREGISTERED");
            return _state.People[userId];
        }
    }

    /// <summary>A new challenge for the password of the key's person, or null when there is none.</summary>
    public PasswordChallenge? ChallengePassword(long keyId)
    {
        CloudPassword? password;
        lock (_gate)
            password = PasswordOwner(keyId).Password;
        if (password is null)
            return null;

        // Tens of milliseconds of arithmetic: not under the lock.
        var challenge = new PasswordChallenge(RandomInt64(), password, new SrpChallenge(password.Parameters(), password.Verifier, _random));
        lock (_gate)
        {
            _challenges[challenge.Id] = (keyId, challenge);
            _challengeOrder.Enqueue(challenge.Id);
            while (_challengeOrder.Count > ChallengeMemory)
                _challenges.Remove(_challengeOrder.Dequeue());
        }
        return challenge;
    }

    /// <summary>Signs a key in that waited for the second factor. Each challenge is good for one try.</summary>
    public Person CheckPassword(long keyId, long srpId, ReadOnlySpan<byte> a, ReadOnlySpan<byte> m1, DeviceInfo info)
    {
        PasswordChallenge challenge;
        long userId;
        lock (_gate)
        {
            var person = PasswordOwner(keyId);
            userId = person.Id;
            RefusePasswordFlood(userId);
            if (!_challenges.Remove(srpId, out var found) || found.KeyId != keyId)
                throw TelegramRefusal.BadRequest("SRP_ID_INVALID");
            if (found.Challenge.Password != person.Password)
                throw TelegramRefusal.BadRequest("SRP_PASSWORD_CHANGED");
            challenge = found.Challenge;
        }
        var isRight = challenge.Srp.Verify(a, m1);
        lock (_gate)
        {
            if (!isRight)
            {
                _wrongPasswords[userId].Enqueue(Now);
                throw TelegramRefusal.BadRequest("PASSWORD_HASH_INVALID");
            }
            var person = _state.People[userId];
            if (_state.Keys[keyId].Device?.UserId != userId)
                Commit(NewDevice(keyId, person, info));
            return person;
        }
    }

    /// <summary>Sends a code to the recovery address.</summary>
    /// <returns>The address with most letters hidden.</returns>
    public string RequestRecovery(long keyId)
    {
        lock (_gate)
        {
            var person = PasswordOwner(keyId);
            if (person.Password is null)
                throw TelegramRefusal.BadRequest("PASSWORD_EMPTY");
            var email = person.RecoveryEmail ?? throw TelegramRefusal.BadRequest("PASSWORD_RECOVERY_NA");
            var now = Now;
            var code = ((ulong)RandomInt64() % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
            Commit(new RecoveryCodeSent(person.Id, code, email, now, now + _options.CodeLifetime));
            return Mask(email);
        }
    }

    public void CheckRecoveryCode(long keyId, string code)
    {
        lock (_gate)
            RequireRecoveryCode(PasswordOwner(keyId), code);
    }

    /// <summary>Removes or replaces the forgotten password and signs in.</summary>
    public Person RecoverPassword(long keyId, string code, CloudPassword? replacement, DeviceInfo info)
    {
        lock (_gate)
        {
            var person = PasswordOwner(keyId);
            RequireRecoveryCode(person, code);
            List<WorldEvent> steps = [new RecoveryCodeTried(person.Id, code), new PasswordChanged(person.Id, replacement)];
            if (_state.Keys[keyId].Device?.UserId != person.Id)
                steps.Add(NewDevice(keyId, person, info));
            Commit(new Together([.. steps]));
            return person;
        }
    }

    /// <summary>Codes that reached a person's recovery address, newest first.</summary>
    public IReadOnlyList<RecoveryCode> RecoveryCodesOf(long userId)
    {
        lock (_gate)
            return [.. Enumerable.Reverse(PersonOf(userId).RecoveryCodes)];
    }

    /// <summary><c>dana@example.org</c> becomes <c>d**a@example.org</c>.</summary>
    internal static string Mask(string email)
    {
        var at = email.IndexOf('@', StringComparison.Ordinal);
        return at <= 2 ? "*" + email[1..] : email[0] + new string('*', at - 2) + email[(at - 1)..];
    }

    private void RequireRecoveryCode(Person person, string code)
    {
        if (string.IsNullOrEmpty(code))
            throw TelegramRefusal.BadRequest("CODE_EMPTY");
        var latest = person.RecoveryCodes.LastOrDefault();
        if (latest is null or { Used: true } || latest.ExpiresAt <= Now || latest.WrongTries >= _options.WrongCodesAllowed)
            throw TelegramRefusal.BadRequest("PASSWORD_RECOVERY_EXPIRED");
        if (latest.Code == code)
            return;
        Commit(new RecoveryCodeTried(person.Id, code));
        throw TelegramRefusal.BadRequest("CODE_INVALID");
    }

    private void RefusePasswordFlood(long userId)
    {
        var now = Now;
        if (!_wrongPasswords.TryGetValue(userId, out var wrong))
            _wrongPasswords[userId] = wrong = new Queue<DateTimeOffset>();
        while (wrong.TryPeek(out var oldest) && oldest <= now - TimeSpan.FromHours(1))
            wrong.Dequeue();
        if (wrong.Count >= _options.WrongPasswordsAllowed)
            throw TelegramRefusal.Flood(SecondsUntil(wrong.Peek() + TimeSpan.FromHours(1), now));
    }
}
