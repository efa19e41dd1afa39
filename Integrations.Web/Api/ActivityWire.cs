namespace Integrations.Web.Api;

/// <summary>A page of the log, counted from 1.</summary>
internal sealed record LogPage(LogLine[] Items, long Total, int Page, int Pages);

/// <summary>One line of the log.</summary>
internal sealed record LogLine(
    Guid Id, int? UserId, string? UserName, Guid? AccountId, string? AccountName, string Action, string Status, string? ErrorCode, string? ErrorMessage,
    string? TraceId, DateTimeOffset CreatedAt);

/// <summary>Which lines are asked for; null is any.</summary>
internal sealed record LogFilter(int Days, string? Status = null, string? Action = null, Guid? AccountId = null, int? UserId = null, string? Search = null, bool All = false)
{
    /// <summary>As the Api, and the download of the same lines, take it.</summary>
    public string Query => string.Join('&', Parts());

    private IEnumerable<string> Parts()
    {
        yield return FormattableString.Invariant($"days_back={Days}");
        if (All)
            yield return "all=true";
        if (Status is not null)
            yield return $"log_status={Uri.EscapeDataString(Status)}";
        if (Action is not null)
            yield return $"action={Uri.EscapeDataString(Action)}";
        if (AccountId is { } account)
            yield return $"account_id={account}";
        if (UserId is { } user)
            yield return FormattableString.Invariant($"user_id={user}");
        if (Search is not null)
            yield return $"search={Uri.EscapeDataString(Search)}";
    }
}
