using Integrations.Api.Audit;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Notices;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Notices;

/// <summary>What the caller was told: troubles of the connections he looks after, and their ends; messages of his own that failed.</summary>
internal static class NoticeEndpoints
{
    private static readonly NumberParameter Page = new("page", "From 1.", 1, 1, 100_000);
    private static readonly NumberParameter Size = new("size", "Notices on a page.", 20, 1, 100);

    public static void MapNotices(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/notices").WithTags("Notices").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListNotices").RequireAuthorization(Policies.Read)
            .WithSummary("What the caller was told, the unread first")
            .WithDescription(
                "A problem and its end are one notice: when it is over its kind becomes account_back or flood_over and it is unread again. "
                + "A problem that comes back before that was read is the same notice, counted in times.")
            .WithQuery(Page, Size);
        group.MapPost("/read", ReadAsync).WithName("MarkNoticesRead").Unaudited().RequireAuthorization(Policies.Read)
            .WithSummary("Mark notices as read").WithDescription("Name the notices in ids, or set all. Ids of others' notices change nothing.")
            .Refuses(ErrorCodes.ValidationFailed);
        group.MapGet("/settings", FindSettingsAsync).WithName("GetNoticeSettings").RequireAuthorization(Policies.Read)
            .WithSummary("Which kinds the caller has muted");
        group.MapPut("/settings", ChangeSettingsAsync).WithName("ChangeNoticeSettings").RequireAuthorization(Policies.Read)
            .WithSummary("Mute kinds of notices").WithDescription("It holds for what happens from now on.").Refuses(ErrorCodes.ValidationFailed);
    }

    private static async Task<Ok<NoticePageResponse>> ListAsync(HttpContext context, Caller caller, ListNotices list, CancellationToken cancellationToken)
    {
        var (page, size) = (Page.Int(context), Size.Int(context));
        var found = await list.ExecuteAsync(caller.Principal, page, size, cancellationToken);
        return TypedResults.Ok(new NoticePageResponse(
            [.. found.Items.Select(NoticeResponse.From)], found.Unread, found.Total, page, size, (found.Total + size - 1) / size));
    }

    private static async Task<Ok<NoticesReadResponse>> ReadAsync(
        Body<NoticesReadRequest> body, Caller caller, MarkNoticesRead mark, CancellationToken cancellationToken)
    {
        var (ids, all) = (body.Value.Ids, body.Value.All ?? false);
        if (all == (ids is not null))
            throw FieldErrors.One("ids", "Name the notices, or set all; not both.");
        if (ids?.Length > NoticesReadRequest.MaxIds)
            throw FieldErrors.One("ids", $"At most {NoticesReadRequest.MaxIds}.");
        return TypedResults.Ok(new NoticesReadResponse(await mark.ExecuteAsync(caller.Principal, ids, cancellationToken)));
    }

    private static async Task<Ok<NoticeSettingsResponse>> FindSettingsAsync(Caller caller, ReadNoticeSettings read, CancellationToken cancellationToken) =>
        TypedResults.Ok(NoticeSettingsResponse.From(await read.ExecuteAsync(caller.Principal, cancellationToken)));

    private static async Task<Ok<NoticeSettingsResponse>> ChangeSettingsAsync(
        Body<NoticeSettingsRequest> body, Caller caller, ReadNoticeSettings read, ChangeNoticeSettings change, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        List<NoticeKind> muted = [];
        foreach (var word in body.Value.Muted ?? [])
        {
            if (Words.TryRead<NoticeKind>(word, out var kind))
                muted.Add(kind);
            else
                errors.Add("muted", $"Kinds are: {string.Join(", ", Enum.GetValues<NoticeKind>().Select(Words.Of))}.");
        }

        if (body.Value.Muted is null)
            errors.Add("muted", "Required.");
        errors.ThrowIfAny();
        await change.ExecuteAsync(caller.Principal, muted, cancellationToken);
        return TypedResults.Ok(NoticeSettingsResponse.From(await read.ExecuteAsync(caller.Principal, cancellationToken)));
    }
}
