using System.ComponentModel.DataAnnotations;

namespace Integrations.Sandbox.Telegram.Faults;

/// <summary>What the server does wrong on request.</summary>
public enum FaultKind
{
    /// <summary>Answers a method with an error (<see cref="Fault.Code"/>, <see cref="Fault.Error"/>) instead of executing it.</summary>
    RpcError,

    /// <summary>Answers a method with <c>FLOOD_WAIT</c> of <see cref="Fault.Seconds"/>.</summary>
    FloodWait,

    /// <summary>Answers a method with <c>SLOWMODE_WAIT</c> of <see cref="Fault.Seconds"/>.</summary>
    SlowmodeWait,

    /// <summary>Answers a frame with the transport error <see cref="Fault.Code"/> (403, 404, 429, 444) and closes.</summary>
    TransportError,

    /// <summary>Answers a message with <c>bad_msg_notification</c> of <see cref="Fault.Code"/>, and does not execute it.</summary>
    BadMessage,

    /// <summary>Answers a message with <c>bad_server_salt</c>, although its salt is good, and does not execute it.</summary>
    BadSalt,

    /// <summary>Closes connections: at once those that are open, or with <see cref="Fault.Method"/> before the next such call is executed.</summary>
    CloseConnection,

    /// <summary>As <see cref="CloseConnection"/>, with a TCP reset.</summary>
    ResetConnection,

    /// <summary>As <see cref="CloseConnection"/>, but the connection stays open and nothing is read or written any more.</summary>
    HalfOpen,

    /// <summary>Executes a call, then resets the connection instead of answering.</summary>
    ResetAfterExecution,

    /// <summary>Resets every new connection.</summary>
    RefuseConnections,

    /// <summary>Executes a call and does not send the answer; it is sent again when the client asks or reconnects.</summary>
    LoseAnswer,

    /// <summary>Holds an answer back for <see cref="Fault.Milliseconds"/>.</summary>
    DelayAnswer,

    /// <summary>Sends an answer twice.</summary>
    DuplicateAnswer,

    /// <summary>Does not push an update; a difference has it.</summary>
    LoseUpdate,

    /// <summary>Pushes an update twice.</summary>
    DuplicateUpdate,

    /// <summary>Holds an update back until the next one has overtaken it.</summary>
    SwapUpdates,

    /// <summary>Cuts differences into slices of <see cref="Fault.Count"/> updates.</summary>
    DifferenceSlices,

    /// <summary>Says that a difference of the common box is too long.</summary>
    DifferenceTooLong,

    /// <summary>Says that a channel's difference is too long, and pushes <c>updateChannelTooLong</c> instead of its messages.</summary>
    ChannelTooLong,

    /// <summary>Moves the server's clock by <see cref="Fault.Seconds"/>, either way.</summary>
    ClockSkew,

    /// <summary>Delays everything that the server does by <see cref="Fault.Milliseconds"/>.</summary>
    Latency,

    /// <summary>Forgets all sessions at once, as the real server may at any time.</summary>
    ForgetSessions,

    /// <summary>Forgets all temporary keys at once, as the real server may at any time; what comes under one is answered with -404.</summary>
    ForgetTemporaryKeys,

    /// <summary>Forgets at once which permanent keys the temporary ones stand for; calls are answered with 401 <c>AUTH_KEY_PERM_EMPTY</c>.</summary>
    ForgetBindings,

    /// <summary>Makes every salt given so far invalid, at once.</summary>
    RotateSalts,

    /// <summary>Signs out, at once, every device of a person, without a word to it.</summary>
    SignOut,
}

/// <summary>One thing to go wrong, for whom, where and how often.</summary>
public sealed record Fault : IValidatableObject
{
    /// <summary>What goes wrong.</summary>
    [Required]
    public required FaultKind Kind { get; init; }

    /// <summary>Only for this person, signed in or signing in; null is everybody.</summary>
    public long? Person { get; init; }

    /// <summary>Only at this data centre.</summary>
    public int? Dc { get; init; }

    /// <summary>Only for this method, in the schema's spelling (<c>messages.sendMessage</c>).</summary>
    public string? Method { get; init; }

    /// <summary>How often; 0 is until the faults are deleted.</summary>
    [Range(0, int.MaxValue)]
    public int Times { get; init; } = 1;

    /// <summary>A number: of an error, of <c>bad_msg_notification</c>, or of a transport error.</summary>
    public int? Code { get; init; }

    /// <summary>An error's name.</summary>
    public string? Error { get; init; }

    public int? Seconds { get; init; }

    public int? Milliseconds { get; init; }

    public int? Count { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var missing = Kind switch
        {
            FaultKind.RpcError when Code is null => nameof(Code),
            FaultKind.RpcError when string.IsNullOrEmpty(Error) => nameof(Error),
            FaultKind.TransportError or FaultKind.BadMessage when Code is null => nameof(Code),
            FaultKind.FloodWait or FaultKind.SlowmodeWait or FaultKind.ClockSkew when Seconds is null => nameof(Seconds),
            FaultKind.DelayAnswer or FaultKind.Latency when Milliseconds is null or < 0 => nameof(Milliseconds),
            FaultKind.DifferenceSlices when Count is null or < 1 => nameof(Count),
            FaultKind.SignOut when Person is null => nameof(Person),
            _ => null,
        };
        if (missing is not null)
            yield return new ValidationResult($"A fault of kind {Kind} needs {missing}.", [missing]);
    }
}

/// <summary>What a fault is matched against.</summary>
internal readonly record struct FaultScope(int DcId, long? PersonId = null, string? Method = null);
