namespace Integrations.Sandbox.Telegram.World;

/// <summary>Somebody with an account in the world: a person with a phone number, or a bot.</summary>
internal sealed class Person
{
    public required long Id { get; init; }

    public required string FirstName { get; set; }

    public string? LastName { get; init; }

    public string? Username { get; set; }

    /// <summary>Digits only, without a plus, as Telegram writes it; empty for a bot.</summary>
    public required string Phone { get; init; }

    /// <summary>The data centre where the account lives; a login elsewhere is sent here.</summary>
    public required int DcId { get; init; }

    /// <summary>The second factor, or null.</summary>
    public CloudPassword? Password { get; set; }

    public string? RecoveryEmail { get; init; }

    /// <summary>Set when this is a bot.</summary>
    public Bot? Bot { get; init; }

    /// <summary>People whose number this person has saved.</summary>
    public HashSet<long> Contacts { get; init; } = [];

    /// <summary>Those who may not write to this person.</summary>
    public HashSet<long> Blocked { get; init; } = [];

    /// <summary>The account was deleted; its number stays taken.</summary>
    public bool IsDeleted { get; set; }

    public MessageBox Box { get; init; } = new();

    /// <summary>Codes sent to the recovery address, oldest first.</summary>
    public List<RecoveryCode> RecoveryCodes { get; init; } = [];

    /// <summary>The last <c>random_id</c>s used by this person's clients, oldest first; bounded.</summary>
    public List<long> RandomIds { get; init; } = [];
}

/// <summary>A login code on its way to a phone.</summary>
internal sealed class LoginCode
{
    public required string Hash { get; init; }

    public required string Phone { get; init; }

    public required string Code { get; init; }

    public required DateTimeOffset SentAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public int WrongTries { get; set; }

    /// <summary>Set when a newer code, a cancellation or too many wrong tries made it worthless.</summary>
    public bool Dead { get; set; }

    /// <summary>The auth key that signed in with it; the same key may repeat the call when the answer was lost.</summary>
    public long? UsedByKey { get; set; }
}

/// <summary>A code sent to the recovery address of a person who forgot the second factor.</summary>
internal sealed class RecoveryCode
{
    public required string Code { get; init; }

    public required string Email { get; init; }

    public required DateTimeOffset SentAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public int WrongTries { get; set; }

    public bool Used { get; set; }
}
