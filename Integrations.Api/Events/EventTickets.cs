using System.Text.Json;
using Integrations.Api.Authentication;
using Integrations.Api.Json;
using Integrations.Api.Redis;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Integrations.Api.Events;

/// <summary>One-use tickets by which a browser opens a stream: its APIs cannot send a header, and a token has no place in an address.</summary>
internal sealed class EventTickets(RedisConnection redis, IOptions<EventStreamOptions> options, TimeProvider time)
{
    // Read and deleted in one step, so that of two who come with one ticket only one gets in.
    private const string TakeScript = "local v = redis.call('GET', KEYS[1]) redis.call('DEL', KEYS[1]) return v";

    public async Task<(string Ticket, DateTimeOffset ExpiresAt)> IssueAsync(Credential credential, CancellationToken cancellationToken)
    {
        var ticket = SecretToken.New(SecretToken.TicketPrefix);
        var lifetime = options.Value.TicketLifetime;
        var value = JsonSerializer.Serialize(TicketHolder.From(credential), ApiJson.Default.TicketHolder);
        await redis.UseAsync(database => database.StringSetAsync(KeyOf(ticket), value, lifetime), cancellationToken);
        return (ticket, time.GetUtcNow() + lifetime);
    }

    /// <summary>Uses a ticket up. Null when it is unknown, used or too old.</summary>
    public async Task<Credential?> TakeAsync(string ticket, CancellationToken cancellationToken)
    {
        if (!SecretToken.HasForm(ticket, SecretToken.TicketPrefix))
            return null;

        var value = await redis.UseAsync(
            async database => (string?)(RedisValue)await database.ScriptEvaluateAsync(TakeScript, [KeyOf(ticket)]), cancellationToken);
        return value is null ? null : JsonSerializer.Deserialize(value, ApiJson.Default.TicketHolder)!.ToCredential();
    }

    private static RedisKey KeyOf(string ticket) => "integrations:ticket:" + Convert.ToHexStringLower(SecretToken.Hash(ticket));
}

/// <summary>Whom a ticket lets in; lies in Redis for seconds.</summary>
internal sealed record TicketHolder(
    Guid Tenant, int UserId, Guid UserRow, string Role, string? Email, string? DisplayName, byte[]? SessionHash, DateTimeOffset? ExpiresAt, KeyCredential? Key)
{
    public static TicketHolder From(Credential credential) => new(
        credential.Principal.Tenant.Value,
        credential.Principal.UserId,
        credential.UserRow,
        Words.Of(credential.Principal.Role),
        credential.Principal.Email,
        credential.Principal.DisplayName,
        credential.SessionHash,
        credential.ExpiresAt,
        credential.Key);

    public Credential ToCredential() => new(
        new Principal(new TenantId(Tenant), UserId, Words.Read<Role>(Role), Email, DisplayName), UserRow, SessionHash, ExpiresAt, Key);
}

/// <summary>Marks a route that a ticket in the query opens.</summary>
internal sealed record TicketMetadata;
