using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Closes dialogs that nobody has to look after any more, and opens them again.</summary>
public static class ClosedDialogs
{
    /// <param name="closedAt">Null opens it. What is so already stays, and nobody is told.</param>
    public static async Task SetAsync(TenantTransaction transaction, Guid id, DateTimeOffset? closedAt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        await using var command = transaction.Command("update dialogs set closed_at = $2 where id = $1 and (closed_at is null) <> ($2 is null)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)closedAt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
            await DialogEvents.UpdatedAsync(transaction, await transaction.Db.Dialogs.AsNoTracking().SingleAsync(dialog => dialog.Id == id, cancellationToken), cancellationToken);
    }
}
