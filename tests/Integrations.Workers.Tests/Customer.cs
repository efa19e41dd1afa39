using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Messaging;
using Integrations.Core.Ownership;
using Integrations.Core.Privacy;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Workers.Tests;

/// <summary>A login as its row shows it.</summary>
public sealed record LoginSeen(string State, string? ErrorCode, Guid? LastInputId, string? LastInputError, DateTimeOffset? RetryAt, string? RecoveryPattern);

/// <summary>An account as its row shows it.</summary>
public sealed record AccountSeen(string Status, long? TelegramUserId, string? LastErrorCode, bool HasSession, bool IsActive, int? DcId);

/// <summary>A message as its row shows it.</summary>
public sealed record MessageSeen(string Status, string Direction, string Text, int? TelegramId, string? ErrorCode, int Attempts);

/// <summary>What the API does for a customer, in the rows that the worker reads and with the rings that wake it.</summary>
public sealed class Customer
{
    private readonly TestInstallation _installation;
    private readonly TenantDatabase _database;
    private readonly ISecretProtector _secrets;
    private readonly TenantId _tenant = new(NewId());

    private Customer(TestInstallation installation, IServiceProvider api)
    {
        _installation = installation;
        _database = api.GetRequiredService<TenantDatabase>();
        _secrets = api.GetRequiredService<ISecretProtector>();
    }

    /// <summary>As if the broker were gone: only the workers' own polls bring news.</summary>
    public bool RingsAreLost { get; set; }

    public TenantDatabase Database => _database;

    private Consents Consents => new(_database, Options.Create(new PrivacyOptions()), TimeProvider.System);

    public static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    public TenantId Tenant => _tenant;

    public static async Task<Customer> RegisterAsync(TestInstallation installation, IServiceProvider api)
    {
        var customer = new Customer(installation, api);
        await using var command = installation.Admin.CreateCommand(
            $"""
             insert into tenants (id, name) values ('{customer._tenant}', 'Tenant');
             insert into users (id, tenant_id, user_id, subject, role) values ('{NewId()}', '{customer._tenant}', 1, '1', 'owner');
             """);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return customer;
    }

    /// <summary>Begins a login: by QR, or with a phone by its code.</summary>
    public async Task<Guid> StartLoginAsync(string? phone = null, TimeSpan? lifetime = null)
    {
        var id = NewId();
        await ChangeAsync(id, transaction =>
        {
            transaction.Db.Add(TelegramAccount.Open(_tenant, id, 1, null, World.Sandbox, TestInstallation.ShardCount, null));
            transaction.Db.Add(TelegramLogin.Begin(_tenant, id, phone is null ? LoginMethod.Qr : LoginMethod.Phone, phone, Until(lifetime)));
            return Task.CompletedTask;
        });
        return id;
    }

    /// <summary>Another login on the same account.</summary>
    public Task LogInAgainAsync(Guid account) =>
        ChangeAsync(account, async transaction =>
        {
            (await transaction.Db.TelegramAccounts.SingleAsync(row => row.Id == account, Token)).LogInAgain();
            (await transaction.Db.TelegramLogins.SingleAsync(row => row.Id == account, Token)).BeginAgain(LoginMethod.Qr, null, Until(null));
        });

    public Task WantAsync(Guid account, AccountGoal goal) =>
        ChangeAsync(account, async transaction => (await transaction.Db.TelegramAccounts.SingleAsync(row => row.Id == account, Token)).Want(goal));

    public Task RestartAsync(Guid account) =>
        ChangeAsync(account, async transaction => (await transaction.Db.TelegramAccounts.SingleAsync(row => row.Id == account, Token)).RequestRestart());

    public async Task GoThroughAsync(Guid account, string proxy)
    {
        var route = await new AccountProxy(_secrets).SealAsync(_tenant, account, proxy, Token);
        await ChangeAsync(account, async transaction => (await transaction.Db.TelegramAccounts.SingleAsync(row => row.Id == account, Token)).GoThrough(route));
    }

    public Task AcceptAsync(Guid account, bool privateChats, bool groups, bool channels) =>
        ChangeAsync(
            account,
            async transaction => (await transaction.Db.TelegramAccounts.SingleAsync(row => row.Id == account, Token)).Accept(privateChats, groups, channels));

    /// <summary>Types something into a login and waits for the verdict: null, or a code of the catalogue.</summary>
    public async Task<string?> TypeAsync(Guid login, string kind, string? text = null)
    {
        var input = NewId();
        var sealedText = text is null
            ? null
            : await _secrets.ProtectAsync(new SecretAddress(_tenant, "telegram_login_inputs", "sealed", login), Encoding.UTF8.GetBytes(text), Token);
        await ChangeAsync(login, async transaction =>
        {
            await using var command = transaction.Command(
                "insert into telegram_login_inputs (id, tenant_id, login_id, kind, sealed, expires_at) values ($1, $2, $3, $4, $5, now() + interval '60 s')");
            foreach (var value in new object[] { input, _tenant.Value, login, kind, (object?)sealedText ?? DBNull.Value })
                command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync(Token);
        });
        var seen = await Eventually.BecomesAsync($"a verdict on the {kind}", _ => LoginAsync(login), row => row.LastInputId == input);
        Assert.Equal(0L, await _installation.ScalarAsync<long>($"select count(*) from telegram_login_inputs where id = '{input}'"));
        return seen.LastInputError;
    }

    /// <summary>The link of the code that is shown now.</summary>
    public async Task<string> QrUrlAsync(Guid login)
    {
        var sealedUrl = await Eventually.BecomesAsync(
            "a QR code",
            _ => _installation.ScalarAsync<byte[]?>($"select qr_url_sealed from telegram_logins where id = '{login}' and state = 'ready'"),
            bytes => bytes is not null);
        return Encoding.UTF8.GetString(await _secrets.UnprotectAsync(new SecretAddress(_tenant, "telegram_logins", "qr_url_sealed", login), sealedUrl, Token));
    }

    /// <summary>Connects a person of the sandbox by QR code and waits until the account is active.</summary>
    public async Task<Guid> ConnectAsync(string person)
    {
        var account = await StartLoginAsync();
        _installation.Telegram.PhoneOf(person).Scan(await QrUrlAsync(account));
        await UntilAccountAsync(account, "active");
        return account;
    }

    /// <summary>Imports sessions by way of the use case itself.</summary>
    public Task<IReadOnlyList<ImportVerdict>> ImportAsync(bool trial, params string[] sessions) =>
        new ImportAccounts(_database, _secrets, Consents, TimeProvider.System).ExecuteAsync(
            new Principal(_tenant, 1, Role.Owner, null, null), [.. sessions.Select(session => new ImportRow(session, null, null))], trial, Consents.Version, Token);

    /// <summary>The kinds of an account's timeline in their order, a code after its kind.</summary>
    public Task<IReadOnlyList<string>> TimelineAsync(Guid account) =>
        ManyAsync($"select kind || coalesce(' ' || code, '') from account_events where account_id = '{account}' order by seq", reader => reader.GetString(0));

    /// <summary>The kinds of the notices about an account, those that are over marked.</summary>
    public Task<IReadOnlyList<string>> NoticesAsync(Guid account) =>
        ManyAsync(
            $"select kind || case when resolved_at is null then '' else ' over' end || ' ' || times from notices where account_id = '{account}' order by told_at",
            reader => reader.GetString(0));

    public Task<LoginSeen> UntilLoginAsync(Guid login, string state, TimeSpan? within = null) =>
        Eventually.BecomesAsync($"the login is {state}", _ => LoginAsync(login), row => row.State == state, within);

    public Task<AccountSeen> UntilAccountAsync(Guid account, string status, TimeSpan? within = null) =>
        Eventually.BecomesAsync($"the account is {status}", _ => AccountAsync(account), row => row.Status == status, within);

    public Task<MessageSeen> UntilMessageAsync(Guid message, string status, TimeSpan? within = null) =>
        Eventually.BecomesAsync($"the message is {status}", _ => MessageAsync(message), row => row.Status == status, within);

    /// <summary>Waits until a text is stored for the account, and returns all rows that have it.</summary>
    public Task<IReadOnlyList<MessageSeen>> UntilStoredAsync(Guid account, string text, TimeSpan? within = null) =>
        Eventually.BecomesAsync($"'{text}' is stored", _ => StoredAsync(account, text), rows => rows.Count > 0, within);

    /// <summary>Accepts a message to a username, with everything that its acceptance writes.</summary>
    public async Task<Guid> SendAsync(Guid account, string username, string text)
    {
        var id = NewId();
        for (var turn = 1; ; turn++)
        {
            try
            {
                await ChangeAsync(account, async transaction =>
                {
                    var row = await transaction.Db.TelegramAccounts.SingleAsync(entity => entity.Id == account, Token);
                    var dialog = await transaction.Db.Dialogs.FirstOrDefaultAsync(entity => entity.PersonalAccountId == account && entity.Username == username, Token);
                    if (dialog is null)
                        transaction.Db.Add(dialog = Dialog.WithUsername(_tenant, NewId(), account, username));
                    Accept(transaction, row, dialog, id, text);
                });
                return id;
            }
            catch (DbUpdateException e) when (turn < 3 && e.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation })
            {
                // The dialog was joined to the person's own between the two statements; the use case looks again too.
            }
        }
    }

    /// <summary>Sends by way of the use case itself.</summary>
    public async Task<Guid> AskToSendAsync(Guid account, Recipient to, string text) =>
        (await AskToSendAsync(new OutgoingMessage(account, to, text, null, MessagePriority.Interactive)))[0];

    /// <summary>The same with files: the ids of all its messages.</summary>
    public Task<IReadOnlyList<Guid>> AskToSendAsync(Guid account, Recipient to, string text, params OutgoingMedia[] media) =>
        AskToSendAsync(new OutgoingMessage(account, to, text, null, MessagePriority.Interactive) { Media = media });

    public async Task<IReadOnlyList<Guid>> AskToSendAsync(OutgoingMessage message) =>
        (await new AcceptMessage(_database, _secrets, Options.Create(new SendOptions()), TimeProvider.System).ExecuteAsync(
            new Principal(_tenant, 1, Role.Owner, null, null), message, null, Token)).MessageIds;

    /// <summary>Uploads by way of the use case itself.</summary>
    public async Task<OutgoingMedia> UploadAsync(byte[] content, string name, MediaKind? kind = null, bool spoiler = false)
    {
        var uploaded = await new UploadMedia(_database, new MediaStore(_database), Options.Create(new MediaOptions()), Options.Create(new SendOptions()), TimeProvider.System).ExecuteAsync(
            new Principal(_tenant, 1, Role.Owner, null, null), new Upload(new MemoryStream(content), content.Length, null, name), null, Token);
        return new OutgoingMedia(uploaded.Id, null, kind, null, spoiler);
    }

    /// <summary>Sends again, as an operator does.</summary>
    public Task RetryAsync(Guid message) =>
        new RetryMessage(_database, new FindMessage(_database, null!), TimeProvider.System).ExecuteAsync(new Principal(_tenant, 1, Role.Owner, null, null), message, Token);

    /// <summary>Accepts a message to a bare Telegram user id.</summary>
    public async Task<Guid> SendToIdAsync(Guid account, long userId, string text)
    {
        var id = NewId();
        await ChangeAsync(account, async transaction =>
        {
            var row = await transaction.Db.TelegramAccounts.SingleAsync(entity => entity.Id == account, Token);
            var dialog = await transaction.Db.Dialogs.FirstOrDefaultAsync(
                entity => entity.PersonalAccountId == account && entity.PeerKind == PeerKind.User && entity.PeerId == userId, Token);
            if (dialog is null)
                transaction.Db.Add(dialog = Dialog.WithPeer(_tenant, NewId(), account, PeerKind.User, userId, null, null, null));
            Accept(transaction, row, dialog, id, text);
        });
        return id;
    }

    public Task<LoginSeen> LoginAsync(Guid id) =>
        OneAsync(
            $"select state, error_code, last_input_id, last_input_error, retry_at, recovery_pattern from telegram_logins where id = '{id}'",
            reader => new LoginSeen(
                reader.GetString(0), Text(reader, 1), reader.IsDBNull(2) ? null : reader.GetGuid(2), Text(reader, 3),
                reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4), Text(reader, 5)));

    public Task<AccountSeen> AccountAsync(Guid id) =>
        OneAsync(
            $"select status, telegram_user_id, last_error_code, session_payload is not null, is_active, dc_id from telegram_accounts where id = '{id}'",
            reader => new AccountSeen(
                reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetInt64(1), Text(reader, 2), reader.GetBoolean(3), reader.GetBoolean(4),
                reader.IsDBNull(5) ? null : reader.GetInt32(5)));

    public Task<MessageSeen> MessageAsync(Guid id) => OneAsync($"{MessageColumns} where id = '{id}'", Message);

    public Task<IReadOnlyList<MessageSeen>> StoredAsync(Guid account, string text) =>
        ManyAsync($"{MessageColumns} where account_id = '{account}' and text = '{text}' order by seq", Message);

    /// <summary>The texts of all the account's messages of one direction, in the order in which they were stored.</summary>
    public Task<IReadOnlyList<string>> TextsAsync(Guid account, string direction) =>
        ManyAsync($"select text from messages where account_id = '{account}' and direction = '{direction}' order by seq", reader => reader.GetString(0));

    /// <summary>The first column of a question's rows, as text.</summary>
    public Task<IReadOnlyList<string>> RowsAsync(string sql) => ManyAsync(sql, reader => Convert.ToString(reader[0], System.Globalization.CultureInfo.InvariantCulture)!);

    /// <summary>Rings for a shard without any change.</summary>
    public Task RingAsync(int shard) =>
        _database.InTenantAsync(
            _tenant,
            transaction =>
            {
                transaction.AfterCommit(Ring.Shard(shard));
                return Task.CompletedTask;
            },
            Token);

    private const string MessageColumns = "select status, direction, text, telegram_message_id, error_code, attempts from messages";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static void Accept(TenantTransaction transaction, TelegramAccount account, Dialog dialog, Guid id, string text) =>
        transaction.Db.Add(Core.Telegram.Messages.Message.Accept(
            account, dialog, id, text, null, MessagePriority.Interactive, 1, BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)), TimeProvider.System.GetUtcNow()));

    private static DateTimeOffset Until(TimeSpan? lifetime) => TimeProvider.System.GetUtcNow() + (lifetime ?? TimeSpan.FromMinutes(3));

    private static MessageSeen Message(Npgsql.NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetInt32(3), Text(reader, 4), reader.GetInt32(5));

    private static string? Text(Npgsql.NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private Task ChangeAsync(Guid account, Func<TenantTransaction, Task> work) =>
        _database.InTenantAsync(
            _tenant,
            async transaction =>
            {
                await work(transaction);
                if (!RingsAreLost)
                    transaction.AfterCommit(Ring.Shard(Shards.ShardOf(account, TestInstallation.ShardCount)));
            },
            Token);

    private async Task<T> OneAsync<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read) => (await ManyAsync(sql, read)).Single();

    private async Task<IReadOnlyList<T>> ManyAsync<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read)
    {
        await using var command = _installation.Admin.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Token);
        List<T> rows = [];
        while (await reader.ReadAsync(Token))
            rows.Add(read(reader));
        return rows;
    }
}
