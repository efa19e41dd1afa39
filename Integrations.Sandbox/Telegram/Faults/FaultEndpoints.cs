using Integrations.Sandbox.Telegram.Phone;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Sandbox.Telegram.Faults;

/// <summary>Faults and violations over HTTP.</summary>
internal static class FaultEndpoints
{
    public static IEndpointRouteBuilder MapFaults(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/sandbox").WithTags("Faults").AddEndpointFilter<PhoneProblemFilter>().ProducesProblem(401);
        all.MapGet("/faults", List).WithName("ListFaults").WithSummary("Faults that have not happened often enough yet.");
        all.MapPost("/faults", Add).WithName("AddFault").WithSummary("Make something go wrong.").ProducesProblem(400);
        all.MapDelete("/faults", Clear).WithName("ClearFaults").WithSummary("End all faults.");
        all.MapGet("/violations", ListViolations).WithName("ListViolations")
            .WithSummary("Times an older connection of a key sent after a newer one had sent.");
        return routes;
    }

    private static IReadOnlyList<ActiveFault> List(SandboxTelegram telegram) => telegram.Faults.Active;

    private static Created<ActiveFault> Add(Fault fault, SandboxTelegram telegram) =>
        TypedResults.Created((string?)null, telegram.Faults.Add(fault));

    private static NoContent Clear(SandboxTelegram telegram)
    {
        telegram.Faults.Clear();
        return TypedResults.NoContent();
    }

    private static IReadOnlyList<Violation> ListViolations(SandboxTelegram telegram) => telegram.Faults.Violations;
}
