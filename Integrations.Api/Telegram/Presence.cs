using System.Globalization;
using System.Text.Json;
using Integrations.Api.Json;
using Integrations.Api.Redis;
using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using StackExchange.Redis;

namespace Integrations.Api.Telegram;

/// <summary>Who is at which dialog now. It lies in Redis for seconds; while Redis is away nobody seems to be anywhere, and nothing else suffers.</summary>
internal sealed partial class Presence(RedisConnection redis, TellPresence tell, ListUsers users, ILogger<Presence> logger)
{
    /// <summary>For how long somebody is there who does not say so again.</summary>
    public const int Seconds = 15;

    // One hash for each account, so that a list is read at once. The server's clock judges, whichever copy of the Api asks; what has lapsed
    // goes with the next word. Answers the state before, '' for none.
    private const string SetScript =
        """
        local now = tonumber(redis.call('TIME')[1])
        local all = redis.call('HGETALL', KEYS[1])
        for i = 1, #all, 2 do
          if tonumber(string.match(all[i + 1], '^%d+')) <= now then redis.call('HDEL', KEYS[1], all[i]) end
        end
        local was = redis.call('HGET', KEYS[1], ARGV[1])
        if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1])
        else redis.call('HSET', KEYS[1], ARGV[1], (now + ARGV[3]) .. '|' .. ARGV[2]) end
        redis.call('EXPIRE', KEYS[1], ARGV[3])
        return was or ''
        """;

    private const string ReadScript =
        """
        local now = tonumber(redis.call('TIME')[1])
        local there = {}
        for _, key in ipairs(KEYS) do
          local all = redis.call('HGETALL', key)
          for i = 1, #all, 2 do
            local until_, value = string.match(all[i + 1], '^(%d+)|(.*)$')
            if tonumber(until_) > now then there[#there + 1] = value end
          end
        end
        return there
        """;

    /// <summary>Keeps somebody at a dialog for a while; the others are told when that is a change.</summary>
    /// <param name="state">viewing, typing or left.</param>
    public async Task SayAsync(Principal principal, Dialog dialog, string state, CancellationToken cancellationToken)
    {
        // Numbers only: Redis writes to disk too, and a name that lies there outlives its erasure.
        var one = new PresenceResponse(dialog.Id, principal.UserId, null, state);
        var value = state == "left" ? "" : JsonSerializer.Serialize(one, ApiJson.Default.PresenceResponse);
        var field = string.Create(CultureInfo.InvariantCulture, $"{dialog.Id:N}:{principal.UserId}");
        string? was;
        try
        {
            was = await redis.UseAsync(
                async database => (string?)(RedisValue)await database.ScriptEvaluateAsync(SetScript, [KeyOf(dialog.InboxId)], [field, value, Seconds]), cancellationToken);
        }
        catch (IntegrationException e) when (e.Code == ErrorCodes.ServiceUnavailable)
        {
            LogAway(logger, e);
            return;
        }

        var before = was is { Length: > 0 } ? was[(was.IndexOf('|', StringComparison.Ordinal) + 1)..] : "";
        if (before != value)
            await tell.ExecuteAsync(principal, dialog.Id, state, cancellationToken);
    }

    /// <summary>Everybody who is at a dialog of these accounts and bots.</summary>
    public async Task<PresenceResponse[]> ReadAsync(Principal principal, IEnumerable<Guid> inboxes, CancellationToken cancellationToken)
    {
        var keys = inboxes.Select(KeyOf).ToArray();
        if (keys.Length == 0)
            return [];
        try
        {
            var there = await redis.UseAsync(async database => (RedisValue[]?)await database.ScriptEvaluateAsync(ReadScript, keys), cancellationToken);
            PresenceResponse[] found = [.. (there ?? []).Select(value => JsonSerializer.Deserialize((string)value!, ApiJson.Default.PresenceResponse)!)];
            if (found.Length == 0)
                return found;
            var names = await users.NamesAsync(principal, [.. found.Select(one => one.UserId).Distinct()], cancellationToken);
            return [.. found.Select(one => one with { Name = names.GetValueOrDefault(one.UserId) })];
        }
        catch (IntegrationException e) when (e.Code == ErrorCodes.ServiceUnavailable)
        {
            LogAway(logger, e);
            return [];
        }
    }

    private static RedisKey KeyOf(Guid inbox) => $"integrations:presence:{inbox:N}";

    [LoggerMessage(EventId = 3230, Level = LogLevel.Warning, Message = "Redis does not answer; who is at which dialog is not told meanwhile")]
    private static partial void LogAway(ILogger logger, Exception exception);
}

/// <summary>Somebody at a dialog.</summary>
/// <param name="Name">His name, where he has told one.</param>
/// <param name="State">viewing or typing.</param>
internal sealed record PresenceResponse(Guid DialogId, int UserId, string? Name, string State);
