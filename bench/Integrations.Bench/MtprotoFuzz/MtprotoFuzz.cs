using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Integrations.Mtproto.Crypto;

namespace Integrations.Bench.MtprotoFuzz;

/// <summary>What came of it, by target.</summary>
internal sealed record MtprotoFuzzReport(
    int Seed, double Seconds, IReadOnlyDictionary<string, long> Inputs, IReadOnlyDictionary<string, long> Failures, IReadOnlyList<string> Findings)
{
    public bool IsClean => Failures.Values.Sum() == 0;

    public JsonObject ToJson() => new()
    {
        ["seed"] = Seed,
        ["seconds"] = Math.Round(Seconds, 1),
        ["fuzz_inputs_total"] = Inputs.Values.Sum(),
        ["fuzz_failures_total"] = Failures.Values.Sum(),
        ["fuzz_inputs"] = Counts(Inputs),
        ["fuzz_failures"] = Counts(Failures),
    };

    private static JsonObject Counts(IReadOnlyDictionary<string, long> counts) =>
        new(counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => KeyValuePair.Create(count.Key, (JsonNode?)count.Value)));
}

/// <summary>
/// Attacks everything in the client library that reads bytes of others: random and changed inputs, drawn by a seed. A reader may refuse
/// in its documented way; any other exception, reading for seconds, and memory out of proportion to the input are failures.
/// </summary>
internal static class MtprotoFuzz
{
    private const int FindingsKept = 20;
    private const int BytesShown = 2048;

    /// <summary>The same seed draws the same inputs for each target.</summary>
    public static async Task<MtprotoFuzzReport> RunAsync(long inputs, int seed, bool knownBug, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var targets = knownBug ? [new KnownBugTarget()] : Targets();
        var weights = targets.Sum(target => target.Weight);
        var counts = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var failures = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var findings = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(targets, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, (target, ct) =>
        {
            var share = ((inputs * target.Weight) + weights - 1) / weights;
            (counts[target.Name], failures[target.Name]) = (share, Attack(target, share, seed, findings, ct));
            return ValueTask.CompletedTask;
        });
        return new MtprotoFuzzReport(seed, Stopwatch.GetElapsedTime(started).TotalSeconds, counts, failures, [.. findings.Take(FindingsKept)]);
    }

    private static FuzzTarget[] Targets()
    {
        var key = RsaPrivateKey.Generate();
        return
        [
            new TlTarget(), new GzipTarget(), new EnvelopeTarget(), new PlainTarget(), new TransportTarget(),
            new ClientHandshakeTarget(key, 0), new ClientHandshakeTarget(key, 1), new ClientHandshakeTarget(key, 2), new ServerHandshakeTarget(key), new KeyBindingTarget(),
        ];
    }

    private static long Attack(FuzzTarget target, long inputs, int seed, ConcurrentQueue<string> findings, CancellationToken cancellationToken)
    {
        var mutator = new Mutator(seed);
        var failed = 0L;
        for (var i = 0L; i < inputs; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var input = target.Make(mutator);
            if (Judge(target, input) is not { } failure)
                continue;
            failed++;
            if (findings.Count < FindingsKept)
                findings.Enqueue($"{target.Name}, input {i}: {failure}\n  {Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, BytesShown)))}");
        }

        return failed;
    }

    private static string? Judge(FuzzTarget target, byte[] input)
    {
        // A machine that is busy makes anything slow; what hangs is slow each time.
        for (var tries = 1; ; tries++)
        {
            var started = Stopwatch.GetTimestamp();
            var failure = Read(target, input);
            if (failure is not null || Stopwatch.GetElapsedTime(started) < FuzzLimits.Time)
                return failure;
            if (tries == FuzzLimits.Tries)
                return "it takes too long";
        }
    }

    private static string? Read(FuzzTarget target, byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Read(input);
        }
        catch (Exception e) when (target.IsDocumented(e))
        {
            // Refused.
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name}: {e.Message}";
        }

        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        return taken > target.Allowance(input.Length) ? $"{taken} bytes of memory for {input.Length} of input" : null;
    }
}
