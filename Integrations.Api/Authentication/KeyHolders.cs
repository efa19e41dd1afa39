using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Api.Authentication;

/// <summary>Whom an API key speaks for. The key is known to its bearer only; the database keeps its hash.</summary>
internal sealed class KeyHolders(TenantDatabase database)
{
    /// <summary>The key's user with his role of this moment; null when the key is void.</summary>
    public async Task<Credential?> FindAsync(string token, CancellationToken cancellationToken) =>
        SecretToken.HasForm(token, SecretToken.ApiKeyPrefix) ? await FindAsync(SecretToken.Hash(token), cancellationToken) : null;

    public Task<Credential?> FindAsync(byte[] hash, CancellationToken cancellationToken) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    "select tenant_id, id, user_id, role, email, display_name, scopes from doors.resolve_api_key($1)", connection, transaction)
                {
                    Parameters = { new NpgsqlParameter<byte[]> { TypedValue = hash } },
                };
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await reader.ReadAsync(cancellationToken)
                    ? new Credential(
                        PersonRow.Principal(reader), reader.GetGuid(1), SessionHash: null, ExpiresAt: null, new KeyCredential(hash, reader.GetFieldValue<string[]>(6)))
                    : null;
            },
            cancellationToken);
}
