using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Integrations.Bench.Journey;
using Integrations.Bench.Product;

namespace Integrations.Bench.Mirror;

/// <summary>
/// Measures a working group on a copy of the product: from a person's phone to the topic and from the operator's answer to the person, unloaded; then under
/// more messages than Telegram lets the bots post one by one, where every message has to come, in its order, and no later than the page foretold.
/// </summary>
internal sealed partial class MirrorScenario(MirrorOptions options, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(10);

    /// <summary>Two bots may post forty times a minute, and a round takes up to three posts: more often it would be the limit that is measured.</summary>
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(5);

    /// <summary>How often the foretold delay is written down.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var product = await ProductProcess.StartNewAsync(
            ct, new Dictionary<string, string>(StringComparer.Ordinal) { ["Sandbox__ExtraPeople"] = options.Dialogs.ToString(CultureInfo.InvariantCulture) });
        using var phone = new PhoneClient(product.Addresses.Sandbox, product.Addresses.SandboxToken);
        var people = await phone.PeopleAsync(ct);
        var (office, _) = await Office.OpenAsync(product.Addresses, ct);
        var project = await SetUpAsync(office, phone, people, ct);
        await using var group = new WatchedGroup(phone, people["boris"], time);

        var (copied, answered) = (new Percentiles(), new Percentiles());
        await MeasureRoundsAsync(phone, group, people, copied, answered, ct);
        var loaded = await LoadAsync(office, project, phone, group, people, ct);

        var figures = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["rounds"] = copied.Count,
            ["person_to_topic_p50_ms"] = copied.At(50),
            ["person_to_topic_p99_ms"] = copied.At(99),
            ["answer_to_person_p50_ms"] = answered.At(50),
            ["answer_to_person_p99_ms"] = answered.At(99),
            ["written"] = loaded.Written,
            ["posts"] = loaded.Posts,
            ["lost"] = loaded.Lost,
            ["duplicated"] = loaded.Duplicated,
            ["out_of_order"] = loaded.Disordered,
            ["most_waiting"] = loaded.MostWaiting,
            ["foretold_max_s"] = Math.Round(loaded.Delays.Max(delay => delay.Foretold), 1),
            ["measured_max_s"] = Math.Round(loaded.Delays.Max(delay => delay.Measured), 1),
            ["foretold_less_measured_p50_s"] = Middle(loaded.Delays.Select(delay => delay.Foretold - delay.Measured)),
            ["measured_beyond_foretold_max_s"] = Math.Round(loaded.Delays.Max(delay => delay.Measured - delay.Foretold), 1),
            ["drain_foretold_s"] = Math.Round(loaded.DrainForetold, 1),
            ["drain_measured_s"] = Math.Round(loaded.DrainMeasured, 1),
        };
        var json = JsonSerializer.Serialize(figures, Json.Indented);
        Console.WriteLine(json);
        if (options.File is not null)
            await File.WriteAllTextAsync(options.File, json + "\n", ct);
        return loaded is { Lost: 0, Duplicated: 0, Disordered: 0 } ? 0 : 1;
    }

    private async Task<string> SetUpAsync(Office office, PhoneClient phone, IReadOnlyDictionary<string, Person> people, CancellationToken ct)
    {
        var (anna, boris) = (people["anna"], people["boris"]);
        await office.RaiseLimitsAsync(ct);
        var (account, url) = await office.StartQrAsync(ct);
        await phone.ScanAsync(anna, url, ct);
        await Office.UntilAsync("the account is active", async () => (await office.AccountAsync(account, ct)).Body.OptionalText("status") == "active", Limit, ct);
        var project = (await office.Api.PostAsync("api/v1/projects", new { name = "Shop" }, ct)).Expect(HttpStatusCode.Created).Body.Text("id");
        await office.ChangeAccountAsync(account, new { project_id = project }, ct);

        await phone.SortIntoTopicsAsync(boris, WatchedGroup.Room, ct);
        List<string> bots = [];
        for (var number = 1; number <= options.Bots; number++)
        {
            var (id, token) = await phone.MakeBotAsync(anna, $"Helper {number}", string.Create(CultureInfo.InvariantCulture, $"helper{number}_bot"), ct);
            await phone.AdmitAsync(boris, WatchedGroup.Room, id, "can_manage_topics", ct);
            bots.Add((await office.Api.PostAsync("api/v1/telegram/bots", new { bot_token = token, project_id = project }, ct)).Expect(HttpStatusCode.Created).Body.Text("id"));
        }

        (await office.Api.PutAsync($"api/v1/projects/{project}/working-group", new { bots, chat = "@town_square" }, ct)).Expect(HttpStatusCode.OK);
        // What the bots were told of their coming is still on its way, and the oldest of it says that they may do nothing yet.
        await Office.UntilAsync(
            "mirroring is on", async () => (await office.Api.PatchAsync($"api/v1/projects/{project}", new { mirroring = true }, ct)).Status is HttpStatusCode.OK, Limit, ct);
        return project;
    }

    private async Task MeasureRoundsAsync(
        PhoneClient phone, WatchedGroup group, IReadOnlyDictionary<string, Person> people, Percentiles copied, Percentiles answered, CancellationToken ct)
    {
        var (anna, boris, writer) = (people["anna"], people["boris"], people["person1"]);
        using var pause = new PeriodicTimer(BetweenRounds, time);
        // The first makes the topic and warms everything up; it is not counted.
        for (var round = 0; round <= options.Rounds; round++)
        {
            var question = $"question {round} {Guid.CreateVersion7()}";
            var written = time.GetTimestamp();
            await phone.WriteAsync(writer, anna, question, ct);
            var copy = await group.UntilAsync(question, Limit, ct);
            var copiedAfter = time.GetElapsedTime(written, copy.SeenAt);

            var answer = $"answer {round} {Guid.CreateVersion7()}";
            var spoken = time.GetTimestamp();
            await phone.AnswerAsync(boris, WatchedGroup.Room, answer, copy.Id, ct);
            await Office.UntilAsync("the answer is with the person", async () => await phone.CountAsync(writer, anna, answer, ct) == 1, Limit, ct);
            if (round > 0)
            {
                copied.Add(copiedAfter);
                answered.Add(time.GetElapsedTime(spoken));
            }

            await pause.WaitForNextTickAsync(ct);
        }
    }

    private async Task<Loaded> LoadAsync(
        Office office, string project, PhoneClient phone, WatchedGroup group, IReadOnlyDictionary<string, Person> people, CancellationToken ct)
    {
        var anna = people["anna"];
        var before = group.Count;
        var total = options.PerMinute * options.Minutes;
        var written = 0;
        List<Look> looks = [];
        using var ended = new CancellationTokenSource();
        var looking = LookAsync(office, project, () => Volatile.Read(ref written), looks, ended.Token, ct);

        using (var pause = new PeriodicTimer(TimeSpan.FromMinutes(1) / options.PerMinute, time))
        {
            for (; written < total; Volatile.Write(ref written, written + 1))
            {
                var dialog = (written % options.Dialogs) + 1;
                await phone.WriteAsync(people[$"person{dialog}"], anna, $"[{dialog}:{(written / options.Dialogs) + 1}] Good morning, where is my order, please?", ct);
                await pause.WaitForNextTickAsync(ct);
            }
        }

        var end = time.GetTimestamp();
        var foretold = (await BacklogAsync(office, project, ct)).Delay;
        await Office.UntilAsync("nothing waits any more", async () => (await BacklogAsync(office, project, ct)).Waiting == 0, DrainLimit, ct);
        var drained = time.GetElapsedTime(end);
        await ended.CancelAsync();
        await looking;
        await group.UntilQuietAsync(ct);
        return Judge(group, before, total, looks, foretold, drained.TotalSeconds);
    }

    private async Task LookAsync(Office office, string project, Func<int> written, List<Look> looks, CancellationToken ended, CancellationToken ct)
    {
        using var pause = new PeriodicTimer(BetweenLooks, time);
        try
        {
            while (await pause.WaitForNextTickAsync(ended))
            {
                var (newest, at) = (written(), time.GetTimestamp());
                var (waiting, delay) = await BacklogAsync(office, project, ct);
                looks.Add(new Look(at, newest, waiting, delay));
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The load has ended.
        }
    }

    private Loaded Judge(WatchedGroup group, int before, int total, List<Look> looks, double drainForetold, double drainMeasured)
    {
        var posts = group.Posts.Skip(before).ToArray();
        var seen = new Dictionary<(int Dialog, int Number), long>();
        var last = new Dictionary<int, int>();
        var (duplicated, disordered, copies) = (0, 0, 0);
        foreach (var post in posts)
        {
            var marks = Mark().Matches(post.Text);
            copies += marks.Count > 0 ? 1 : 0;
            foreach (var mark in marks.Cast<Match>())
            {
                var (dialog, number) = (int.Parse(mark.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(mark.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
                if (!seen.TryAdd((dialog, number), post.SeenAt))
                    duplicated++;
                if (last.TryGetValue(dialog, out var newest) && number < newest)
                    disordered++;
                last[dialog] = number;
            }
        }

        // What was foretold at a look concerns whatever had been written by then.
        var delays = looks.Where(look => look.Waiting > 0).Select(look => new Delay(
            look.Foretold,
            Math.Max(0, Written(look.Newest).Where(seen.ContainsKey).Select(mark => time.GetElapsedTime(look.At, seen[mark]).TotalSeconds).DefaultIfEmpty(0).Max()))).ToArray();
        if (delays.Length == 0)
            throw new ScenarioException("nothing ever waited: this was no pressure");
        return new Loaded(total, copies, total - seen.Count, duplicated, disordered, looks.Max(look => look.Waiting), delays, drainForetold, drainMeasured);
    }

    private IEnumerable<(int Dialog, int Number)> Written(int newest) =>
        Enumerable.Range(0, newest).Select(index => ((index % options.Dialogs) + 1, (index / options.Dialogs) + 1));

    private static async Task<(long Waiting, double Delay)> BacklogAsync(Office office, string project, CancellationToken ct)
    {
        var queue = (await office.Api.GetAsync($"api/v1/projects/{project}/working-group", ct)).Expect(HttpStatusCode.OK).Body!["queue"]!;
        return (queue["waiting"]!.GetValue<long>(), queue["delay_seconds"]?.GetValue<double>() ?? throw new ScenarioException("no bot can post"));
    }

    private static double Middle(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return Math.Round(sorted[sorted.Length / 2], 1);
    }

    [GeneratedRegex(@"\[(\d+):(\d+)\]")]
    private static partial Regex Mark();

    /// <summary>What the page said once.</summary>
    /// <param name="Newest">How many had been written by then.</param>
    private sealed record Look(long At, int Newest, long Waiting, double Foretold);

    private sealed record Delay(double Foretold, double Measured);

    private sealed record Loaded(
        int Written, int Posts, int Lost, int Duplicated, int Disordered, long MostWaiting, IReadOnlyList<Delay> Delays, double DrainForetold, double DrainMeasured);
}

/// <summary>How much is written.</summary>
internal sealed record MirrorOptions
{
    /// <summary>Questions with their answers, unloaded.</summary>
    public required int Rounds { get; init; }

    /// <summary>How long the pressure lasts.</summary>
    public required int Minutes { get; init; }

    public required string? File { get; init; }

    public int PerMinute { get; init; } = 200;

    public int Dialogs { get; init; } = 10;

    public int Bots { get; init; } = 2;
}

/// <summary>The working group as an operator sees it on the phone, each message with the moment in which it was there.</summary>
internal sealed class WatchedGroup : IAsyncDisposable
{
    /// <summary>The sandbox's town square, which is boris's.</summary>
    public const string Room = "c3000001";

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    private readonly ConcurrentQueue<SeenPost> _posts = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly Task _watching;

    public WatchedGroup(PhoneClient phone, Person operatorPhone, TimeProvider time)
    {
        _time = time;
        _watching = WatchAsync(phone, operatorPhone, _stop.Token);
    }

    /// <summary>In order of appearance.</summary>
    public IEnumerable<SeenPost> Posts => _posts;

    public int Count => _posts.Count;

    public async Task<SeenPost> UntilAsync(string words, TimeSpan limit, CancellationToken ct)
    {
        SeenPost? found = null;
        await Office.UntilAsync(
            $"'{words}' is in the group",
            () =>
            {
                if (_watching.IsFaulted)
                    throw _watching.Exception.InnerException!;
                found = _posts.LastOrDefault(post => post.Text.Contains(words, StringComparison.Ordinal));
                return Task.FromResult(found is not null);
            },
            limit,
            ct);
        return found!;
    }

    /// <summary>Waits until nothing has come for a while.</summary>
    public async Task UntilQuietAsync(CancellationToken ct)
    {
        using var pause = new PeriodicTimer(Quiet, _time);
        for (var known = -1; known != Count; await pause.WaitForNextTickAsync(ct))
            known = Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(PhoneClient phone, Person reader, CancellationToken ct)
    {
        try
        {
            var (newest, version) = (0, 0L);
            while (true)
            {
                foreach (var (id, text) in await phone.MessagesAsync(reader, Room, newest, ct))
                {
                    newest = id;
                    _posts.Enqueue(new SeenPost(id, text, _time.GetTimestamp()));
                }

                version = await phone.ChangedSinceAsync(version, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Nobody watches any more.
        }
    }
}

/// <summary>A message of the group.</summary>
/// <param name="SeenAt">A timestamp of the clock.</param>
internal sealed record SeenPost(int Id, string Text, long SeenAt);
