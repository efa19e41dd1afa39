using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Integrations.Core.Persistence;

/// <summary>Refuses every EF command that does not run on the open transaction of a tenant.</summary>
/// <remarks>Row security would make such a command see nothing; refusing it turns a silent emptiness into an error at the place of the mistake.</remarks>
internal sealed class TenantCommandGuard : DbCommandInterceptor
{
    public override InterceptionResult<DbDataReader> ReaderExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        Check(command, eventData);
        return result;
    }

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        Check(command, eventData);
        return ValueTask.FromResult(result);
    }

    public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        Check(command, eventData);
        return result;
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        Check(command, eventData);
        return ValueTask.FromResult(result);
    }

    public override InterceptionResult<object> ScalarExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<object> result)
    {
        Check(command, eventData);
        return result;
    }

    public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result, CancellationToken cancellationToken = default)
    {
        Check(command, eventData);
        return ValueTask.FromResult(result);
    }

    private static void Check(DbCommand command, CommandEventData eventData)
    {
        if (eventData.Context is not IntegrationsDbContext { Scope: { IsOpen: true } scope } || !ReferenceEquals(command.Transaction, scope.Transaction))
        {
            throw new InvalidOperationException(
                $"A database command was about to run outside a tenant's transaction. Use {nameof(Tenancy.TenantTransaction)}.{nameof(Tenancy.TenantTransaction.Db)} while its work runs.");
        }
    }
}
