using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Notices;

/// <summary>Which kinds a user does not want to be told of.</summary>
public sealed class ReadNoticeSettings(TenantDatabase database)
{
    public Task<IReadOnlyList<NoticeKind>> ExecuteAsync(Principal principal, CancellationToken cancellationToken) =>
        database.InTenantAsync<IReadOnlyList<NoticeKind>>(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command("select muted from notice_settings where tenant_id = $1 and user_id = $2");
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                return await command.ExecuteScalarAsync(cancellationToken) is string[] muted ? [.. muted.Select(Words.Read<NoticeKind>)] : [];
            },
            cancellationToken);
}

/// <summary>Changes which kinds a user is told of, from now on; what he was told already stays.</summary>
public sealed class ChangeNoticeSettings(TenantDatabase database)
{
    public Task ExecuteAsync(Principal principal, IReadOnlyCollection<NoticeKind> muted, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    insert into notice_settings (tenant_id, user_id, muted) values ($1, $2, $3)
                    on conflict (tenant_id, user_id) do update set muted = excluded.muted
                    """);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = principal.Tenant.Value });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. muted.Distinct().Order().Select(Words.Of)] });
                await command.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);
}
