using Integrations.Core.Tenancy;

namespace Integrations.Core.Secrets.Rotation;

/// <summary>A column of a tenant's table that holds ciphertexts.</summary>
/// <param name="Row">The column that stands as <see cref="SecretAddress.Row"/> in their address.</param>
internal sealed record SealedColumn(string Table, string Column, string Row = "id")
{
    public SecretAddress AddressOf(TenantId tenant, Guid row) => new(tenant, Table, Column, row);
}

internal static class SealedColumns
{
    /// <summary>All of them: what is not here is not sealed anew when its key has served its time. A test compares it with the catalogue.</summary>
    public static readonly IReadOnlyList<SealedColumn> All =
    [
        new("telegram_accounts", "session_payload"),
        new("telegram_accounts", "proxy_sealed"),
        new("telegram_logins", "qr_url_sealed"),
        new("telegram_logins", "resume_sealed"),
        new("telegram_login_inputs", "sealed", Row: "login_id"),
        new("media", "location_sealed"),
        new("telegram_bots", "token_sealed"),
        new("telegram_bots", "hook_secret_sealed"),
        new("telegram_channel_looks", "target_sealed"),
        new("second_factors", "secret_sealed"),
    ];
}
