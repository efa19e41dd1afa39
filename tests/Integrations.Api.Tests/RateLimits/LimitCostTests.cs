using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.RateLimits;

/// <summary>What limiting costs a request: two copies of the Api, with and without it, asked in turns.</summary>
[Collection(ApiCollection.Name)]
public sealed class LimitCostTests(ApiHost host)
{
    private const int Rounds = 1000;

    [Fact]
    public async Task Counting_a_request_costs_a_round_trip_to_Redis_and_no_more()
    {
        await using var limited = host.StartCopy();
        await using var free = host.StartCopy(("RATE_LIMIT_ENABLED", "false"));
        using var one = new TestClient(limited.Address, host.OwnerToken);
        using var other = new TestClient(free.Address, host.OwnerToken);
        var (with, without) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var round = -100; round < Rounds; round++)
        {
            // The first hundred compile.
            await AskAsync(one, round < 0 ? [] : with);
            await AskAsync(other, round < 0 ? [] : without);
        }

        await File.WriteAllTextAsync(
            Path.Combine(Results(), "limit-cost.txt"),
            $"{Rounds} x GET /api/v1/auth/me, ms at p50 / p99: limited {At(with, 50):0.00} / {At(with, 99):0.00}, not limited {At(without, 50):0.00} / {At(without, 99):0.00}\n",
            TestContext.Current.CancellationToken);
        // Far from the measured value, so that only something else than a round trip fails it.
        Assert.InRange(At(with, 50) - At(without, 50), -25, 25);
    }

    private static async Task AskAsync(TestClient client, List<TimeSpan> times)
    {
        var began = TimeProvider.System.GetTimestamp();
        (await client.GetAsync("/api/v1/auth/me")).Expect(200);
        times.Add(TimeProvider.System.GetElapsedTime(began));
    }

    private static double At(List<TimeSpan> times, int percent) => times.Order().ElementAt(times.Count * percent / 100).TotalMilliseconds;

    private static string Results()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Integrations.sln")))
            root = root.Parent ?? throw new InvalidOperationException("The tests run from inside the repository.");
        return Directory.CreateDirectory(Path.Combine(root.FullName, "TestResults")).FullName;
    }
}
