using System.Text.Json;

namespace Integrations.Web.Api;

/// <summary>One change and who made it.</summary>
internal sealed record AuditLine(
    Guid Id, long Seq, string Action, DateTimeOffset OccurredAt, int? UserId, string? UserName, bool ByKey, string? Address, string? UserAgent,
    JsonElement? Changes, string? TraceId, DateTimeOffset? ErasedAt);

/// <summary>The newest first; the number asks for the next page and is null at the end.</summary>
internal sealed record AuditPage(AuditLine[] Items, long? NextBefore);

/// <summary>What came of a look over the whole chain.</summary>
internal sealed record AuditVerdict(bool Valid, string? Fault, long? FaultPosition, long HeadPosition, string HeadHash, long Entries, long Erased);

/// <summary>Which changes are asked for; null is any.</summary>
internal sealed record AuditFilter(int Days, string? Action = null, int? UserId = null)
{
    /// <summary>As the Api, and the download of the same lines, take it.</summary>
    public string Query => FormattableString.Invariant(
        $"days_back={Days}{(Action is null ? "" : "&action=" + Uri.EscapeDataString(Action))}{(UserId is null ? "" : $"&user_id={UserId}")}");
}
