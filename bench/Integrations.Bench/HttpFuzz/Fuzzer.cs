using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Bench.Product;

namespace Integrations.Bench.HttpFuzz;

/// <summary>Somebody who asks.</summary>
/// <param name="Token">Asked for anew now and then with the next number: what is fuzzed may well sign a user out or switch him off.</param>
internal sealed record FuzzCaller(string Name, Func<int, string?> Token);

/// <summary>A request that was answered as none may be, printed so that it can be sent again.</summary>
internal sealed record FuzzFinding(string Kind, string Caller, string Request, string Answer)
{
    private const int Shown = 3000;

    public static FuzzFinding Of(string kind, FuzzCaller caller, string? token, byte[] request, RawAnswer? answer) => new(
        kind, caller.Name, Printed(request, token), answer is null ? "" : Printed([.. Encoding.Latin1.GetBytes(answer.Head), .. answer.Body], token));

    public override string ToString() => $"--- {Kind}, asked as {Caller}\n{Request}\n>>>\n{Answer}\n";

    /// <summary>One line for each line, everything unprintable in hexadecimal, the caller's token left out.</summary>
    private static string Printed(byte[] bytes, string? token)
    {
        var text = new StringBuilder();
        foreach (var value in bytes.AsSpan(0, Math.Min(bytes.Length, Shown)))
        {
            if (value is >= 32 and < 127 or (byte)'\n')
                text.Append((char)value);
            else if (value != '\r')
                text.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        }

        if (bytes.Length > Shown)
            text.Append(CultureInfo.InvariantCulture, $"… ({bytes.Length} bytes)");
        return token is null ? text.ToString() : text.ToString().Replace(token, $"(token of the caller)", StringComparison.Ordinal);
    }
}

/// <summary>What came of it.</summary>
internal sealed class FuzzReport(int seed)
{
    /// <summary>Findings that are kept whole; the rest is counted.</summary>
    private const int Kept = 50;

    private readonly ConcurrentDictionary<int, int> _byStatus = new();
    private readonly ConcurrentQueue<FuzzFinding> _findings = new();
    private int _requests;
    private int _failures;
    private int _hangs;
    private int _leaks;

    public int Requests => _requests;

    /// <summary>Answers of 5xx but for a 503 that says when to come back.</summary>
    public int Failures => _failures;

    public int Hangs => _hangs;

    public int Leaks => _leaks;

    public double Seconds { get; set; }

    public IReadOnlyCollection<FuzzFinding> Findings => _findings;

    public bool IsClean => Failures + Hangs + Leaks == 0;

    /// <param name="status">0 for a connection that was closed without an answer.</param>
    public void Count(int status)
    {
        Interlocked.Increment(ref _requests);
        _byStatus.AddOrUpdate(status, 1, (_, count) => count + 1);
    }

    public void AddFailure(FuzzFinding finding) => Add(ref _failures, finding);

    public void AddHang(FuzzFinding finding) => Add(ref _hangs, finding);

    public void AddLeak(FuzzFinding finding) => Add(ref _leaks, finding);

    public JsonObject ToJson() => new()
    {
        ["requests"] = Requests,
        ["http_500"] = Failures,
        ["hangs"] = Hangs,
        ["leaks"] = Leaks,
        ["by_status"] = new JsonObject(_byStatus.OrderBy(pair => pair.Key).Select(pair => KeyValuePair.Create(pair.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)pair.Value))),
        ["seed"] = seed,
        ["seconds"] = Math.Round(Seconds, 1),
    };

    private void Add(ref int count, FuzzFinding finding)
    {
        Interlocked.Increment(ref count);
        if (_findings.Count < Kept)
            _findings.Enqueue(finding);
    }
}

/// <summary>Asks a service whatever its OpenAPI document gives the idea of, as several callers at once, and watches for failures, silence and what should stay inside.</summary>
internal sealed class Fuzzer(Uri address, IReadOnlyList<FuzzCaller> callers, IReadOnlyCollection<string> secrets, TimeProvider time)
{
    private const string DocumentPath = "/openapi.json";

    /// <summary>Requests after which a caller is somebody else of the same role.</summary>
    internal const int Round = 100;

    /// <summary>Longer than any route waits by itself.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    public int Parallel { get; init; } = 8;

    /// <summary>Who first sends each hostile value in each place; null leaves that out.</summary>
    public FuzzCaller? Thorough { get; init; }

    /// <summary>One in so many requests opens a socket instead and misbehaves on it; 0 for a server that has none.</summary>
    public int SocketEvery { get; init; }

    public async Task<FuzzReport> RunAsync(int requests, int seed, CancellationToken cancellationToken)
    {
        var routes = FuzzRoute.Read(await DocumentAsync(cancellationToken));
        var ids = new SeenIds();
        var maker = new RequestMaker(routes, ids, address.Authority);
        var leaks = new LeakSigns(secrets);
        var sockets = new SocketAttack(address);
        var report = new FuzzReport(seed);
        var started = time.GetTimestamp();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => Task.Run(WorkAsync, cancellationToken)));
        report.Seconds = time.GetElapsedTime(started).TotalSeconds;
        return report;

        async Task WorkAsync()
        {
            using var line = new RawHttp(address);
            while (Interlocked.Increment(ref next) is var number && number < requests)
            {
                // The number alone decides what is chosen; only which ids were seen by then depends on the others.
                var random = new Random(HashCode(seed, number));
                var thorough = Thorough is not null && number < maker.ThoroughCount;
                var caller = thorough ? Thorough! : callers[random.Next(callers.Count)];
                var token = caller.Token(number / Round);
                if (SocketEvery > 0 && !thorough && number % SocketEvery == 0)
                {
                    await OpenAsync(line, caller, token, random);
                    continue;
                }

                var request = thorough ? maker.Thorough(number, random, token) : maker.Next(random, token);
                await AskAsync(line, caller, token, request, random);
            }
        }

        async Task OpenAsync(RawHttp line, FuzzCaller caller, string? token, Random random)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            try
            {
                var (request, answer) = await sockets.RunAsync(line, token, random, patience.Token);
                report.Count(answer?.Status ?? 0);
                if (answer?.Status >= 500 && !(answer.Status == 503 && answer.Announces))
                    report.AddFailure(FuzzFinding.Of($"status {answer.Status} to a socket", caller, token, request, answer));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                report.Count(0);
                report.AddHang(FuzzFinding.Of($"a socket was not ended within {Patience.TotalSeconds} s", caller, token, [], null));
            }
        }

        async Task AskAsync(RawHttp line, FuzzCaller caller, string? token, byte[] request, Random random)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            try
            {
                var answer = await line.AskAsync(request, patience.Token);
                report.Count(answer?.Status ?? 0);
                if (answer is null)
                    return;
                if (answer.Status >= 500 && !(answer.Status == 503 && answer.Announces))
                    report.AddFailure(FuzzFinding.Of($"status {answer.Status}", caller, token, request, answer));
                if (leaks.Find(answer) is { } leak)
                    report.AddLeak(FuzzFinding.Of($"leak: {leak}", caller, token, request, answer));
                if (answer.Status < 300)
                    ids.Learn(answer.Body, random);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                report.Count(0);
                report.AddHang(FuzzFinding.Of($"no answer within {Patience.TotalSeconds} s", caller, token, request, null));
            }
        }
    }

    /// <summary>The same in every process, unlike the framework's.</summary>
    private static int HashCode(int seed, int number) => unchecked((seed * 0x01000193) ^ (number * (int)0x9E3779B1));

    private async Task<JsonNode> DocumentAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = address };
        return JsonNode.Parse(await http.GetStringAsync(DocumentPath, cancellationToken)) ?? throw new ScenarioException("the OpenAPI document is empty");
    }
}
