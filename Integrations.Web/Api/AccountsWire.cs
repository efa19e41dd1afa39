namespace Integrations.Web.Api;

/// <summary>One thing to do with many accounts; public because components' parameters must be.</summary>
public sealed record BulkChange(
    IReadOnlyCollection<Guid> Ids, string Action, bool? AcceptsPrivate = null, bool? AcceptsGroups = null, bool? AcceptsChannels = null);

/// <summary>What became of all of them.</summary>
public sealed record BulkOutcome(BulkItem[] Results, int Done, int Refused);

/// <summary>What became of one account; no code where it was done.</summary>
public sealed record BulkItem(Guid Id, string? Code, string? Detail);

/// <summary>A session of another program. A secret.</summary>
internal sealed record ImportLine(string Session, string? DisplayName)
{
    /// <summary>Never the session.</summary>
    public override string ToString() => $"session for {DisplayName}";
}

internal sealed record Imported(bool DryRun, ImportedLine[] Results, int Good, int Refused);

/// <summary>What becomes of one line; no code where it is good.</summary>
internal sealed record ImportedLine(int Row, Guid? AccountId, string? Code);

internal sealed record Timeline(TimelineEntry[] Items, long? NextBefore);

/// <summary>One thing that an account went through.</summary>
internal sealed record TimelineEntry(
    long Seq, string Kind, string? Code, DateTimeOffset? Until, DateTimeOffset? Since, string? Detail, int? UserId, DateTimeOffset At);
