using Integrations.Bench.Product;

namespace Integrations.Bench.Smoke;

/// <summary>Runs named steps one after another, prints each with its time, and fails a step that goes over its limit.</summary>
/// <param name="time">The clock.</param>
/// <param name="patience">Multiplies every limit; 1 but on a machine that is busy with something else.</param>
internal sealed class StepList(TimeProvider time, double patience)
{
    private int _number;

    public async Task RunAsync(string name, TimeSpan limit, Func<Task> step)
    {
        limit *= patience;
        var started = time.GetTimestamp();
        Console.Write($"{++_number,2}. {name} … ");
        try
        {
            await step();
        }
        catch
        {
            Console.WriteLine($"FAILED after {time.GetElapsedTime(started).TotalSeconds:0.00} s");
            throw;
        }

        var took = time.GetElapsedTime(started);
        if (took > limit)
        {
            Console.WriteLine($"TOO SLOW: {took.TotalSeconds:0.00} s, limit {limit.TotalSeconds:0.##} s");
            throw new ScenarioException($"'{name}' took {took.TotalSeconds:0.00} s; its limit is {limit.TotalSeconds:0.##} s");
        }

        Console.WriteLine($"{took.TotalSeconds:0.00} s");
    }
}
