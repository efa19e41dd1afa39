using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Npgsql;

namespace Integrations.Core.Tests.Telegram.Accounts;

/// <summary>The bulk change, where two are made at the same time.</summary>
public sealed class ChangeAccountsTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    /// <summary>
    /// Over one host PostgreSQL is made to go through the table as it lies there, over the other through an index: without an order of its own
    /// each request would take the accounts in another one.
    /// </summary>
    [Fact]
    public async Task Two_changes_of_the_same_accounts_never_wait_for_each_other_in_a_circle()
    {
        var tenant = await database.AddTenantAsync();
        var accounts = new List<Guid>();
        for (var i = 0; i < 3; i++)
            accounts.Add(await database.AddAccountAsync(tenant));
        accounts.Sort();
        // Where they lie, the first comes last.
        foreach (var account in Enumerable.Reverse(accounts))
            await CoreDatabase.ExecuteAsync(database.Admin, $"update telegram_accounts set display_name = 'moved' where id = '{account}'");
        await using var asTheyLie = database.ApiWith("Options=-c enable_indexscan=off -c enable_bitmapscan=off");
        await using var byIndex = database.ApiWith("Options=-c enable_seqscan=off -c enable_bitmapscan=off");

        await using var held = await HeldRows.HoldAsync(database.Admin, $"select from telegram_accounts where id = '{accounts[1]}' for update");
        var first = ChangeAsync(asTheyLie, tenant, accounts, groups: false);
        await Eventually.IsAsync(async () => await database.WaitingSessionsAsync() == 1, () => "the first change does not wait");
        var second = ChangeAsync(byIndex, tenant, [.. Enumerable.Reverse(accounts)], groups: true);
        await Eventually.IsAsync(async () => await database.WaitingSessionsAsync() == 2, () => "the second change does not wait");
        await held.LetGoAsync();

        Assert.All(await first, result => Assert.Null(result.Refusal));
        Assert.All(await second, result => Assert.Null(result.Refusal));
        Assert.Equal(["3"], await CoreDatabase.RowsAsync(database.Admin, $"select count(*) from telegram_accounts where tenant_id = '{tenant}' and accepts_groups"));
    }

    private Task<IReadOnlyList<BulkResult>> ChangeAsync(NpgsqlDataSource host, TenantId tenant, IReadOnlyCollection<Guid> accounts, bool groups)
    {
        var tenants = new TenantDatabase(host, database.SilentDoorbell);
        // A change of what is stored asks for none of the other actions, and for no proxy.
        return new ChangeAccounts(tenants, new ChangeAccount(tenants, null!, TimeProvider.System), null!, null!, null!).ExecuteAsync(
            new Principal(tenant, 1, Role.Owner, null, null), AccountReach.Managed, accounts, BulkAction.Change, new AccountChange(null, null, groups, null), TestContext.Current.CancellationToken);
    }
}
