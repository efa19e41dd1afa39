using System.Diagnostics.Metrics;
using Integrations.Api.Audit;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.RateLimits;
using Integrations.Core.Refusals;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Bots;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Bots;

/// <summary>Where Telegram brings the updates of all bots. An answer of 200 says that the update is stored; anything else, that Telegram is to bring it again.</summary>
internal static class BotHookEndpoints
{
    public static WebApplicationBuilder AddBotHooks(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton<BotHookGate>();
        return builder;
    }

    public static IEndpointRouteBuilder MapBotHooks(this IEndpointRouteBuilder routes)
    {
        // Telegram's side of the contract, described by Telegram; nobody else calls them. The second address, and a token in the first, are those of older installations.
        var hooks = routes.MapGroup("").AllowAnonymous().ExcludeFromDescription().LimitedAs(RouteClass.Anonymous).WithMetadata(new CountedWithinMetadata(), new UnauditedMetadata());
        hooks.MapPost("/webhooks/telegram/{hook}", TakeAsync).WithName("TakeBotUpdate");
        hooks.MapPost("/api/integrations/webhooks/telegram/{hook}", TakeAsync).WithName("TakeBotUpdateByToken");
        return routes;
    }

    private static async Task TakeAsync([FromRoute] string hook, HttpContext context, BotHookGate gate, BotUpdateIntake intake)
    {
        var ct = context.RequestAborted;
        var found = await gate.AdmitAsync(hook, context, ct);
        var body = await BodyBytes.ReadAsync(context.Request, BotHookGate.MaxBytes, ct);
        if (!BotUpdate.TryRead(body, out var update))
            throw gate.Refused("malformed", new(ErrorCodes.BodyInvalid, "The body is not an update of the Bot API."));
        await intake.StoreAsync(found, update, ct);
        context.Response.StatusCode = StatusCodes.Status200OK;
        // Said, so that nothing on the way waits for a body or adds one.
        context.Response.ContentLength = 0;
    }
}

/// <summary>Lets Telegram in, and nobody else.</summary>
internal sealed class BotHookGate
{
    public const string SecretHeader = "X-Telegram-Bot-Api-Secret-Token";

    /// <summary>Bytes of one update; the longest that Telegram makes stay far below.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>The opaque ids have exactly this many characters.</summary>
    private const int HookIdLength = 43;

    private readonly BotHooks _hooks;
    private readonly LocalBuckets _floods;
    private readonly Buckets _strangers;
    private readonly CallerAddress _address;
    private readonly RateLimitOptions _limits;
    private readonly RateLimit _flood;
    private readonly Counter<long> _refused;

    public BotHookGate(
        BotHooks hooks, Buckets strangers, CallerAddress address, IOptions<RateLimitOptions> limits, TelegramBotOptions options, TimeProvider time, IMeterFactory meters)
    {
        (_hooks, _strangers, _address, _limits) = (hooks, strangers, address, limits.Value);
        _floods = new LocalBuckets(time);
        _flood = new RateLimit(options.UpdatesPerMinute, options.UpdatesPerMinute);
        _refused = meters.Create("Integrations.Bots").CreateCounter<long>("bot_updates_refused_total", description: "Requests to webhooks of bots that were refused, by reason.");
    }

    /// <exception cref="IntegrationException">NOT_FOUND; UNAUTHENTICATED; RATE_LIMITED, which Telegram understands: it brings the update again later.</exception>
    public async ValueTask<BotHook> AdmitAsync(string hook, HttpContext context, CancellationToken cancellationToken)
    {
        var byToken = BotToken.TryParse(hook, out var token);
        var found = byToken
            ? await _hooks.FindByTokenAsync(token!, cancellationToken)
            : hook.Length == HookIdLength ? await _hooks.FindAsync(hook, cancellationToken) : null;
        if (found is null)
        {
            await CountStrangerAsync(context, cancellationToken);
            throw Refused("unknown", new(ErrorCodes.NotFound));
        }

        if (!found.IsSecret(context.Request.Headers[SecretHeader]))
        {
            await CountStrangerAsync(context, cancellationToken);
            // Told to the tenant as a signature that is not right.
            context.Features.Set(new RefusalLead(RefusalLeadKind.Tenant, found.Tenant.ToString()));
            throw Refused("secret", new(ErrorCodes.Unauthenticated, "The secret of this webhook is not right."));
        }

        var answer = _floods.Take(found.BotId.ToString(), _flood);
        if (!answer.Admitted)
        {
            context.Features.Set(new RefusalLead(RefusalLeadKind.Tenant, found.Tenant.ToString()));
            throw Refused("flood", new(ErrorCodes.RateLimited, "This bot brings more updates than are taken at once. Bring this one again later.", answer.Wait));
        }

        return found;
    }

    /// <summary>Counts a refusal.</summary>
    public IntegrationException Refused(string reason, IntegrationException refusal)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));
        return refusal;
    }

    /// <summary>Whoever guesses has what all strangers have; Telegram, which knows the secret, is not counted there.</summary>
    private async ValueTask CountStrangerAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (!_limits.Enabled)
            return;

        var answer = await _strangers.TakeAsync($"anonymous:{_address.Of(context)}", _limits.DefaultOf(RouteClass.Anonymous), cancellationToken);
        if (!answer.Admitted)
            throw Refused("throttle", new(ErrorCodes.RateLimited, retryAfter: answer.Wait));
    }
}
