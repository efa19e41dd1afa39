using System.Globalization;
using System.Text.Json;
using Integrations.Bench.Journey;
using Integrations.Bench.Product;

namespace Integrations.Bench.Circuits;

/// <summary>
/// Measures one copy of the console with many pages open: what a circuit costs in memory, and how long it takes from a message that is written
/// on a telephone until every page that shows its dialog has been sent it. Five windows each, so that no user reaches his limit of event streams.
/// </summary>
internal sealed class ConsoleScenario(TimeProvider time, int circuits, int seconds, string? file)
{
    private const int Windows = 5;
    private const int UpdatesPerSecond = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // Long enough for what opening pages left behind to be collected, or to be seen to stay.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        var users = (circuits + Windows - 1) / Windows;
        await using var product = await ProductProcess.StartNewAsync(ct, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Sandbox__ExtraPeople"] = users.ToString(CultureInfo.InvariantCulture),
        });
        var (_, tenant) = await Office.OpenAsync(product.Addresses, ct);
        using var phone = new PhoneClient(product.Addresses.Sandbox, product.Addresses.SandboxToken);
        var people = await phone.PeopleAsync(ct);
        var writer = people["boris"];
        List<Seat> seats = [];
        for (var i = 1; i <= users; i++)
            seats.Add(await Seat.TakeAsync(product.Addresses, tenant, 2000 + i, people[$"person{i}"], phone, writer, time, ct));

        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = product.Addresses.Web };
        var pid = product.Addresses.Pids("web").Single();
        var (html, live, updates, bursts) = (new Percentiles(), new Percentiles(), new Percentiles(), new Percentiles());

        // Everything that is only once, the compiled code above all, belongs to no circuit: as many pages as there will be users come and go first.
        foreach (var circuit in await OpenAsync(http, seats, ct))
            await circuit.DisposeAsync();
        List<Circuit> open = [];
        open.AddRange(await OpenAsync(http, [.. seats.Take(Windows)], ct));
        var few = (Count: open.Count, Memory: await SettledAsync(pid, ct));
        for (var window = 0; window < Windows; window++)
            open.AddRange(await OpenAsync(http, window == 0 ? [.. seats.Skip(Windows)] : seats, ct));
        open = [.. open.Take(circuits)];
        foreach (var circuit in open)
        {
            html.Add(circuit.HtmlTime);
            live.Add(circuit.LiveTime);
        }

        var many = (Count: open.Count, Memory: await SettledAsync(pid, ct));
        await UpdateAsync(phone, writer, seats, open, updates, ct);
        for (var round = 0; round < 5; round++)
            await BurstAsync(phone, writer, seats, open, bursts, ct);
        var after = await SettledAsync(pid, ct);

        await ReportAsync(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["circuits"] = open.Count,
            ["users"] = users,
            ["kb_per_circuit"] = Math.Round((many.Memory - few.Memory) / 1024d / (many.Count - few.Count), 1),
            ["kb_per_circuit_after_updates"] = Math.Round((after - few.Memory) / 1024d / (many.Count - few.Count), 1),
            ["web_memory_mb"] = new { few = few.Memory >> 20, all = many.Memory >> 20, after_updates = after >> 20 },
            ["updates"] = updates.Count,
            ["update_p50_ms"] = updates.At(50),
            ["update_p99_ms"] = updates.At(99),
            ["all_at_once_p50_ms"] = bursts.At(50),
            ["all_at_once_p99_ms"] = bursts.At(99),
            ["html_p50_ms"] = html.At(50),
            ["html_p99_ms"] = html.At(99),
            ["live_p50_ms"] = live.At(50),
            ["live_p99_ms"] = live.At(99),
        }, ct);
        await Task.WhenAll(open.Select(circuit => circuit.DisposeAsync().AsTask()));
        foreach (var seat in seats)
            seat.Api.Dispose();
        return 0;
    }

    private async Task ReportAsync(Dictionary<string, object> result, CancellationToken ct)
    {
        var json = JsonSerializer.Serialize(result, Json.Indented);
        Console.WriteLine(json);
        if (file is not null)
            await File.WriteAllTextAsync(file, json + "\n", ct);
    }

    /// <summary>One page for each seat, in their order, two at a time.</summary>
    private async Task<Circuit[]> OpenAsync(HttpClient http, IReadOnlyList<Seat> seats, CancellationToken ct)
    {
        using var places = new SemaphoreSlim(2);
        return await Task.WhenAll(seats.Select(async seat =>
        {
            await places.WaitAsync(ct);
            try
            {
                return await Circuit.OpenAsync(http, seat.Api.Bearer!, seat.Path, seat.Greeting, time, ct);
            }
            finally
            {
                places.Release();
            }
        }));
    }

    // Steadily, to one user after another.
    private async Task UpdateAsync(PhoneClient phone, Person writer, List<Seat> seats, List<Circuit> open, Percentiles samples, CancellationToken ct)
    {
        List<Task<TimeSpan[]>> under = [];
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1d / UpdatesPerSecond), time);
        for (var i = 0; i < seconds * UpdatesPerSecond && await pace.WaitForNextTickAsync(ct); i++)
            under.Add(WriteAsync(phone, writer, seats, open, i % seats.Count, ct));
        foreach (var sample in (await Task.WhenAll(under)).SelectMany(taken => taken))
            samples.Add(sample);
    }

    // To everybody at the same moment.
    private async Task BurstAsync(PhoneClient phone, Person writer, List<Seat> seats, List<Circuit> open, Percentiles samples, CancellationToken ct)
    {
        foreach (var sample in (await Task.WhenAll(Enumerable.Range(0, seats.Count).Select(i => WriteAsync(phone, writer, seats, open, i, ct)))).SelectMany(taken => taken))
            samples.Add(sample);
    }

    /// <summary>Writes to one seat; how long each of its pages took to be sent it.</summary>
    private async Task<TimeSpan[]> WriteAsync(PhoneClient phone, Person writer, List<Seat> seats, List<Circuit> open, int seat, CancellationToken ct)
    {
        var text = $"update {Guid.CreateVersion7(time.GetUtcNow())}";
        // The first windows were opened in the order of the seats, and so was every further one.
        var seen = open.Where((_, i) => i % seats.Count == seat).Select(circuit => circuit.SeesAsync(text)).ToArray();
        var began = time.GetTimestamp();
        await phone.WriteAsync(writer, seats[seat].Person, text, ct);
        var arrived = await Task.WhenAll(seen).WaitAsync(Limit, ct);
        return [.. arrived.Select(at => time.GetElapsedTime(began, at))];
    }

    /// <summary>The process's own memory (RssAnon) once it has stopped falling: what it holds, with whatever the collector keeps for later.</summary>
    private async Task<long> SettledAsync(int pid, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Settling, time);
        await timer.WaitForNextTickAsync(ct);
        for (var before = Memory(pid); ;)
        {
            await timer.WaitForNextTickAsync(ct);
            var now = Memory(pid);
            if (now > before * 0.98)
                return Math.Min(now, before);
            before = now;
        }
    }

    private static long Memory(int pid) =>
        1024 * long.Parse(
            File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
}
