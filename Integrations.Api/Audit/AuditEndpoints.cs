using System.Globalization;
using System.Text;
using System.Text.Json;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Api.Telegram;
using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Audit;

/// <summary>Who changed what, from where, and the proof that nothing of it was removed or changed.</summary>
internal static class AuditEndpoints
{
    private const int MostLines = 100_000;

    private static readonly NumberParameter User = new("user_id", "Only entries of this user.", byDefault: null, 1, int.MaxValue);
    private static readonly TextParameter Action = new("action", "Only entries of this action: the operationId of a route.", byDefault: null, 64);
    private static readonly NumberParameter Days = new("days_back", "How many days back.", 30, 1, 3650);
    private static readonly NumberParameter Before = new("before", "The seq of an entry: only what was written before it.", byDefault: null, 1, long.MaxValue);
    private static readonly NumberParameter Limit = new("limit", "Entries in the answer.", 50, 1, 200);
    private static readonly NumberParameter Position = new("position", "With hash: a head that you noted earlier, which the chain must still have.", byDefault: null, 0, long.MaxValue);
    private static readonly TextParameter Hash = new("hash", "The hash of that head, 64 hexadecimal digits.", byDefault: null, 64);

    public static RouteGroupBuilder MapAudit(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/audit").WithTags("Audit").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListAudit").RequireAuthorization(Policies.ReadAudit)
            .WithSummary("Who changed what, and from where, the newest first")
            .WithDescription(
                "One entry for each change that a request made, written with the change itself. changes tells what the log tells of it, before and after; a secret is in none of it. "
                + "For owners and administrators who are signed in themselves, as all routes of the audit.")
            .WithQuery(User, Action, Days, Before, Limit);
        group.MapGet("/export.csv", ExportAsync).WithName("ExportAudit").RequireAuthorization(Policies.ReadAudit)
            .WithSummary("The same as a table for a spreadsheet")
            .WithDescription(string.Create(CultureInfo.InvariantCulture, $"Comma-separated values by RFC 4180 in UTF-8 with a byte order mark, at most {MostLines} entries, the newest first."))
            .Produces<string>(StatusCodes.Status200OK, LogTable.ContentType)
            .WithQuery(User, Action, Days);
        group.MapGet("/verify", VerifyAsync).WithName("VerifyAudit").RequireAuthorization(Policies.ReadAudit)
            .WithSummary("Prove that nothing was removed and nothing changed")
            .WithDescription(
                "Entries hang in a chain of digests under the installation's own key, a second after they were written. The look goes over all that is kept, from the last signed checkpoint on. "
                + "Note head_position and head_hash outside: given back as position and hash they also prove that the end was not cut off. Erasing a person takes away what his entries say, not the entries.")
            .WithQuery(Position, Hash)
            .Refuses(ErrorCodes.ValidationFailed);
        group.MapPost("/purge", PurgeAsync).WithName("PurgeAudit").RequireAuthorization(Policies.PurgeAudit)
            .WithSummary("Take out what is older than so many days")
            .WithDescription("For owners. A signed checkpoint stays in the place of what goes. Without it entries go by themselves after a year.")
            .Refuses(ErrorCodes.ValidationFailed);
        group.MapPost("/erase", EraseAsync).WithName("EraseFromAudit").RequireAuthorization(Policies.PurgeAudit)
            .WithSummary("Erase a person from the audit")
            .WithDescription("For owners. What this user's entries and those about this user say is deleted; the entries stay in the chain, which still verifies.")
            .Refuses(ErrorCodes.ValidationFailed);
        return group;
    }

    private static async Task<Ok<AuditPage>> ListAsync(HttpContext context, Caller caller, ReadAudit read, TimeProvider time, CancellationToken cancellationToken)
    {
        var limit = Limit.Int(context);
        var entries = await read.ExecuteAsync(caller.Principal.Tenant, Filter(context, time, Before.Read(context)), limit, cancellationToken);
        return TypedResults.Ok(new AuditPage([.. entries.Select(AuditEntryResponse.From)], entries.Count == limit ? entries[^1].Entry.Seq : null));
    }

    private static async Task ExportAsync(HttpContext context, Caller caller, ReadAudit read, TimeProvider time, CancellationToken cancellationToken)
    {
        Download.Begin(context.Response, LogTable.ContentType + "; charset=utf-8", "audit.csv");
        await using var writer = new StreamWriter(context.Response.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), bufferSize: 32 * 1024, leaveOpen: true);
        await writer.WriteAsync("time,seq,user_id,user,by_key,action,address,user_agent,objects,changes,trace_id,position,hash\r\n".AsMemory(), cancellationToken);
        await foreach (var (entry, userName) in read.StreamAsync(caller.Principal.Tenant, Filter(context, time, null), MostLines, cancellationToken))
        {
            string?[] cells =
            [
                entry.OccurredAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                entry.Seq.ToString(CultureInfo.InvariantCulture),
                entry.UserId?.ToString(CultureInfo.InvariantCulture),
                userName,
                entry.ByKey ? "true" : "false",
                entry.Action,
                entry.Address,
                entry.UserAgent,
                entry.Objects,
                entry.Changes,
                entry.TraceId,
                entry.Position?.ToString(CultureInfo.InvariantCulture),
                entry.Hash is null ? null : Convert.ToHexStringLower(entry.Hash),
            ];
            await writer.WriteAsync((string.Join(',', cells.Select(LogTable.Cell)) + "\r\n").AsMemory(), cancellationToken);
        }
    }

    private static async Task<Ok<AuditVerdictResponse>> VerifyAsync(HttpContext context, Caller caller, VerifyAudit verify, CancellationToken cancellationToken)
    {
        var (position, hash) = (Position.Read(context), Hash.Read(context));
        if (position is null != hash is null)
            throw FieldErrors.One(position is null ? "position" : "hash", "position and hash belong together.");
        AuditAnchor? anchor = null;
        if (hash is not null)
        {
            if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit))
                throw FieldErrors.One("hash", "Must have 64 hexadecimal digits.");
            anchor = new(position!.Value, Convert.FromHexString(hash));
        }

        return TypedResults.Ok(AuditVerdictResponse.From(await verify.ExecuteAsync(caller.Principal.Tenant, anchor, cancellationToken)));
    }

    private static async Task<Ok<AuditPurgeResponse>> PurgeAsync(Body<AuditPurgeRequest> body, Caller caller, PurgeAudit purge, TimeProvider time, CancellationToken cancellationToken)
    {
        if (body.Value.OlderThanDays is not (>= 0 and <= 3650))
            throw FieldErrors.One("older_than_days", "Must be a whole number from 0 to 3650.");
        return TypedResults.Ok(new AuditPurgeResponse(await purge.ExecuteAsync(caller.Principal, time.GetUtcNow().AddDays(-body.Value.OlderThanDays.Value), cancellationToken)));
    }

    private static async Task<Ok<AuditErasureResponse>> EraseAsync(Body<AuditErasureRequest> body, Caller caller, EraseAudit erase, CancellationToken cancellationToken)
    {
        if (body.Value.UserId is not >= 1)
            throw FieldErrors.One("user_id", "Must be the number of a user.");
        return TypedResults.Ok(new AuditErasureResponse(await erase.ExecuteAsync(caller.Principal.Tenant, body.Value.UserId.Value, cancellationToken)));
    }

    private static AuditFilter Filter(HttpContext context, TimeProvider time, long? before) =>
        new((int?)User.Read(context), Action.Read(context), time.GetUtcNow().AddDays(-Days.Int(context)), before);
}

/// <summary>One change.</summary>
/// <param name="Seq">The order of writing.</param>
/// <param name="UserId">Null: nobody had signed in yet, or the person was erased.</param>
/// <param name="ByKey">By an API key of this user.</param>
/// <param name="Address">Where the request came from; an IPv6 address as its network.</param>
/// <param name="Objects">The ids in the request's path.</param>
/// <param name="Changes">What the log tells of it, before and after.</param>
/// <param name="Position">The place in the chain; null for the last second.</param>
internal sealed record AuditEntryResponse(
    Guid Id, long Seq, string Action, DateTimeOffset OccurredAt, int? UserId, string? UserName, bool ByKey, string? Address, string? UserAgent,
    JsonElement Objects, JsonElement? Changes, string? TraceId, DateTimeOffset? ErasedAt, long? Position, string? Hash)
{
    public static AuditEntryResponse From(NamedAuditEntry named)
    {
        var entry = named.Entry;
        return new(
            entry.Id, entry.Seq, entry.Action, entry.OccurredAt, entry.UserId, named.UserName, entry.ByKey, entry.Address, entry.UserAgent,
            JsonElement.Parse(entry.Objects), entry.Changes is null ? null : JsonElement.Parse(entry.Changes), entry.TraceId, entry.ErasedAt, entry.Position,
            entry.Hash is null ? null : Convert.ToHexStringLower(entry.Hash));
    }
}

/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
internal sealed record AuditPage(IReadOnlyList<AuditEntryResponse> Items, long? NextBefore);

/// <param name="Valid">Nothing was removed and nothing changed.</param>
/// <param name="Fault">checkpoint_forged, entry_missing, entry_changed, link_broken, head_moved or anchor_lost.</param>
/// <param name="FaultPosition">Where in the chain.</param>
/// <param name="FromPosition">The first place that is kept.</param>
/// <param name="Unsealed">Entries of the last moments, in no chain yet.</param>
internal sealed record AuditVerdictResponse(
    bool Valid, string? Fault, long? FaultPosition, long FromPosition, long HeadPosition, string HeadHash, long Entries, long Erased, long Unsealed)
{
    public static AuditVerdictResponse From(AuditVerdict verdict) => new(
        verdict.Fault is null,
        verdict.Fault is { } fault ? Words.Of(fault) : null,
        verdict.FaultAt,
        verdict.From,
        verdict.Head.Position,
        Convert.ToHexStringLower(verdict.Head.Hash),
        verdict.Entries,
        verdict.Erased,
        verdict.Unsealed);
}

internal sealed record AuditPurgeRequest
{
    public int? OlderThanDays { get; init; }
}

/// <param name="Entries">How many went.</param>
internal sealed record AuditPurgeResponse(long Entries);

internal sealed record AuditErasureRequest
{
    public int? UserId { get; init; }
}

/// <param name="Entries">How many lost what they said.</param>
internal sealed record AuditErasureResponse(int Entries);
