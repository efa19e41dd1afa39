using System.Text.Json;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Integrations.Core.Tests.Tenancy;

public sealed class TenantDatabaseTests(CoreDatabase database) : IClassFixture<CoreDatabase>
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Work_that_ends_well_is_committed()
    {
        var tenant = await database.AddTenantAsync();

        await database.ApiTenants.InTenantAsync(
            tenant, transaction => { transaction.Db.Add(Project.Open(tenant, CoreDatabase.NewId(), "Kept", mirroring: false)); return Task.CompletedTask; }, _cancel);

        Assert.Equal(["Kept"], await NamesAsync(tenant));
    }

    [Fact]
    public async Task Work_that_throws_leaves_nothing()
    {
        var tenant = await database.AddTenantAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => database.ApiTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                transaction.Db.Add(Project.Open(tenant, CoreDatabase.NewId(), "Gone", mirroring: false));
                await transaction.Db.SaveChangesAsync(_cancel);
                throw new TimeoutException();
            },
            _cancel));

        Assert.Empty(await NamesAsync(tenant));
    }

    [Fact]
    public async Task The_tenant_does_not_stay_on_a_pooled_connection()
    {
        var tenant = await database.AddTenantAsync();
        await using var single = new NpgsqlDataSourceBuilder(CoreDatabase.LogIn(database.Admin.ConnectionString, "integrations_api", CoreDatabase.ApiPassword))
        {
            ConnectionStringBuilder = { MaxPoolSize = 1, NoResetOnClose = true },
        }.Build();
        var tenants = new TenantDatabase(single, database.SilentDoorbell);
        await tenants.InTenantAsync(tenant, transaction => transaction.Db.Users.CountAsync(_cancel), _cancel);

        Assert.Equal([""], await CoreDatabase.RowsAsync(single, "select coalesce(current_setting('app.tenant_id', true), '')"));
        Assert.Equal(0, await tenants.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand("select count(*)::int from users", connection, transaction);
                return (int)(await command.ExecuteScalarAsync(_cancel))!;
            },
            _cancel));
    }

    [Fact]
    public async Task No_tenant_at_all_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => database.ApiTenants.InTenantAsync(default, _ => Task.CompletedTask, _cancel));

    [Fact]
    public async Task The_context_sees_only_the_tenants_rows()
    {
        var tenant = await database.AddTenantAsync();
        await database.AddTenantAsync();

        var seen = await database.ApiTenants.InTenantAsync(tenant, transaction => transaction.Db.Users.Select(user => user.TenantId).ToListAsync(_cancel), _cancel);

        Assert.Equal([tenant.Value], seen);
    }

    [Fact]
    public async Task A_context_made_elsewhere_is_refused_before_anything_is_sent()
    {
        await using var context = new IntegrationsDbContext(new DbContextOptionsBuilder<IntegrationsDbContext>().UseNpgsql(database.Api).Options);

        await Assert.ThrowsAsync<InvalidOperationException>(() => context.Users.CountAsync(_cancel));
        await using var transaction = await context.Database.BeginTransactionAsync(_cancel);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => context.Users.CountAsync(_cancel));
        Assert.Contains("outside a tenant's transaction", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_context_that_outlives_its_transaction_is_refused()
    {
        var tenant = await database.AddTenantAsync();
        TenantTransaction? kept = null;
        await database.ApiTenants.InTenantAsync(tenant, transaction => { kept = transaction; _ = transaction.Db; return Task.CompletedTask; }, _cancel);

        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => kept!.Db.Users.CountAsync(_cancel));
    }

    [Fact]
    public async Task A_context_that_left_its_transaction_is_refused()
    {
        var tenant = await database.AddTenantAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.ApiTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                await transaction.Db.Database.UseTransactionAsync(null, _cancel);
                return await transaction.Db.Users.CountAsync(_cancel);
            },
            _cancel));
    }

    [Fact]
    public async Task A_write_under_a_stale_epoch_is_refused_and_rolled_back()
    {
        var tenant = await database.AddTenantAsync();
        var account = await database.AddAccountAsync(tenant, shard: 1);
        var stale = await database.OwnAsync(1);
        var current = await database.OwnAsync(1);

        var refused = await Assert.ThrowsAsync<StaleEpochException>(() => WriteAsync(stale));
        Assert.Equal(stale, refused.Claim);
        await WriteAsync(current);

        Assert.Equal([$"epoch {current.Epoch}"], await CoreDatabase.RowsAsync(database.Admin, $"select last_error from telegram_accounts where id = '{account}'"));

        Task WriteAsync(ShardClaim claim) => database.WorkerTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, _cancel);
                await using var command = transaction.Command($"update telegram_accounts set last_error = 'epoch {claim.Epoch}' where id = '{account}'");
                await command.ExecuteNonQueryAsync(_cancel);
            },
            _cancel);
    }

    [Fact]
    public async Task An_event_is_written_with_what_caused_it_or_not_at_all()
    {
        var tenant = await database.AddTenantAsync();
        var account = CoreDatabase.NewId();
        await database.ApiTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                await transaction.PublishAsync(
                    new EventDraft(EventTypes.AccountUpdated, 1, account, new { AccountId = account, LastErrorCode = (string?)null, Status = AccountStatus.Active }), _cancel);
                await transaction.PublishAsync(new EventDraft(EventTypes.DialogUpdated, null, null, new { Id = 1 }), _cancel);
                Assert.Equal([Ring.Outbox], transaction.Rings);
            },
            _cancel);
        await Assert.ThrowsAsync<TimeoutException>(() => database.ApiTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                await transaction.PublishAsync(new EventDraft(EventTypes.AccountDeleted, 1, account, new { }), _cancel);
                throw new TimeoutException();
            },
            _cancel));

        Assert.Equal(
            [$"account.updated 1 {account} {{\"status\": \"active\", \"account_id\": \"{account}\"}}", "dialog.updated - - {\"id\": 1}"],
            await CoreDatabase.RowsAsync(database.Admin, $"select type, user_id, account_id, data::text from outbox where tenant_id = '{tenant}' order by id"));
    }

    [Fact]
    public async Task Several_events_keep_their_order()
    {
        var tenant = await database.AddTenantAsync();

        await database.WorkerTenants.InTenantAsync(
            tenant, transaction => transaction.PublishAsync([.. Enumerable.Range(0, 20).Select(i => new EventDraft("t", i % 2 == 0 ? i : null, null, new { N = i }))], _cancel), _cancel);

        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => $"{i} {(i % 2 == 0 ? i.ToString(System.Globalization.CultureInfo.InvariantCulture) : "-")}"),
            await CoreDatabase.RowsAsync(database.Admin, $"select data->>'n', user_id from outbox where tenant_id = '{tenant}' order by id"));
    }

    [Fact]
    public async Task Every_mapped_row_is_read_as_it_was_written()
    {
        var tenant = await database.AddTenantAsync();
        var (accountId, dialogId, messageId, logId) = (CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId(), CoreDatabase.NewId());
        var now = DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123);
        await database.ApiTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                var account = TelegramAccount.Open(tenant, accountId, 1, null, World.Sandbox, CoreDatabase.ShardCount, "Work");
                var dialog = Dialog.WithPeer(tenant, dialogId, accountId, PeerKind.Channel, 42, "name", null, "Title");
                var login = TelegramLogin.Begin(tenant, accountId, LoginMethod.Phone, "+999661234", now);
                // Added in the wrong order: the model knows which row goes first.
                transaction.Db.AddRange(Message.Accept(account, dialog, messageId, "text", null, MessagePriority.Bulk, 1, long.MinValue, now), dialog, login, account);
                await transaction.Db.SaveChangesAsync(_cancel);
                await IntegrationLog.WriteAsync(
                    transaction, new LogEntry(logId, 1, "telegram", "personal.login", LogStatus.Error) { AccountId = accountId, Details = new { LoginMethod = "qr" }, ErrorCode = "TG_QR_EXPIRED" }, _cancel);
            },
            _cancel);

        await database.ApiTenants.InTenantAsync(
            tenant,
            async transaction =>
            {
                var account = await transaction.Db.TelegramAccounts.SingleAsync(_cancel);
                Assert.Equal((accountId, tenant.Value, "Work", AccountStatus.Pending, AccountGoal.Connected, World.Sandbox, Shards.ShardOf(accountId, CoreDatabase.ShardCount)),
                    (account.Id, account.ClientId, account.DisplayName, account.Status, account.Goal, account.World, account.Shard));
                var login = await transaction.Db.TelegramLogins.SingleAsync(_cancel);
                Assert.Equal((LoginMethod.Phone, LoginState.Pending, "+999661234", now), (login.Method, login.State, login.Phone, login.ExpiresAt));
                var dialog = await transaction.Db.Dialogs.SingleAsync(_cancel);
                Assert.Equal((DialogSource.PersonalTelegram, PeerKind.Channel, 42L, "Title"), (dialog.Source, dialog.PeerKind, dialog.PeerId, dialog.Title));
                var message = await transaction.Db.Messages.SingleAsync(_cancel);
                Assert.Equal((MessageDirection.PersonalTelegramOut, MessageStatus.Pending, MessagePriority.Bulk, "text", long.MinValue, now, account.Shard),
                    (message.Direction, message.Status, message.Priority, message.Text, message.RandomId, message.AcceptedAt, message.Shard));
                Assert.True(message.Seq > 0);
                var log = await transaction.Db.IntegrationLogs.SingleAsync(_cancel);
                Assert.Equal((LogStatus.Error, "personal.login", "personal.login", "TG_QR_EXPIRED", "qr"),
                    (log.Status, log.Action, log.EventType, log.ErrorCode, log.Details.GetProperty("login_method").GetString()));
                Assert.Null(log.RequestData);
                var user = await transaction.Db.Users.SingleAsync(_cancel);
                Assert.Equal(Role.Owner, user.Role);
                Assert.Equal("Tenant", (await transaction.Db.Tenants.SingleAsync(_cancel)).Name);

                account.RequestRestart();
                account.Accept(null, false, true);
                login.BeginAgain(LoginMethod.Qr, null, now.AddSeconds(1));
            },
            _cancel);

        Assert.Equal(
            ["1 True False True qr pending -"],
            await CoreDatabase.RowsAsync(
                database.Admin,
                $"select restart_requested, accepts_private, accepts_groups, accepts_channels, l.method, l.state, l.phone from telegram_accounts a join telegram_logins l using (id) where id = '{accountId}'"));
    }

    [Fact]
    public void Every_mapped_column_is_named_in_snake_case()
    {
        using var context = new IntegrationsDbContext(new DbContextOptionsBuilder<IntegrationsDbContext>().UseNpgsql("Host=unused").Options);

        Assert.All(
            context.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()),
            property => Assert.Equal(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property.GetColumnName()));
    }

    private Task<string[]> NamesAsync(TenantId tenant) => CoreDatabase.RowsAsync(database.Admin, $"select name from projects where tenant_id = '{tenant}'");
}
