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
    private readonly Lock _gate = new();
    private Dictionary<string, TaskCompletionSource<BotHook?>> _asked = new(StringComparer.Ordinal);
    private bool _isAsking;

    /// <param name="hookId">The opaque id in the address.</param>
    public ValueTask<BotHook?> FindAsync(string hookId, CancellationToken cancellationToken) =>
        FindAsync(hookId, ct => AskTogetherAsync(hookId, ct), cancellationToken);

    /// <summary>By the token that stands in the older address. In memory it is kept as a digest only.</summary>
    public async ValueTask<BotHook?> FindByTokenAsync(BotApi.BotToken token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        var fingerprint = await secrets.FingerprintAsync(ConnectBot.FingerprintPurpose, Encoding.UTF8.GetBytes(token.Value), cancellationToken);
        return await FindAsync(
            "token:" + Convert.ToHexStringLower(fingerprint),
            ct => AskByTokenAsync(fingerprint, ct),
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
        if (_known.TryGetValue(key, out var known) && time.GetElapsedTime(known.At) < MemoryOf(key))
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

    /// <summary>From half of the memory to the whole of it, the same for one address: what was asked for in one moment is not asked for again in one.</summary>
    private TimeSpan MemoryOf(string key) => options.HookMemory * (1 - ((uint)key.GetHashCode(StringComparison.Ordinal) / (2.0 * uint.MaxValue)));

    /// <summary>What is asked for while the database answers is asked for together next: after a start all bots are unknown at once.</summary>
    private Task<BotHook?> AskTogetherAsync(string hookId, CancellationToken cancellationToken)
    {
        TaskCompletionSource<BotHook?>? asked;
        var begins = false;
        lock (_gate)
        {
            if (!_asked.TryGetValue(hookId, out asked))
                _asked[hookId] = asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isAsking)
                _isAsking = begins = true;
        }

        if (begins)
            _ = AskUntilAllHaveAnswersAsync();
        return asked.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends when nobody waits; whatever happens goes to those who asked.</summary>
    private async Task AskUntilAllHaveAnswersAsync()
    {
        while (true)
        {
            Dictionary<string, TaskCompletionSource<BotHook?>> together;
            lock (_gate)
            {
                if (_asked.Count == 0)
                {
                    _isAsking = false;
                    return;
                }

                (together, _asked) = (_asked, new(StringComparer.Ordinal));
            }

            try
            {
                var found = await AskAsync([.. together.Keys]);
                foreach (var (hookId, asked) in together)
                    asked.TrySetResult(found.GetValueOrDefault(hookId));
            }
            catch (Exception e)
            {
                foreach (var asked in together.Values)
                    asked.TrySetException(e);
            }
        }
    }

    /// <summary>For nobody in particular: one who stops waiting must not end it for the others.</summary>
    private Task<Dictionary<string, BotHook>> AskAsync(string[] hookIds) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select tenant_id, bot_id, shard, secret_hash, hook_id from doors.resolve_bot_hooks($1)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = hookIds });
            await using var reader = await command.ExecuteReaderAsync();
            var found = new Dictionary<string, BotHook>(StringComparer.Ordinal);
            while (await reader.ReadAsync())
                found[reader.GetString(4)] = await ReadAsync(reader, CancellationToken.None);
            return found;
        },
        CancellationToken.None);

    private Task<BotHook?> AskByTokenAsync(byte[] fingerprint, CancellationToken cancellationToken) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand("select tenant_id, bot_id, shard, secret_hash from doors.resolve_bot_token($1)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = fingerprint });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            return await reader.ReadAsync(cancellationToken) ? await ReadAsync(reader, cancellationToken) : null;
        },
        cancellationToken);

    private static async Task<BotHook> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken) => new(
        new TenantId(reader.GetGuid(0)), reader.GetGuid(1), reader.GetInt32(2), await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetFieldValue<byte[]>(3));

    private sealed record Remembered(BotHook Hook, long At);
}
