using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Privacy;

/// <summary>How a user stands to the text that is in force.</summary>
/// <param name="Version">Of the text that is in force.</param>
/// <param name="Language">In which it is told here.</param>
/// <param name="GivenAt">When he agreed to it; null while he has not, or has taken it back.</param>
public sealed record ConsentState(string Version, string Language, string Text, DateTimeOffset? GivenAt);

/// <summary>What users agree to before an account of theirs is connected, and may take back.</summary>
/// <remarks>Taken back, it keeps the user from further logins and touches nothing that is connected: an account ends by being disconnected, which its user sees.</remarks>
public sealed class Consents(TenantDatabase database, IOptions<PrivacyOptions> options, TimeProvider time)
{
    public static IReadOnlyList<string> Languages { get; } = [.. ConsentTexts.Texts.Keys];

    /// <summary>Of the text that is in force.</summary>
    public string Version => options.Value.ConsentVersion;

    public Task<ConsentState> ReadAsync(Principal principal, string language, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(principal.Tenant, transaction => StateAsync(transaction, principal, language, cancellationToken), cancellationToken);
    }

    /// <summary>Writes down that the caller agrees; once more is once.</summary>
    /// <param name="version">What he has read.</param>
    /// <exception cref="IntegrationException">VALIDATION_FAILED when another text is in force.</exception>
    public Task<ConsentState> GiveAsync(Principal principal, string version, string language, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await GiveAsync(transaction, principal, version, language, cancellationToken);
                return await StateAsync(transaction, principal, language, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Takes it back, whichever text it was.</summary>
    public Task WithdrawAsync(Principal principal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command("update consents set withdrawn_at = clock_timestamp() where user_id = $1 and withdrawn_at is null");
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
                    await LogAsync(transaction, principal, "consent.withdraw", null, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Lets a login begin only for who has agreed, now or before.</summary>
    /// <param name="given">The version that the request agrees to; null where it says nothing.</param>
    /// <exception cref="IntegrationException">CONSENT_REQUIRED; VALIDATION_FAILED when <paramref name="given"/> is not in force.</exception>
    internal async Task RequireAsync(TenantTransaction transaction, Principal principal, string? given, CancellationToken cancellationToken)
    {
        if (given is not null)
            await GiveAsync(transaction, principal, given, Languages[0], cancellationToken);
        else if (await GivenAtAsync(transaction, principal, cancellationToken) is null)
            throw new IntegrationException(
                ErrorCodes.ConsentRequired,
                $"Read the text at GET /api/v1/privacy/consent. Send its version, {Version}, to POST /api/v1/privacy/consent, or with the login as \"consent\".");
    }

    private async Task GiveAsync(TenantTransaction transaction, Principal principal, string version, string language, CancellationToken cancellationToken)
    {
        if (version != Version)
        {
            throw new IntegrationException(
                ErrorCodes.ValidationFailed,
                fieldErrors: new Dictionary<string, string[]>(StringComparer.Ordinal) { ["consent"] = [$"Must be {Version}, the version of the text that is in force."] });
        }

        await using var command = transaction.Command(
            """
            insert into consents (id, tenant_id, user_id, version, language, address) values ($1, $2, $3, $4, $5, $6)
            on conflict (tenant_id, user_id, version) where withdrawn_at is null do nothing
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(time.GetUtcNow()) });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = version });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = language });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)AuditScope.Current?.Address ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
            await LogAsync(transaction, principal, "consent.give", new { Version = version, Language = language }, cancellationToken);
    }

    private Task LogAsync(TenantTransaction transaction, Principal principal, string action, object? details, CancellationToken cancellationToken) =>
        IntegrationLog.WriteAsync(
            transaction,
            new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", action, LogStatus.Success) { Details = details },
            cancellationToken);

    private async Task<ConsentState> StateAsync(TenantTransaction transaction, Principal principal, string language, CancellationToken cancellationToken)
    {
        var text = options.Value.ConsentText.TryGetValue(language, out var own) ? own : ConsentTexts.Texts[language];
        return new(Version, language, text, await GivenAtAsync(transaction, principal, cancellationToken));
    }

    private async Task<DateTimeOffset?> GivenAtAsync(TenantTransaction transaction, Principal principal, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("select given_at from consents where user_id = $1 and version = $2 and withdrawn_at is null");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Version });
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime at ? new DateTimeOffset(at) : null;
    }
}
