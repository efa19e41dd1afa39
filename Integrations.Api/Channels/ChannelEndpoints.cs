using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.Channels;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Channels;

/// <summary>Channels and groups that bots and personal accounts write in.</summary>
internal static class ChannelEndpoints
{
    private static readonly UuidParameter AccountId = new("account_id", "Those among the dialogs of this account, which Telegram is asked for.");
    private static readonly UuidParameter BotId = new("bot_id", "Those that this bot was added to.");
    private static readonly UuidParameter Before = new("before", "A message's id: only what came before it.");
    private static readonly NumberParameter Limit = new("limit", "Posts in the answer.", 50, 1, 200);

    public static IEndpointRouteBuilder MapChannels(this IEndpointRouteBuilder routes)
    {
        var channels = routes.MapGroup("/api/v1/telegram/channels").WithTags("Channels").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        channels.MapGet("/found", FindAllAsync).WithName("FindChannels").RequireAuthorization(Policies.ManageChannels).LimitedAs(RouteClass.Connect)
            .WithSummary("The channels and groups that can be connected")
            .WithDescription("Name an account or a bot. Of an account what was found last is told where Telegram does not answer in time.")
            .WithQuery(AccountId, BotId)
            .Refuses(ErrorCodes.NotFound, ErrorCodes.AccountNotActive, ErrorCodes.TelegramFlood, ErrorCodes.ServiceUnavailable);
        channels.MapPost("", ConnectAsync).WithName("ConnectChannel").RequireAuthorization(Policies.ManageChannels).LimitedAs(RouteClass.Connect)
            .WithSummary("Connect a channel or group")
            .WithDescription("Asks Telegram what the account or the bot may do there. It has to be able to post: in a channel as an administrator with that right. A refusal names the right that is missing.")
            .Refuses(
                ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.ChannelNotFound, ErrorCodes.ChannelRightsMissing, ErrorCodes.ChannelConnected, ErrorCodes.AccountNotActive,
                ErrorCodes.BotNotActive, ErrorCodes.TelegramBotTokenInvalid, ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable, ErrorCodes.ServiceUnavailable, ErrorCodes.SecretsUnavailable);
        channels.MapGet("", ListAsync).WithName("ListChannels").RequireAuthorization(Policies.Read).WithSummary("The connected channels and groups, the oldest first");
        channels.MapGet("/{id}", FindAsync).WithName("GetChannel").RequireAuthorization(Policies.Read).WithSummary("One channel or group");
        channels.MapGet("/{id}/posts", PostsAsync).WithName("ListPosts").RequireAuthorization(Policies.Read)
            .WithSummary("What was posted there, the newest first")
            .WithDescription("With each what somebody asked last to be done with it. Empty for who does not read the dialogs of the account or the bot.")
            .WithQuery(Before, Limit);
        channels.MapPatch("/{id}", ChangeAsync).WithName("ChangeChannel").RequireAuthorization(Policies.ManageChannels)
            .WithSummary("Switch a channel off or on, or name it").Refuses(ErrorCodes.ValidationFailed);
        channels.MapPost("/{id}/check", CheckAsync).WithName("CheckChannel").RequireAuthorization(Policies.ManageChannels).LimitedAs(RouteClass.Connect)
            .WithSummary("Look at the rights now")
            .WithDescription("Without being asked it is done every hour. Where Telegram does not answer in time, the channel is told as it was known.")
            .Refuses(ErrorCodes.AccountNotActive, ErrorCodes.BotNotActive);
        channels.MapDelete("/{id}", DeleteAsync).WithName("DeleteChannel").RequireAuthorization(Policies.ManageChannels)
            .WithSummary("Take a channel out of the list").WithDescription("In Telegram nothing changes, and what was said stays.");
        return routes;
    }

    private static async Task<Ok<FoundChannelResponse[]>> FindAllAsync(HttpContext context, Caller caller, FindChannels find, CancellationToken cancellationToken)
    {
        var (account, bot) = (AccountId.Read(context), BotId.Read(context));
        if (account is null == bot is null)
            throw FieldErrors.One("account_id", "Exactly one of account_id and bot_id is required.");
        return TypedResults.Ok((await find.ExecuteAsync(caller.Principal, account, bot, cancellationToken)).Select(FoundChannelResponse.From).ToArray());
    }

    private static async Task<Created<ChannelResponse>> ConnectAsync(
        Body<ConnectChannelRequest> body, Caller caller, ConnectChannel connect, FindChannel find, CancellationToken cancellationToken)
    {
        var channel = await connect.ExecuteAsync(caller.Principal, body.Value.AccountId, body.Value.BotId, body.Value.Checked(), cancellationToken);
        return TypedResults.Created($"/api/v1/telegram/channels/{channel.Id}", ChannelResponse.From(await find.ExecuteAsync(caller.Principal, channel.Id, cancellationToken)));
    }

    private static async Task<Ok<ChannelResponse[]>> ListAsync(Caller caller, ListChannels list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, cancellationToken)).Select(ChannelResponse.From).ToArray());

    private static async Task<Ok<ChannelResponse>> FindAsync(Guid id, Caller caller, FindChannel find, CancellationToken cancellationToken) =>
        TypedResults.Ok(ChannelResponse.From(await find.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<PostPage>> PostsAsync(Guid id, HttpContext context, Caller caller, ListPosts list, CancellationToken cancellationToken)
    {
        var limit = Limit.Int(context);
        var posts = await list.ExecuteAsync(caller.Principal, id, Before.Read(context), limit, cancellationToken);
        return TypedResults.Ok(new PostPage([.. posts.Select(PostResponse.From)], posts.Count == limit ? posts[^1].Message.Id : null));
    }

    private static async Task<Ok<ChannelResponse>> ChangeAsync(Guid id, Body<ChangeChannelRequest> body, Caller caller, ChangeChannel change, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        Texts.CheckName("settings.label", body.Value.Settings?.Label, errors);
        errors.ThrowIfAny();
        var settings = body.Value.Settings is { } given ? ChannelResponse.SettingsOf(given) : null;
        return TypedResults.Ok(ChannelResponse.From(await change.ExecuteAsync(caller.Principal, id, new(body.Value.IsActive, settings), cancellationToken)));
    }

    private static async Task<Ok<ChannelResponse>> CheckAsync(Guid id, Caller caller, CheckChannel check, CancellationToken cancellationToken) =>
        TypedResults.Ok(ChannelResponse.From(await check.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<NoContent> DeleteAsync(Guid id, Caller caller, DeleteChannel delete, CancellationToken cancellationToken)
    {
        await delete.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }
}
