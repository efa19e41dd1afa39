namespace Integrations.Api.RateLimits;

/// <summary>What came of asking a bucket for one token.</summary>
/// <param name="Admitted">Whether there was one; if so it is taken.</param>
/// <param name="Remaining">Whole tokens left.</param>
/// <param name="Wait">How long until there is one, when there was none.</param>
/// <param name="UntilFull">How long until the bucket is full, if nobody asks meanwhile.</param>
internal readonly record struct BucketAnswer(bool Admitted, int Remaining, TimeSpan Wait, TimeSpan UntilFull);
