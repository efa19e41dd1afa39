using System.ComponentModel.DataAnnotations;

namespace Integrations.Sandbox.Twilio;

/// <summary>What goes wrong on request.</summary>
public enum TwilioFaultKind
{
    /// <summary>Holds an answer of the API back for <see cref="TwilioFault.Milliseconds"/>.</summary>
    Latency,

    /// <summary>429 with 20429: the request was not processed. <see cref="TwilioFault.RetryAfter"/> may come with it.</summary>
    TooManyRequests,

    /// <summary>503 with 20503: the request was not processed.</summary>
    Unavailable,

    /// <summary>Answers with <see cref="TwilioFault.HttpStatus"/> and <see cref="TwilioFault.Code"/>, unprocessed.</summary>
    Refuse,

    /// <summary>Cuts the connection before anything was done.</summary>
    CutBefore,

    /// <summary>Processes the request and cuts the connection instead of answering: what became of it, the client cannot know.</summary>
    CutAfter,

    /// <summary>A message that was accepted ends with <see cref="TwilioFault.Code"/>, as <see cref="TwilioFault.Status"/>.</summary>
    FailMessage,

    /// <summary>A webhook is not called.</summary>
    LoseWebhook,

    /// <summary>A webhook is called twice.</summary>
    DoubleWebhook,

    /// <summary>A status callback is overtaken by the next one of the same message.</summary>
    SwapCallbacks,

    /// <summary>A webhook is signed with another key.</summary>
    ForgeSignature,
}

/// <summary>One thing to go wrong, where and how often.</summary>
public sealed record TwilioFault : IValidatableObject
{
    [Required]
    public required TwilioFaultKind Kind { get; init; }

    /// <summary>Requests: only of this method.</summary>
    public string? Method { get; init; }

    /// <summary>Requests: only where the path ends so, as <c>/Messages.json</c>.</summary>
    public string? Path { get; init; }

    /// <summary>Messages and webhooks: only this person's.</summary>
    public string? Person { get; init; }

    /// <summary>Webhooks: only these.</summary>
    public TwilioWebhookKind? Webhook { get; init; }

    /// <summary>How often; 0 is until the faults are cleared.</summary>
    [Range(0, int.MaxValue)]
    public int Times { get; init; } = 1;

    /// <summary>Twilio's error code.</summary>
    public int? Code { get; init; }

    /// <summary><c>failed</c> or <c>undelivered</c>.</summary>
    [RegularExpression("failed|undelivered")]
    public string Status { get; init; } = "failed";

    [Range(400, 599)]
    public int HttpStatus { get; init; } = 400;

    [Range(0, int.MaxValue)]
    public int Milliseconds { get; init; }

    /// <summary>Seconds.</summary>
    public int? RetryAfter { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind is TwilioFaultKind.Refuse or TwilioFaultKind.FailMessage && Code is null)
            yield return new ValidationResult($"A fault of kind {Kind} needs {nameof(Code)}.", [nameof(Code)]);
        if (Kind is TwilioFaultKind.Latency && Milliseconds == 0)
            yield return new ValidationResult($"A fault of kind {Kind} needs {nameof(Milliseconds)}.", [nameof(Milliseconds)]);
    }
}

/// <summary>The faults in force.</summary>
public sealed class TwilioFaults
{
    private readonly Lock _gate = new();
    private readonly List<(TwilioFault Fault, int? Left)> _faults = [];

    /// <summary>Those that have not happened often enough yet.</summary>
    public IReadOnlyList<TwilioFault> Active
    {
        get
        {
            lock (_gate)
                return [.. _faults.Select(entry => entry.Fault)];
        }
    }

    /// <exception cref="ValidationException">A field that its kind needs is missing.</exception>
    public void Add(TwilioFault fault)
    {
        Validator.ValidateObject(fault, new ValidationContext(fault), validateAllProperties: true);
        lock (_gate)
            _faults.Add((fault, fault.Times == 0 ? null : fault.Times));
    }

    public void Clear()
    {
        lock (_gate)
            _faults.Clear();
    }

    internal TwilioFault? TakeForRequest(TwilioFaultKind kind, string method, string path) => Take(
        kind,
        fault => (fault.Method is null || fault.Method == method) && (fault.Path is null || path.EndsWith(fault.Path, StringComparison.Ordinal)));

    internal TwilioFault? TakeForMessage(TwilioFaultKind kind, string? person) => Take(kind, fault => fault.Person is null || fault.Person == person);

    internal TwilioFault? TakeForWebhook(TwilioFaultKind kind, TwilioWebhookKind webhook, string? person) => Take(
        kind,
        fault => (fault.Webhook is null || fault.Webhook == webhook) && (fault.Person is null || fault.Person == person));

    private TwilioFault? Take(TwilioFaultKind kind, Func<TwilioFault, bool> matches)
    {
        lock (_gate)
        {
            var index = _faults.FindIndex(entry => entry.Fault.Kind == kind && matches(entry.Fault));
            if (index < 0)
                return null;

            var (fault, left) = _faults[index];
            if (left == 1)
                _faults.RemoveAt(index);
            else
                _faults[index] = (fault, left - 1);
            return fault;
        }
    }
}
