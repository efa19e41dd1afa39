extern alias bench;

using bench::Integrations.Bench.HttpFuzz;
using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Http;

/// <summary>A part of the attack that <c>bench/run http-fuzz</c> carries out at length, always the same part.</summary>
[Collection(ApiCollection.Name)]
public sealed class FuzzTests(ApiHost host)
{
    private static readonly string[] Roles = ["viewer", "operator", "admin", "owner"];
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_makes_it_fail_or_hang_or_tell_how_it_is_made()
    {
        // What users do to themselves and to each other there must not be in another test's way.
        var (tenant, another) = (await host.AddTenantAsync(), await host.AddTenantAsync());
        await using var copy = host.StartCopy(("RATE_LIMIT_ENABLED", "false"));
        List<FuzzCaller> callers =
        [
            new("anonymous", _ => null),
            .. Roles.Select((role, i) => new FuzzCaller(role, round => ApiHost.Jwt(10_000 + (round * 10) + i, role, tenant))),
            new("owner of another tenant", round => ApiHost.Jwt(10_000 + (round * 10), "owner", another)),
        ];

        var report = await new Fuzzer(copy.Address, callers, [ApiHost.JwtSecret, ApiHost.InternalKey], TimeProvider.System) { SocketEvery = 10 }.RunAsync(requests: 2000, seed: 1, _cancel);

        TestContext.Current.TestOutputHelper?.WriteLine(report.ToJson().ToString());
        Assert.True(report.IsClean, $"{report.ToJson()}\n{string.Join('\n', report.Findings.Take(5))}");
        Assert.Equal(2000, report.Requests);
    }

    [Fact]
    public async Task Bugs_that_are_known_are_found()
    {
        await using var server = new KnownBugServer();
        var fuzzer = new Fuzzer(server.Address, [new("anonymous", _ => null)], ["a secret"], TimeProvider.System) { Patience = TimeSpan.FromMilliseconds(500) };

        var report = await fuzzer.RunAsync(requests: 1000, seed: 1, _cancel);

        Assert.True(report is { Failures: > 0, Leaks: > 0, Hangs: > 0, IsClean: false }, report.ToJson().ToString());
        var failure = report.Findings.First(finding => finding.Kind == "status 500");
        Assert.StartsWith("POST /names HTTP/1.1\n", failure.Request, StringComparison.Ordinal);
        Assert.Contains("u0000", failure.Request, StringComparison.Ordinal);
    }
}
