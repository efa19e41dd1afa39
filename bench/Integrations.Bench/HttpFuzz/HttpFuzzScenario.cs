using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Integrations.Bench.Product;

namespace Integrations.Bench.HttpFuzz;

/// <summary>Attacks the whole HTTP interface of a copy of the product of its own with wrong requests, as strangers and as users of two tenants.</summary>
internal sealed class HttpFuzzScenario(TimeProvider time, int requests, int seed, bool knownBug, string? file)
{
    private static readonly string[] Roles = ["viewer", "operator", "admin", "owner"];

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var report = knownBug ? await AttackKnownBugAsync(cancellationToken) : await AttackProductAsync(cancellationToken);
            foreach (var finding in report.Findings)
                Console.Error.WriteLine(finding);
            var json = report.ToJson().ToJsonString(Json.Indented);
            Console.WriteLine(json);
            if (file is not null)
                await File.WriteAllTextAsync(file, json + "\n", cancellationToken);
            return report.IsClean ? 0 : 1;
        }
        catch (Exception e) when (e is ScenarioException or HttpRequestException or IOException)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
    }

    private async Task<FuzzReport> AttackKnownBugAsync(CancellationToken cancellationToken)
    {
        await using var server = new KnownBugServer();
        return await new Fuzzer(server.Address, [new("anonymous", _ => null)], [], time) { Patience = TimeSpan.FromSeconds(2) }.RunAsync(requests, seed, cancellationToken);
    }

    private async Task<FuzzReport> AttackProductAsync(CancellationToken cancellationToken)
    {
        await using var product = await ProductProcess.StartNewAsync(cancellationToken, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            // What is looked for is behind the limits.
            ["RATE_LIMIT_ENABLED"] = "false",
        });
        var addresses = product.Addresses;
        var (_, tenant) = await Office.OpenAsync(addresses, cancellationToken);
        var another = await AddTenantAsync(addresses, cancellationToken);
        var (keys, sessions) = await CredentialsAsync(addresses, tenant, 1 + (requests / Fuzzer.Round), cancellationToken);
        string? TokenOf(Guid of, int userId, string role) => ApiClient.Jwt(addresses.JwtSecret, of, userId, role, time);
        List<FuzzCaller> callers =
        [
            new("anonymous", _ => null),
            .. Roles.Select((role, i) => new FuzzCaller(role, round => TokenOf(tenant, 10_000 + (round * 10) + i, role))),
            new("key of an owner", round => keys[round]),
            new("owner by a session", round => sessions[round]),
            new("owner of another tenant", round => TokenOf(another, 10_000 + (round * 10), "owner")),
        ];
        return await new Fuzzer(addresses.Api, callers, [addresses.JwtSecret, addresses.InternalKey, addresses.SandboxToken], time) { Parallel = 32, SocketEvery = 50, Thorough = callers.Find(caller => caller.Name == "owner") }
            .RunAsync(requests, seed, cancellationToken);
    }

    /// <summary>An API key with every scope and a session of the console for each round, each of an owner of its own, since what is fuzzed may well revoke and end them.</summary>
    private static async Task<(string[] Keys, string[] Sessions)> CredentialsAsync(ProductAddresses addresses, Guid tenant, int rounds, CancellationToken cancellationToken)
    {
        string[] Tokens(string prefix) => [.. Enumerable.Range(0, rounds).Select(_ => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)))];
        byte[][] Hashes(string[] tokens) => [.. tokens.Select(token => SHA256.HashData(Encoding.UTF8.GetBytes(token)))];
        var (keys, sessions) = (Tokens("int_"), Tokens("ses_"));
        await using var source = Npgsql.NpgsqlDataSource.Create(addresses.Database);
        await using var command = source.CreateCommand(
            """
            with people as (insert into users (id, tenant_id, user_id, subject, email, role, password_hash)
                            select gen_random_uuid(), $1, 1500000000 + n, 'fuzz:' || n, 'fuzz' || n || '@example.org', 'owner', 'none' from generate_series(1, cardinality($2)) n)
               , made as (insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by)
                          select gen_random_uuid(), $1, 1500000000 + k.n, 'Fuzz', 'int_', k.hash, array['read', 'send', 'connect', 'manage'], 1500000000 + k.n from unnest($2) with ordinality k (hash, n))
            insert into console_sessions (token_hash, tenant_id, user_id, expires_at)
            select s.hash, $1, 1500000000 + s.n, now() + interval '1 day' from unnest($3) with ordinality s (hash, n)
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = Hashes(keys) });
        command.Parameters.Add(new() { Value = Hashes(sessions) });
        await command.ExecuteNonQueryAsync(cancellationToken);
        return (keys, sessions);
    }

    /// <summary>There is no route for it: a customer comes by a contract.</summary>
    private static async Task<Guid> AddTenantAsync(ProductAddresses addresses, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7();
        await using var source = Npgsql.NpgsqlDataSource.Create(addresses.Database);
        await using var command = source.CreateCommand("insert into tenants (id, name) values ($1, 'Another')");
        command.Parameters.Add(new() { Value = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
        return id;
    }
}
