using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Persistence;
using Integrations.Core.RateLimits;
using Integrations.Core.Refusals;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Refusals;

/// <summary>What was refused in the caller's tenant, for its administrators.</summary>
internal static class RefusalEndpoints
{
    private const string Explained =
        "kind is sign_in: a wrong password or code at an account of the tenant; signature: a token in its name that nobody of it has signed, or a void key of its; "
        + "unknown_id: an id of a signed-in caller that leads to nothing of his; foreign_id: an object of the tenant that somebody outside of it asked for, without whom; "
        + "throttle: too many requests or tries. ";

    private static readonly WordParameter Kind = new("kind", "Only refusals of this kind.", byDefault: null, [.. Enum.GetValues<RefusalKind>().Select(Words.Of)]);
    private static readonly NumberParameter User = new("user_id", "Only refusals of this user.", byDefault: null, 1, int.MaxValue);
    private static readonly TextParameter Address = new("address", "Only refusals from this address, as the list tells it.", byDefault: null, 64);
    private static readonly NumberParameter Days = new("days_back", "How many days back.", 30, 1, 365);
    private static readonly NumberParameter Before = new("before", "The seq of a line: only those before it.", byDefault: null, 1, long.MaxValue);
    private static readonly NumberParameter Limit = new("limit", "Lines in the answer.", 50, 1, 200);

    public static RouteGroupBuilder MapRefusals(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/security/refusals").WithTags("Security").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("", ListAsync).WithName("ListRefusals").RequireAuthorization(Policies.ReadRefusals)
            .WithSummary("What was refused, the newest first")
            .WithDescription(
                "One line for each minute, caller, address and route, with how often; it is there a few seconds after the first. " + Explained
                + "Past 2000 lines of a kind in a day (UTC) the rest of a minute shares one, whose route is *. Lines are kept for as long as the log.")
            .WithQuery(Kind, User, Address, Days, Before, Limit);
        group.MapGet("/days", DaysAsync).WithName("CountRefusals").RequireAuthorization(Policies.ReadRefusals)
            .WithSummary("How often it was refused, by kind and day")
            .WithDescription(Explained + "Days are those of UTC, the newest first; what was never refused is left out.")
            .WithQuery(Days);
        return group;
    }

    private static async Task<Ok<RefusalPage>> ListAsync(HttpContext context, Caller caller, ReadRefusals read, TimeProvider time, CancellationToken cancellationToken)
    {
        var limit = Limit.Int(context);
        var filter = new RefusalFilter(
            Kind.Read(context) is { } kind ? Words.Read<RefusalKind>(kind) : null, (int?)User.Read(context), Address.Read(context),
            time.GetUtcNow().AddDays(-Days.Int(context)), Before.Read(context));
        var lines = await read.ExecuteAsync(caller.Principal.Tenant, filter, limit, cancellationToken);
        return TypedResults.Ok(new RefusalPage([.. lines.Select(RefusalResponse.From)], lines.Count == limit ? lines[^1].Seq : null));
    }

    private static async Task<Ok<RefusalDayResponse[]>> DaysAsync(HttpContext context, Caller caller, ReadRefusals read, TimeProvider time, CancellationToken cancellationToken)
    {
        var since = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(1 - Days.Int(context));
        var days = await read.DaysAsync(caller.Principal.Tenant, since, cancellationToken);
        return TypedResults.Ok(days.Select(day => new RefusalDayResponse(day.Day, Words.Of(day.Kind), day.Times)).ToArray());
    }
}

/// <summary>How often the same was refused in one minute.</summary>
/// <param name="Seq">The order of writing.</param>
/// <param name="Minute">When the minute began.</param>
/// <param name="Kind">sign_in, signature, unknown_id, foreign_id or throttle.</param>
/// <param name="UserId">Who asked, or, at a sign-in, whose account was tried; null for nobody that is known.</param>
/// <param name="ByKey">By an API key.</param>
/// <param name="Address">Where it came from; an IPv6 address as its network.</param>
/// <param name="Route">The operationId; empty for what no route takes.</param>
internal sealed record RefusalResponse(
    long Seq, DateTimeOffset Minute, string Kind, int? UserId, string? UserName, bool ByKey, string? Address, string Route, long Times)
{
    public static RefusalResponse From(RefusalLine line) =>
        new(line.Seq, line.Minute, Words.Of(line.Kind), line.UserId, line.UserName, line.ByKey, line.Address, line.Route, line.Times);
}

/// <param name="NextBefore">Ask again with <c>before</c> set to it for the next page; null at the end.</param>
internal sealed record RefusalPage(IReadOnlyList<RefusalResponse> Items, long? NextBefore);

/// <summary>All of one kind in one day.</summary>
internal sealed record RefusalDayResponse(DateOnly Day, string Kind, long Times);
