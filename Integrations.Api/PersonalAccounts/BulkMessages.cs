using System.ComponentModel;
using Integrations.Api.Http;
using Integrations.Core.Telegram.Accounts;

namespace Integrations.Api.PersonalAccounts;

/// <summary>One thing to do with many accounts.</summary>
internal sealed record BulkRequest
{
    [Description("1 to 1000 accounts.")]
    public Guid[]? Ids { get; init; }

    [Description("pause, resume, reconnect, disconnect, or change with at least one of the accepts_ fields.")]
    public string? Action { get; init; }

    public bool? AcceptsPrivate { get; init; }

    public bool? AcceptsGroups { get; init; }

    public bool? AcceptsChannels { get; init; }
}

/// <param name="Code">Why this one was refused: a code of the error catalogue; null where it was done or is being done.</param>
/// <param name="Detail">The same in a sentence.</param>
internal sealed record BulkItemResponse(Guid Id, string? Code, string? Detail)
{
    public static BulkItemResponse From(BulkResult result) => new(result.Id, result.Refusal?.Code, result.Refusal?.Message);
}

/// <summary>What became of each account, in the order of the request.</summary>
internal sealed record BulkResponse(IReadOnlyList<BulkItemResponse> Results, int Done, int Refused);

/// <summary>Sessions that another program began.</summary>
[BodyLimit(1024 * 1024)]
internal sealed record ImportRequest
{
    [Description("1 to 1000 sessions.")]
    public ImportSession[]? Sessions { get; init; }

    [Description("True says what would become of each and writes nothing. Default: false.")]
    public bool? DryRun { get; init; }

    [Description("The version of the text of GET /api/v1/privacy/consent, by which the caller agrees to it; needed once before the first account.")]
    public string? Consent { get; init; }
}

/// <summary>One session to import.</summary>
internal sealed record ImportSession
{
    [Description("A string session of Telethon, as StringSession.save() writes it. A secret.")]
    public string? Session { get; init; }

    [Description("At most 200 characters.")]
    public string? DisplayName { get; init; }

    public Guid? ProjectId { get; init; }

    /// <summary>Never the session.</summary>
    public override string ToString() => $"session for {DisplayName}";
}

/// <param name="Row">Its place in the request, from 1.</param>
/// <param name="AccountId">The new account. Whose the session is is found out next: its status becomes active or error.</param>
/// <param name="Code">Why the row was refused: a code of the error catalogue; null for a good one.</param>
internal sealed record ImportItemResponse(int Row, Guid? AccountId, string? Code);

/// <summary>What becomes of each session, in the order of the request.</summary>
internal sealed record ImportResponse(bool DryRun, IReadOnlyList<ImportItemResponse> Results, int Good, int Refused);

/// <param name="Kind">connected, dropped, back, flood_wait, flood_over, error, paused, resumed, reconnect_asked, login_started, login_finished, login_failed, disconnected, imported, flags or renamed.</param>
/// <param name="Until">When a wait ends.</param>
/// <param name="Since">When the trouble began that this is, or ends.</param>
/// <param name="Detail">The new name, or which chats are stored.</param>
/// <param name="UserId">Who wanted it; null: it happened.</param>
internal sealed record TimelineLineResponse(
    long Seq, string Kind, string? Code, DateTimeOffset? Until, DateTimeOffset? Since, string? Detail, int? UserId, DateTimeOffset At);

/// <param name="NextBefore">Asks for the next page; null at the end.</param>
internal sealed record TimelineResponse(IReadOnlyList<TimelineLineResponse> Items, long? NextBefore);
