namespace Integrations.Web.Api;

/// <summary>How often the same was refused in one minute.</summary>
internal sealed record RefusalLine(
    long Seq, DateTimeOffset Minute, string Kind, int? UserId, string? UserName, bool ByKey, string? Address, string Route, long Times);

/// <summary>The newest first; the number asks for the next page and is null at the end.</summary>
internal sealed record RefusalPage(RefusalLine[] Items, long? NextBefore);

/// <summary>All of one kind in one day.</summary>
internal sealed record RefusalDay(DateOnly Day, string Kind, long Times);

/// <summary>Which refusals are asked for; null is any.</summary>
internal sealed record RefusalFilter(int Days, string? Kind = null, int? UserId = null)
{
    /// <summary>As the Api takes it.</summary>
    public string Query => FormattableString.Invariant($"days_back={Days}{(Kind is null ? "" : $"&kind={Kind}")}{(UserId is null ? "" : $"&user_id={UserId}")}");
}

/// <summary>What owners and administrators need to be let in.</summary>
internal sealed record SecuritySettings(bool SecondFactorRequired, int WithoutSecondFactor);
