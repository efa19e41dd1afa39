using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Integrations.Bench.Product;

namespace Integrations.Web.Tests.Leaks;

/// <summary>Everything that a running product has written anywhere: the database's dump, Redis, the files of the queues, logs.</summary>
internal sealed class StoredBytes(ProductProcess product)
{
    /// <summary>
    /// Whose business it is to know secrets and people: the keys, the hosts' own passwords, the simulated Telegram, and the database's own files,
    /// which are looked at as a dump.
    /// </summary>
    private static readonly string[] Keepers = ["keys", "sandbox", "parameters.json", "postgres"];

    public async IAsyncEnumerable<(string Place, byte[] Bytes)> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        yield return ("the database", await DumpAsync(ct));
        yield return ("Redis", await RedisAsync(ct));
        foreach (var file in Directory.EnumerateFiles(product.DataDirectory, "*", SearchOption.AllDirectories)
            .Where(file => !Keepers.Contains(Path.GetRelativePath(product.DataDirectory, file).Split('/')[0]) && Path.GetFileName(file) is not "lock")
            .Append(product.ConsoleLog))
        {
            if (await ReadAsync(file, ct) is { } bytes)
                yield return (Path.GetFileName(file), bytes);
        }
    }

    public Task<byte[]> DumpAsync(CancellationToken ct)
    {
        var database = new Npgsql.NpgsqlConnectionStringBuilder(product.Addresses.Database);
        return OutputAsync(
            "/usr/lib/postgresql/15/bin/pg_dump",
            ["-h", database.Host!, "-p", database.Port.ToString(CultureInfo.InvariantCulture), "-U", database.Username!, database.Database!],
            ("PGPASSWORD", database.Password!),
            ct);
    }

    /// <summary>Every key and what stands under it.</summary>
    private Task<byte[]> RedisAsync(CancellationToken ct)
    {
        var (port, password) = product.Addresses.Redis;
        const string All =
            "local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do local kind = redis.call('TYPE', key)['ok'] all[#all + 1] = key "
            + "if kind == 'string' then all[#all + 1] = redis.call('GET', key) elseif kind == 'hash' then for _, v in ipairs(redis.call('HGETALL', key)) do all[#all + 1] = v end "
            + "elseif kind == 'set' then for _, v in ipairs(redis.call('SMEMBERS', key)) do all[#all + 1] = v end "
            + "elseif kind == 'zset' then for _, v in ipairs(redis.call('ZRANGE', key, 0, -1)) do all[#all + 1] = v end "
            + "else all[#all + 1] = redis.call('DUMP', key) end end return all";
        return OutputAsync("redis-cli", ["-p", port.ToString(CultureInfo.InvariantCulture), "--raw", "EVAL", All, "0"], ("REDISCLI_AUTH", password), ct);
    }

    private static async Task<byte[]> OutputAsync(string program, string[] arguments, (string Name, string Value) environment, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[environment.Name] = environment.Value;
        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.StandardOutput.BaseStream.CopyToAsync(output, ct);
        await process.WaitForExitAsync(ct);
        Assert.True(process.ExitCode == 0, await errors);
        return output.ToArray();
    }

    private static async Task<byte[]?> ReadAsync(string file, CancellationToken ct)
    {
        try
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, ct);
            return bytes.ToArray();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // A server's own file that it has removed meanwhile.
            return null;
        }
    }
}
