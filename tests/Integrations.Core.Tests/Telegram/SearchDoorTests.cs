using Integrations.Core.Tenancy;
using Npgsql;

namespace Integrations.Core.Tests.Telegram;

/// <summary>The doors by which words are found: what is asked for is the asking tenant's alone.</summary>
public sealed class SearchDoorTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_another_tenant_said_is_not_found_whatever_inbox_is_named()
    {
        var (mine, other) = (await database.AddTenantAsync(), await database.AddTenantAsync());
        var (account, message, dialog) = await SaidAsync(mine, "Когда приедет мой заказ?");
        var (foreign, theirs, _) = await SaidAsync(other, "Заказ уже в пути");
        var all = $"array['{account}', '{foreign}']::uuid[]";

        Assert.Equal([$"{message}"], await RowsAsync(mine, $"select message_id from doors.search_messages({all}, null, array['заказа'], false, null, 10)"));
        Assert.Equal([$"{message}"], await RowsAsync(mine, $"select message_id from doors.search_messages({all}, null, array['заказа'], true, '{theirs}', 10)"));
        Assert.Equal([$"{dialog}"], await RowsAsync(mine, $"select * from doors.dialogs_saying({all}, array['заказами'], 10)"));
        Assert.Empty(await RowsAsync(mine, $"select message_id from doors.search_messages(array['{foreign}']::uuid[], null, array['заказа'], false, null, 10)"));
        Assert.Empty(await RowsAsync(null, $"select message_id from doors.search_messages({all}, null, array['заказа'], false, null, 10)"));
        Assert.Empty(await RowsAsync(null, $"select * from doors.dialogs_saying({all}, array['заказа'], 10)"));
    }

    [Fact]
    public async Task Words_follow_their_message_when_it_is_written_changed_and_gone()
    {
        var tenant = await database.AddTenantAsync();
        var (account, message, dialog) = await SaidAsync(tenant, "Доброе утро");
        var morning = $"select message_id from doors.search_messages(array['{account}']::uuid[], null, array['утра'], false, null, 10)";
        var evening = $"select message_id from doors.search_messages(array['{account}']::uuid[], '{dialog}', array['вечером'], false, null, 10)";

        Assert.Equal([$"{message}"], await RowsAsync(tenant, morning));
        await CoreDatabase.ExecuteAsync(database.Admin, $"update messages set text = 'Добрый вечер' where id = '{message}'");
        Assert.Empty(await RowsAsync(tenant, morning));
        Assert.Equal([$"{message}"], await RowsAsync(tenant, evening));
        await CoreDatabase.ExecuteAsync(database.Admin, $"delete from messages where id = '{message}'");
        Assert.Equal(0L, await CoreDatabase.ScalarAsync<long>(database.Admin, $"select count(*) from message_words where message_id = '{message}'"));
    }

    private async Task<(Guid Account, Guid Message, Guid Dialog)> SaidAsync(TenantId tenant, string text)
    {
        var account = await database.AddAccountAsync(tenant);
        var dialog = await database.AddDialogAsync(tenant, account);
        var message = await database.AddMessageAsync(tenant, account, dialog, status: "delivered");
        await CoreDatabase.ExecuteAsync(database.Admin, $"update messages set text = '{text}' where id = '{message}'");
        return (account, message, dialog);
    }

    /// <summary>As the Api, in a transaction of the tenant, or of nobody.</summary>
    private async Task<string[]> RowsAsync(TenantId? tenant, string sql)
    {
        await using var connection = await database.Api.OpenConnectionAsync(_cancel);
        await using var transaction = await connection.BeginTransactionAsync(_cancel);
        if (tenant is { } set)
        {
            await using var name = new NpgsqlCommand("select set_config('app.tenant_id', $1, true)", connection, transaction);
            name.Parameters.Add(new NpgsqlParameter<string> { TypedValue = set.ToString() });
            await name.ExecuteNonQueryAsync(_cancel);
        }

        await using var command = new NpgsqlCommand(sql, connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(_cancel);
        return await CoreDatabase.ReadRowsAsync(reader);
    }
}
