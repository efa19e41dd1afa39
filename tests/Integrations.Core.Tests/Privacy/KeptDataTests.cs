using Integrations.Core.Privacy;
using Npgsql;

namespace Integrations.Core.Tests.Privacy;

/// <summary>The list of what is kept, against the database that there is.</summary>
public sealed class KeptDataTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private const string OfTenants =
        """
        from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
         where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and (t.table_name = 'tenants' or exists (
               select from information_schema.columns k where k.table_schema = 'public' and k.table_name = t.table_name and k.column_name = 'tenant_id'))
        """;

    [Fact]
    public async Task Every_table_of_tenants_says_what_it_keeps_about_whom() =>
        Assert.Equal(
            await CoreDatabase.RowsAsync(database.Admin, $"select distinct t.table_name collate \"C\" {OfTenants} order by 1"),
            KeptData.All.Select(table => table.Table).Order(StringComparer.Ordinal));

    /// <summary>A table that has a user's number, or leads to an account or a dialog, has something about somebody.</summary>
    [Fact]
    public async Task A_table_that_names_users_accounts_or_dialogs_has_a_share_of_theirs()
    {
        string[] ofUsers = ["user_id", "account_id", "personal_account_id", "sent_by", "assignee_id", "author_id", "invited_by", "accepted_by", "requested_by", "login_id"];
        // Who made the key of somebody else, wrote a text that is everybody's, connected what is the company's, or purged the audit, stays there as a number without a person.
        string[] numbers = ["quick_replies", "integrations", "audit_checkpoints"];
        var named = await CoreDatabase.RowsAsync(database.Admin, $"select distinct t.table_name collate \"C\" {OfTenants} and c.column_name = any (array['{string.Join("','", ofUsers)}']) order by 1");

        Assert.Equal(named.Except(numbers), KeptData.All.Where(table => table.User.Count > 0 && named.Contains(table.Table)).Select(table => table.Table).Order(StringComparer.Ordinal));
        var dialogs = await CoreDatabase.RowsAsync(database.Admin, $"select distinct t.table_name collate \"C\" {OfTenants} and c.column_name in ('dialog_id', 'peer_id', 'from_peer_id') order by 1");
        Assert.Equal(dialogs, KeptData.All.Where(table => table.Person.Count > 0 && dialogs.Contains(table.Table)).Select(table => table.Table).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task No_export_has_a_secret_or_the_digest_of_one()
    {
        var secret = await CoreDatabase.RowsAsync(
            database.Admin,
            $"select c.table_name, c.column_name {OfTenants} and (c.data_type = 'bytea' or c.column_name ~ '(hash|sealed|secret|session_payload|access_hash|salt|token)')");
        var exported = KeptData.All.Where(table => table.NotExported is null).ToDictionary(table => table.Table, StringComparer.Ordinal);

        Assert.Empty(secret.Select(row => row.Split(' ')).Where(row => exported.TryGetValue(row[0], out var table) && !table.Hidden.Contains(row[1])).Select(row => string.Join('.', row)));
    }

    [Fact]
    public async Task What_is_hidden_is_there_to_be_hidden()
    {
        var columns = await CoreDatabase.RowsAsync(database.Admin, $"select c.table_name, c.column_name {OfTenants}");

        Assert.Empty(KeptData.All.SelectMany(table => table.Hidden.Select(column => $"{table.Table} {column}")).Except(columns));
    }

    /// <summary>With the rights of the hosts: the API reads what it exports, the worker takes out what it erases.</summary>
    [Fact]
    public async Task The_hosts_may_do_with_every_table_what_the_list_asks_of_them()
    {
        var tenant = await database.AddTenantAsync();
        foreach (var table in KeptData.All)
        {
            foreach (var kind in Enum.GetValues<SubjectKind>())
            {
                foreach (var share in table.Of(kind))
                {
                    if (table.NotExported is null)
                        await RunAsync(database.ApiTenants, $"select to_jsonb(t) from {table.Table} t where {share.Where} order by {table.Order}");
                    await RunAsync(
                        database.WorkerTenants,
                        share.Blank is null ? $"delete from {table.Table} t where {share.Where} and false" : $"update {table.Table} t set {share.Blank} where ({share.Where}) and false");
                }
            }
        }

        Task RunAsync(Core.Tenancy.TenantDatabase host, string sql) => host.InTenantAsync(
            tenant,
            async transaction =>
            {
#pragma warning disable CA2100 // Constant texts.
                await using NpgsqlCommand command = transaction.Command(sql);
#pragma warning restore CA2100
                Traces.None.AddTo(command, tenant);
                await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            },
            TestContext.Current.CancellationToken);
    }
}
