using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Bots;

/// <summary>Connecting and managing bots.</summary>
internal static class BotEndpoints
{
    private static readonly string[] ConnectRefusals =
    [
        ErrorCodes.ValidationFailed, ErrorCodes.TelegramBotTokenInvalid, ErrorCodes.TelegramAlreadyConnected, ErrorCodes.TelegramNotConfigured, ErrorCodes.TelegramFlood,
        ErrorCodes.TelegramUnavailable, ErrorCodes.SecretsUnavailable,
    ];

    public static IEndpointRouteBuilder MapBots(this IEndpointRouteBuilder routes)
    {
        var bots = routes.MapGroup("/api/v1/telegram/bots").WithTags("Bots").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        bots.MapPost("", ConnectAsync).WithName("ConnectBot").RequireAuthorization(Policies.ManageBots).LimitedAs(RouteClass.Connect)
            .WithSummary("Connect a bot by its token")
            .WithDescription(
                "Asks Telegram whose token it is, stores it sealed, and has Telegram send the bot's updates here. Where Telegram refuses the address or does not answer, "
                + "the bot is kept with the status error and its reason: restart it later.")
            .Refuses(ConnectRefusals);
        bots.MapGet("", ListAsync).WithName("ListBots").RequireAuthorization(Policies.Read).WithSummary("The tenant's bots, the oldest first");
        bots.MapGet("/{id}", FindAsync).WithName("GetBot").RequireAuthorization(Policies.Read).WithSummary("One bot");
        bots.MapGet("/{id}/webhook", AskWebhookAsync).WithName("GetBotWebhook").RequireAuthorization(Policies.Read)
            .WithSummary("Ask Telegram how the bot's webhook stands now")
            .Refuses(
                ErrorCodes.TelegramBotTokenInvalid, ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable, ErrorCodes.TelegramNotConfigured, ErrorCodes.SecretsUnavailable);
        bots.MapPatch("/{id}", ChangeAsync).WithName("ChangeBot").RequireAuthorization(Policies.ManageBots)
            .WithSummary("Rename a bot, or move it to another project").Refuses(ErrorCodes.ValidationFailed);
        bots.MapPost("/{id}/deactivate", DeactivateAsync).WithName("DeactivateBot").RequireAuthorization(Policies.ManageBots).LimitedAs(RouteClass.Connect)
            .WithSummary("Switch a bot off")
            .WithDescription("Takes the webhook away from Telegram, which keeps what comes for a day. Restart the bot to switch it on again.")
            .Refuses(ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable, ErrorCodes.SecretsUnavailable);
        bots.MapPost("/{id}/restart", RestartAsync).WithName("RestartBot").RequireAuthorization(Policies.ManageBots).LimitedAs(RouteClass.Connect)
            .WithSummary("Register a bot anew").WithDescription("Resets its error. Telegram takes one registration a second.").Refuses(ErrorCodes.SecretsUnavailable);
        bots.MapDelete("/{id}", DeleteAsync).WithName("DeleteBot").RequireAuthorization(Policies.ManageBots)
            .WithSummary("Delete a bot")
            .WithDescription("Takes the webhook away from Telegram and erases the token and what of it was not processed yet. What was said with the bot stays.")
            .Refuses(ErrorCodes.TelegramFlood, ErrorCodes.TelegramUnavailable, ErrorCodes.SecretsUnavailable);

        routes.MapPost("/api/integrations/telegram/connect", ConnectOlderAsync).WithName("ConnectTelegramIntegration").WithTags("Bots").WithMetadata(new ShapedMetadata())
            .RequireAuthorization(Policies.ManageBots).LimitedAs(RouteClass.Connect)
            .WithSummary("Connect a bot by its token, by the older contract").Refuses(ConnectRefusals);
        return routes;
    }

    private static async Task<Created<BotResponse>> ConnectAsync(Body<ConnectBotRequest> body, Caller caller, ConnectBot connect, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var token = CheckToken(body.Value.BotToken, errors);
        Texts.CheckName("display_name", body.Value.DisplayName, errors);
        errors.ThrowIfAny();
        var bot = await connect.ExecuteAsync(caller.Principal, token!, body.Value.ProjectId, Texts.Named(body.Value.DisplayName), cancellationToken);
        return TypedResults.Created((string?)null, BotResponse.From(bot));
    }

    private static async Task<Created<IntegrationResponse>> ConnectOlderAsync(
        Body<ConnectIntegrationRequest> body, Caller caller, ConnectBot connect, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var token = CheckToken(body.Value.BotToken, errors);
        errors.ThrowIfAny();
        return TypedResults.Created((string?)null, IntegrationResponse.From(await connect.ExecuteAsync(caller.Principal, token!, null, null, cancellationToken)));
    }

    private static async Task<Ok<BotResponse[]>> ListAsync(Caller caller, ListBots list, CancellationToken cancellationToken) =>
        TypedResults.Ok((await list.ExecuteAsync(caller.Principal, cancellationToken)).Select(BotResponse.From).ToArray());

    private static async Task<Ok<BotResponse>> FindAsync(Guid id, Caller caller, FindBot find, CancellationToken cancellationToken) =>
        TypedResults.Ok(BotResponse.From(await find.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<BotWebhookResponse>> AskWebhookAsync(Guid id, Caller caller, AskWebhook ask, CancellationToken cancellationToken) =>
        TypedResults.Ok(BotWebhookResponse.From(await ask.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<BotResponse>> ChangeAsync(Guid id, Body<ChangeBotRequest> body, Caller caller, ChangeBot change, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        Texts.CheckName("display_name", body.Value.DisplayName, errors);
        errors.ThrowIfAny();
        return TypedResults.Ok(BotResponse.From(
            await change.ExecuteAsync(caller.Principal, id, new(body.Value.DisplayName?.Trim(), body.Value.ProjectId), cancellationToken)));
    }

    private static async Task<Ok<BotResponse>> DeactivateAsync(Guid id, Caller caller, DeactivateBot deactivate, CancellationToken cancellationToken) =>
        TypedResults.Ok(BotResponse.From(await deactivate.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<Ok<BotResponse>> RestartAsync(Guid id, Caller caller, RestartBot restart, CancellationToken cancellationToken) =>
        TypedResults.Ok(BotResponse.From(await restart.ExecuteAsync(caller.Principal, id, cancellationToken)));

    private static async Task<NoContent> DeleteAsync(Guid id, Caller caller, DeleteBot delete, CancellationToken cancellationToken)
    {
        await delete.ExecuteAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static BotToken? CheckToken(string? text, FieldErrors errors)
    {
        if (BotToken.TryParse(text?.Trim(), out var token))
            return token;

        errors.Add("bot_token", text is null ? "Required." : "Must be a bot's token as BotFather gives it: digits, a colon, and letters, digits, - or _.");
        return null;
    }
}
