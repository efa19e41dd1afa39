using System.ComponentModel.DataAnnotations;

namespace Integrations.Sandbox.Google.Faults;

/// <summary>What Google does wrong on request.</summary>
public enum GoogleFaultKind
{
    /// <summary>Holds the answer back for <see cref="GoogleFault.Milliseconds"/>.</summary>
    Latency,

    /// <summary>401 <c>authError</c>, although the access token is good.</summary>
    Unauthorized,

    /// <summary>403 of <see cref="GoogleFault.Reason"/> (<c>rateLimitExceeded</c> unless told; <c>userRateLimitExceeded</c>, <c>quotaExceeded</c>), or <see cref="GoogleFault.Status"/> 429.</summary>
    Quota,

    /// <summary>500 <c>backendError</c>, or another 5xx in <see cref="GoogleFault.Status"/>.</summary>
    ServerError,

    /// <summary>The token endpoint answers 400 <see cref="GoogleFault.Reason"/> (<c>invalid_grant</c> unless told), and the grant lives on.</summary>
    TokenRefused,

    /// <summary>Does what was asked, then cuts the connection instead of answering.</summary>
    CutAfterChange,

    /// <summary>Cuts the connection and does nothing.</summary>
    CutBeforeChange,

    /// <summary>A page of a list is empty and has a <c>nextPageToken</c>, which Google allows itself.</summary>
    EmptyPage,

    /// <summary>A sync token is answered with 410 <c>fullSyncRequired</c>.</summary>
    SyncTokenInvalid,

    /// <summary>A push message is not sent.</summary>
    LosePush,

    /// <summary>A push message is sent twice, under one number.</summary>
    DuplicatePush,
}

/// <summary>One thing to go wrong, for whom, where and how often.</summary>
public sealed record GoogleFault : IValidatableObject
{
    [Required]
    public required GoogleFaultKind Kind { get; init; }

    /// <summary>Only for this method or those below it: <c>calendar.events.insert</c>, <c>calendar</c>, <c>oauth.token</c>; null is all.</summary>
    public string? Operation { get; init; }

    /// <summary>Only for this person's tokens and channels, by address.</summary>
    public string? Person { get; init; }

    /// <summary>How often; 0 is until the faults are deleted.</summary>
    [Range(0, int.MaxValue)]
    public int Times { get; init; } = 1;

    [Range(0, 600_000)]
    public int? Milliseconds { get; init; }

    [Range(400, 599)]
    public int? Status { get; init; }

    public string? Reason { get; init; }

    /// <summary>Seconds of a <c>Retry-After</c> beside <see cref="GoogleFaultKind.Quota"/> and <see cref="GoogleFaultKind.ServerError"/>.</summary>
    public int? RetryAfter { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind is GoogleFaultKind.Latency && Milliseconds is null)
            yield return new ValidationResult($"A fault of kind {Kind} needs {nameof(Milliseconds)}.", [nameof(Milliseconds)]);
    }
}

/// <summary>A fault in force: its number and how often it may still happen (null is without end).</summary>
public sealed record ActiveGoogleFault(int Id, GoogleFault Fault, int? Left);
