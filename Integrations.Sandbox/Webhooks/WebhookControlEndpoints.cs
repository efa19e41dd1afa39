using System.ComponentModel;
using Integrations.Sandbox.Telegram.Phone;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Sandbox.Webhooks;

/// <summary>A receiver and what came to it. Its keys are not told again.</summary>
/// <param name="Path">Where deliveries go, on this port.</param>
/// <param name="Total">All that came.</param>
/// <param name="Counts">By verdict.</param>
public sealed record ReceiverCard(string Name, string Path, long Total, IReadOnlyDictionary<string, long> Counts)
{
    internal static ReceiverCard From(SandboxReceiver receiver)
    {
        var counts = receiver.Counts;
        return new(
            receiver.Name,
            $"/endpoints/{receiver.Name}",
            counts.Total,
            counts.ByVerdict.ToDictionary(pair => pair.Key.ToString(), pair => pair.Value, StringComparer.Ordinal));
    }
}

/// <summary>The receivers over HTTP: made, told what to do, and looked at.</summary>
internal static class WebhookControlEndpoints
{
    private const int MaxPage = 1000;

    public static void MapWebhookControl(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/sandbox/webhooks/endpoints");
        all.MapGet("", List);
        all.MapPut("/{name}", Put);
        all.MapGet("/{name}", Get);
        all.MapDelete("/{name}", Remove);
        all.MapPut("/{name}/behaviours", Behave);
        all.MapGet("/{name}/deliveries", ListDeliveries);
        all.MapDelete("/{name}/deliveries", Forget);
    }

    private static IReadOnlyList<ReceiverCard> List(SandboxWebhooks webhooks) => [.. webhooks.Receivers.Select(ReceiverCard.From)];

    private static Results<Ok<ReceiverCard>, ProblemHttpResult> Put(string name, ReceiverSettings settings, SandboxWebhooks webhooks)
    {
        try
        {
            return TypedResults.Ok(ReceiverCard.From(webhooks.Put(name, settings)));
        }
        catch (ArgumentException wrong)
        {
            return Invalid(wrong);
        }
    }

    private static Results<Ok<ReceiverCard>, ProblemHttpResult> Get(string name, SandboxWebhooks webhooks) =>
        webhooks.Find(name) is { } receiver ? TypedResults.Ok(ReceiverCard.From(receiver)) : Missing();

    private static Results<NoContent, ProblemHttpResult> Remove(string name, SandboxWebhooks webhooks) =>
        webhooks.Remove(name) ? TypedResults.NoContent() : Missing();

    /// <summary>An empty list makes it well again.</summary>
    private static Results<NoContent, ProblemHttpResult> Behave(string name, ReceiverBehaviour[] behaviours, SandboxWebhooks webhooks)
    {
        if (webhooks.Find(name) is not { } receiver)
            return Missing();
        try
        {
            receiver.Behave(behaviours);
            return TypedResults.NoContent();
        }
        catch (ArgumentException wrong)
        {
            return Invalid(wrong);
        }
    }

    private static Results<Ok<ReceivedDelivery[]>, ProblemHttpResult> ListDeliveries(
        string name,
        SandboxWebhooks webhooks,
        [Description("The number of the last one that is known.")] long after = 0,
        int limit = 100) => webhooks.Find(name) is { } receiver
            ? TypedResults.Ok(receiver.Deliveries.Where(delivery => delivery.Number > after).Take(Math.Clamp(limit, 1, MaxPage)).ToArray())
            : Missing();

    private static Results<NoContent, ProblemHttpResult> Forget(string name, SandboxWebhooks webhooks)
    {
        if (webhooks.Find(name) is not { } receiver)
            return Missing();
        receiver.Forget();
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult Missing() => PhoneProblem.Create(StatusCodes.Status404NotFound, "RECEIVER_UNKNOWN", "There is no such receiver.");

    private static ProblemHttpResult Invalid(ArgumentException wrong)
    {
        // .NET adds the parameter's name behind the message.
        var end = wrong.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return PhoneProblem.Create(StatusCodes.Status400BadRequest, "VALIDATION", end < 0 ? wrong.Message : wrong.Message[..end]);
    }
}
