using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Telegram.Bots;

/// <summary>Whose webhook an address is.</summary>
/// <param name="SecretHash">Null where the address has the token in it and Telegram was never told a secret: then the token is the proof.</param>
public sealed record BotHook(TenantId Tenant, Guid BotId, int Shard, byte[]? SecretHash)
{
    /// <summary>Compared by digest and in constant time: how long it takes tells nothing of the secret.</summary>
    public bool IsSecret(string? presented) =>
        SecretHash is null || CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented ?? "")), SecretHash);
}

/// <summary>Finds whose webhook an address is, and remembers it for a short while.</summary>
/// <remarks>What leads nowhere is not remembered: anybody may ask for anything, and would fill the memory.</remarks>
public sealed class BotHooks(TenantDatabase database, ISecretProtector secrets, TelegramBotOptions options, TimeProvider time)
{
    /// <summary>Addresses that are remembered; past it all are forgotten and found again.</summary>
    private const int Capacity = 50_000;

    private readonly ConcurrentDictionary<string, Remembered> _known = new(StringComparer.Ordinal);

    /// <param name="hookId">The opaque id in the address.</param>
    public ValueTask<BotHook?> FindAsync(string hookId, CancellationToken cancellationToken) =>
        FindAsync(hookId, ct => AskAsync("select * from doors.resolve_bot_hook($1)", new NpgsqlParameter<string> { TypedValue = hookId }, ct), cancellationToken);

    /// <summary>By the token that stands in the older address. In memory it is kept as a digest only.</summary>
    public async ValueTask<BotHook?> FindByTokenAsync(BotApi.BotToken token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        var fingerprint = await secrets.FingerprintAsync(ConnectBot.FingerprintPurpose, Encoding.UTF8.GetBytes(token.Value), cancellationToken);
        return await FindAsync(
            "token:" + Convert.ToHexStringLower(fingerprint),
            ct => AskAsync("select * from doors.resolve_bot_token($1)", new NpgsqlParameter<byte[]> { TypedValue = fingerprint }, ct),
            cancellationToken);
    }

    /// <summary>The bot has changed; other copies notice when their memory runs out.</summary>
    public void Forget(Guid botId)
    {
        foreach (var (key, _) in _known.Where(known => known.Value.Hook.BotId == botId))
            _known.TryRemove(key, out _);
    }

    private async ValueTask<BotHook?> FindAsync(string key, Func<CancellationToken, Task<BotHook?>> ask, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(key, out var known) && time.GetElapsedTime(known.At) < options.HookMemory)
            return known.Hook;

        var asked = time.GetTimestamp();
        var hook = await ask(cancellationToken);
        if (hook is null)
        {
            _known.TryRemove(key, out _);
            return null;
        }

        if (_known.Count >= Capacity)
            _known.Clear();
        _known[key] = new(hook, asked);
        return hook;
    }

    private Task<BotHook?> AskAsync(string sql, NpgsqlParameter parameter, CancellationToken cancellationToken) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
#pragma warning disable CA2100 // One of the two texts above.
            await using var command = new NpgsqlCommand(sql, connection, transaction);
#pragma warning restore CA2100
            command.Parameters.Add(parameter);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken)
                ? new BotHook(new TenantId(reader.GetGuid(0)), reader.GetGuid(1), reader.GetInt32(2), await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetFieldValue<byte[]>(3))
                : null;
        },
        cancellationToken);

    private sealed record Remembered(BotHook Hook, long At);
}
