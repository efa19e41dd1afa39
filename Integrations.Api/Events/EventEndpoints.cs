using System.Globalization;
using Integrations.Api.Audit;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Integrations.Api.Events;

/// <summary>The event stream, as Server-Sent Events and as a WebSocket.</summary>
internal static class EventEndpoints
{
    private static readonly NumberParameter After = new("after", "Resume after this position.", byDefault: null, 0, long.MaxValue);
    private static readonly TextParameter Ticket = new(TicketParameter, "A one-use ticket, for browsers, instead of the Authorization header.", byDefault: null, 64);

    public const string TicketParameter = "ticket";

    public static WebApplicationBuilder AddEventStreams(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<EventStreamOptions>().BindConfiguration(EventStreamOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<Redis.RedisConnection>();
        services.TryAddSingleton<EventTickets>();
        services.TryAddSingleton<StreamRights>();
        services.TryAddSingleton<StreamPlaces>();
        services.TryAddSingleton<EventFollower>();
        services.TryAddSingleton<SseStream>();
        services.TryAddSingleton<SocketStream>();
        return builder;
    }

    public static RouteGroupBuilder MapEvents(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").WithTags("Events").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("/events", StreamAsync).WithName("StreamEvents").RequireAuthorization(Policies.Read)
            .WithMetadata(new TicketMetadata(), new LastingMetadata())
            .WithSummary("What happens, as Server-Sent Events")
            .WithDescription(
                "Each event has its type, its position as id, and its data. Reconnect with Last-Event-ID (or after) to miss nothing. "
                + "The first event is ready; reset means that the position is older than what is kept: fetch your state afresh and go on; "
                + "end tells why the stream ends. Owners and administrators are told of all accounts and logins of their tenant; of messages, dialogs and notes an account's own user and the members of its project are. "
                + "Of people, invitations and keys administrators are told, and each user of himself. "
                + "Types: account.updated, account.deleted, login.updated, message.created, message.updated, message.change, message.deleted, dialog.updated, dialog.deleted, dialog.presence, note.created, note.deleted, "
                + "quick_replies.updated, settings.updated, project.updated, user.updated, invitation.updated, api_key.updated.")
            .WithQuery(After, Ticket)
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .Refuses(ErrorCodes.RateLimited);
        group.MapGet("/ws", SocketAsync).WithName("OpenEventSocket").RequireAuthorization(Policies.Read)
            .WithMetadata(new TicketMetadata(), new LastingMetadata())
            .WithSummary("What happens, as a WebSocket")
            .WithDescription(
                "The same events as text frames of the form {position, type, occurred_at, account_id, data}; type may also be ready, reset or heartbeat. "
                + "Resume with after. Say nothing: any message closes the socket.")
            .WithQuery(After, Ticket)
            .Refuses(ErrorCodes.UpgradeRequired, ErrorCodes.RateLimited);
        group.MapPost("/events/ticket", IssueTicketAsync).WithName("IssueEventTicket").Unaudited().RequireAuthorization(Policies.Read)
            .WithSummary("A ticket for a browser")
            .WithDescription("Opens one stream within 30 seconds, with the rights and for the life of the session that asked for it.")
            .Refuses(ErrorCodes.ServiceUnavailable);
        return group;
    }

    private static async Task StreamAsync(
        HttpContext context, Caller caller, StreamPlaces places, EventFollower follower, SseStream stream, IHostApplicationLifetime lifetime)
    {
        var after = AfterOf(context);
        using var place = places.Take(caller.Principal);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await stream.WriteAsync(context, follower.FollowAsync(caller.Credential, after, over.Token), over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The reader left, or the host stops: the response simply ends, and the reader resumes elsewhere.
        }
    }

    private static async Task SocketAsync(
        HttpContext context, Caller caller, StreamPlaces places, EventFollower follower, SocketStream stream, IHostApplicationLifetime lifetime)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            throw new IntegrationException(ErrorCodes.UpgradeRequired);

        var after = After.Read(context);
        using var place = places.Take(caller.Principal);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await stream.WriteAsync(
            socket, follower.FollowAsync(caller.Credential, after, CancellationToken.None), lifetime.ApplicationStopping, context.RequestAborted);
    }

    private static async Task<Ok<TicketResponse>> IssueTicketAsync(Caller caller, EventTickets tickets, CancellationToken cancellationToken)
    {
        var (ticket, expiresAt) = await tickets.IssueAsync(caller.Credential, cancellationToken);
        return TypedResults.Ok(new TicketResponse(ticket, expiresAt));
    }

    /// <summary>A reconnecting browser repeats the address it was given, so the header is the newer of the two.</summary>
    private static long? AfterOf(HttpContext context)
    {
        var header = context.Request.Headers["Last-Event-ID"];
        if (header.Count == 0)
            return After.Read(context);

        return long.TryParse(header.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? position
            : throw FieldErrors.One("Last-Event-ID", "Must be a position: a whole number.");
    }
}

/// <param name="Ticket">Use it once, as <c>?ticket=…</c>.</param>
internal sealed record TicketResponse(string Ticket, DateTimeOffset ExpiresAt);
