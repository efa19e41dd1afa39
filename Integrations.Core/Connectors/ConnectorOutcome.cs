namespace Integrations.Core.Connectors;

/// <summary>What one call to a platform came to. What follows from it, a wait, another try or a notice, is decided by whoever keeps the queue.</summary>
/// <param name="Code">The platform's own, or ours where it had none: <c>63016</c>, <c>NO_ANSWER</c>.</param>
/// <param name="Detail">What happened and what to do next, for the person who looks after the connection. No secret, and nothing that somebody wrote.</param>
public abstract record ConnectorOutcome(string Code, string Detail)
{
    /// <summary>The platform has it.</summary>
    /// <param name="ExternalId">Under which it is known there.</param>
    public sealed record Delivered(string ExternalId) : ConnectorOutcome("", "");

    /// <summary>Not done: too much was asked for.</summary>
    /// <param name="Wait">As long as the platform asked for; null where it named no time.</param>
    public sealed record RateLimited(string Code, string Detail, TimeSpan? Wait) : ConnectorOutcome(Code, Detail);

    /// <summary>Not done, and another try may succeed.</summary>
    public sealed record Transient(string Code, string Detail) : ConnectorOutcome(Code, Detail);

    /// <summary>Not done: the platform does not take the credentials. One such answer is a suspicion, not yet the end of the connection.</summary>
    public sealed record AuthLost(string Code, string Detail) : ConnectorOutcome(Code, Detail);

    /// <summary>Not done: this content is not taken, by nobody and at no time.</summary>
    public sealed record BadContent(string Code, string Detail) : ConnectorOutcome(Code, Detail);

    /// <summary>Not done, for a reason that neither time nor other content changes: the receiver, or how the connection is set up.</summary>
    public sealed record Permanent(string Code, string Detail) : ConnectorOutcome(Code, Detail);

    /// <summary>Nobody knows whether it was done. It is looked for before it is done again.</summary>
    public sealed record Unknown(string Code, string Detail) : ConnectorOutcome(Code, Detail);
}
