using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Tenancy;
using Integrations.Workers.Logins;
using Integrations.Workers.Postgres;
using Npgsql;

namespace Integrations.Workers.Accounts;

/// <summary>What the owner of an account reads and writes about it. Every write requires the claim's epoch.</summary>
internal sealed class AccountRecords(TenantDatabase database, ISecretProtector secrets, AccountProxy proxies, TimeProvider time)
{
    private const string Platform = "telegram";

    /// <summary>What should run on these shards, in this world.</summary>
    public Task<List<AccountRow>> WantedAsync(int shard, World world, CancellationToken ct) =>
        database.ThroughDoorsAsync(
            async (connection, transaction) =>
            {
                await using var command = new NpgsqlCommand(
                    """
                    select id, tenant_id, user_id, shard, status, goal, accepts_private, accepts_groups, accepts_channels,
                           restart_requested, restart_done, login_state, has_session
                      from doors.accounts_of_shards($1, $2)
                    """,
                    connection,
                    transaction).With(new[] { shard }).With(Words.Of(world));
                List<AccountRow> rows = [];
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    rows.Add(new AccountRow(
                        reader.GetGuid(0),
                        new TenantId(reader.GetGuid(1)),
                        reader.GetInt32(2),
                        reader.GetInt32(3),
                        Words.Read<AccountStatus>(reader.GetString(4)),
                        Words.Read<AccountGoal>(reader.GetString(5)),
                        new AcceptedChats(reader.GetBoolean(6), reader.GetBoolean(7), reader.GetBoolean(8)),
                        reader.GetInt64(9),
                        reader.GetInt64(10),
                        await reader.ReferenceAsync<string>(11, ct) is { } state ? Words.Read<Core.Telegram.Logins.LoginState>(state) : null,
                        reader.GetBoolean(12)));
                }

                return rows;
            },
            ct);

    /// <returns>Null when the account is gone.</returns>
    /// <exception cref="SecretUnavailableException">The session cannot be opened now.</exception>
    public async Task<AccountFile?> LoadAsync(OwnedAccount account, CancellationToken ct)
    {
        var (file, session, proxy) = await database.InTenantAsync(account.Tenant, transaction => ReadAsync(transaction, account, ct), ct);
        if (file is not null && proxy is not null)
            file = file with { Proxy = await proxies.OpenAsync(account.Tenant, account.Id, proxy, ct) };
        return file is null || session is null ? file : file with { Session = await secrets.UnprotectAsync(account.SessionAddress, session, ct) };
    }

    /// <summary>Seals and stores the session. Awaited before the session is used for anything new.</summary>
    public async Task SaveSessionAsync(OwnedAccount account, SessionSnapshot session, CancellationToken ct)
    {
        var sealedPayload = await secrets.ProtectAsync(account.SessionAddress, session.Payload, ct);
        var fingerprint = await secrets.FingerprintAsync(SessionSnapshot.FingerprintPurpose, session.Key, ct);
        await database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(account.Claim, ct);
                await using var command = transaction.Command(
                    "update telegram_accounts set session_payload = $2, dc_id = $3, session_fingerprint = $4 where id = $1 and deleted_at is null")
                    .With(account.Id).With(sealedPayload).With(session.DcId).With(fingerprint);
                await command.ExecuteNonQueryAsync(ct);
            },
            ct);
    }

    /// <summary>A peer that was stored earlier.</summary>
    public Task<KnownPeer?> FindPeerAsync(OwnedAccount account, PeerKey key, CancellationToken ct) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    "select access_hash, username, phone, title, broadcast from telegram_peers where account_id = $1 and kind = $2 and peer_id = $3")
                    .With(account.Id).With(Words.Of(key.Kind)).With(key.Id);
                await using var reader = await command.ExecuteReaderAsync(ct);
                return await reader.ReadAsync(ct)
                    ? new KnownPeer(
                        key,
                        await reader.NullableAsync<long>(0, ct),
                        await reader.ReferenceAsync<string>(1, ct),
                        await reader.ReferenceAsync<string>(2, ct),
                        await reader.ReferenceAsync<string>(3, ct),
                        reader.GetBoolean(4))
                    : null;
            },
            ct);

    /// <summary>The session stands: the account is active and what went wrong before is over.</summary>
    /// <param name="account">Whose session.</param>
    /// <param name="news">It was not so before; a mere reconnection is not worth a line of the customer's log.</param>
    /// <param name="restartFollowed">The newest request to start afresh that has been followed with this; it is not followed twice.</param>
    /// <param name="ct">Ends the write.</param>
    public Task ConnectedAsync(OwnedAccount account, bool news, long restartFollowed, CancellationToken ct) =>
        ChangeAsync(
            account,
            """
            status = 'active', is_active = true, last_connected_at = $2, last_error = null, last_error_code = null,
            restart_done = greatest(restart_done, $3)
            """,
            command => command.With(time.GetUtcNow()).With(restartFollowed),
            news ? Log(account, "personal.connect", LogStatus.Success, null, null) : null,
            ct,
            (transaction, before) => AccountTimeline.ConnectedAsync(
                transaction, account.Id, before is not { Status: "active" } || before.RestartDone < restartFollowed, ct));

    /// <summary>The connection has been away for longer than a hiccup.</summary>
    /// <param name="since">When it was lost.</param>
    public Task DroppedAsync(OwnedAccount account, DateTimeOffset since, CancellationToken ct) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(account.Claim, ct);
                await AccountTimeline.TroubledAsync(transaction, account.Id, TimelineKind.Dropped, ErrorCodes.TelegramUnavailable, since, ct);
            },
            ct);

    /// <summary>The session is held up but not lost; the account stays as it is and the reason is told.</summary>
    public Task TroubledAsync(OwnedAccount account, string code, string detail, CancellationToken ct) =>
        ChangeAsync(
            account,
            "last_error = $2, last_error_code = $3",
            command => command.With(detail).With(code),
            Log(account, "personal.connect", LogStatus.Error, code, detail),
            ct,
            (transaction, _) => AccountTimeline.TroubledAsync(transaction, account.Id, TimelineKind.Error, code, time.GetUtcNow(), ct));

    /// <summary>The session is gone: the account is in error and everything that waited to be sent fails with the same reason.</summary>
    /// <param name="account">Whose session.</param>
    /// <param name="code">Why, from the catalogue.</param>
    /// <param name="detail">Why, in a sentence.</param>
    /// <param name="restartFollowed">The newest request to start afresh that has been followed with this.</param>
    /// <param name="ct">Ends the write.</param>
    public Task FailedAsync(OwnedAccount account, string code, string detail, long restartFollowed, CancellationToken ct) =>
        ChangeAsync(
            account,
            "status = 'error', last_error = $2, last_error_code = $3, restart_done = greatest(restart_done, $4)",
            command => command.With(detail).With(code).With(restartFollowed),
            Log(account, "personal.connect", LogStatus.Error, code, detail),
            ct,
            async (transaction, _) =>
            {
                await FailMessagesAsync(transaction, account, code, detail, ct);
                await AccountTimeline.TroubledAsync(transaction, account.Id, TimelineKind.Error, code, time.GetUtcNow(), ct);
            });

    /// <summary>The client has stopped. Who wanted it so stands in the log already, since the moment in which it was asked for.</summary>
    public Task PausedAsync(OwnedAccount account, CancellationToken ct) =>
        ChangeAsync(
            account,
            "status = 'paused'",
            static _ => { },
            log: null,
            ct,
            (transaction, _) => AccountTimeline.WriteAsync(transaction, account.Id, new TimelineEntry(TimelineKind.Paused), ct));

    /// <summary>The session has ended at Telegram and is forgotten here; the history stays.</summary>
    /// <param name="deleted">The account itself goes too.</param>
    public Task DisconnectedAsync(OwnedAccount account, bool deleted, CancellationToken ct) =>
        ChangeAsync(
            account,
            deleted
                ? "status = 'disconnected', is_active = false, session_payload = null, proxy_sealed = null, proxy_shown = null, last_error = null, last_error_code = null, deleted_at = $2"
                : "status = 'disconnected', is_active = false, session_payload = null, last_error = null, last_error_code = null",
            command =>
            {
                if (deleted)
                    command.With(time.GetUtcNow());
            },
            Log(account, deleted ? "personal.delete" : "personal.disconnect", LogStatus.Success, null, null),
            ct,
            async (transaction, _) =>
            {
                await AccountTimeline.WriteAsync(transaction, account.Id, new TimelineEntry(TimelineKind.Disconnected), ct);
                await ForgetPositionsAsync(transaction, account, ct);
                await FailMessagesAsync(transaction, account, ErrorCodes.AccountNotActive, "The account was disconnected before the message was sent.", ct);
                await LoginRecords.CloseAsync(transaction, account, ErrorCodes.TelegramLoginExpired, "The account was disconnected.", ct);
                if (deleted)
                    await transaction.PublishAsync(new EventDraft(EventTypes.AccountDeleted, account.UserId, account.Id, new { account.Id }), ct);
            });

    internal static async Task ForgetPositionsAsync(TenantTransaction transaction, OwnedAccount account, CancellationToken ct)
    {
        foreach (var table in (string[])["telegram_update_states", "telegram_channel_states"])
        {
            await using var command = transaction.Command($"delete from {table} where account_id = $1").With(account.Id);
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    /// <summary>Tells subscribers how the account stands at this point of the transaction.</summary>
    internal static async Task PublishAccountAsync(TenantTransaction transaction, OwnedAccount account, CancellationToken ct)
    {
        if (await StandingAsync(transaction, account, ct) is { } standing)
            await PublishAsync(transaction, account, standing, ct);
    }

    private static Task PublishAsync(TenantTransaction transaction, OwnedAccount account, AccountStanding standing, CancellationToken ct) =>
        transaction.PublishAsync(
            new EventDraft(EventTypes.AccountUpdated, account.UserId, account.Id, new
            {
                account.Id,
                standing.Status,
                standing.Goal,
                standing.DisplayName,
                standing.Username,
                standing.TelegramUserId,
                standing.LastConnectedAt,
                standing.LastError,
                standing.LastErrorCode,
            }),
            ct);

    /// <summary>Null when the account is gone.</summary>
    private static async Task<AccountStanding?> StandingAsync(TenantTransaction transaction, OwnedAccount account, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            select status, goal, display_name, username, telegram_user_id, last_connected_at, last_error, last_error_code, restart_done
              from telegram_accounts where id = $1 for no key update
            """).With(account.Id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new AccountStanding(
                reader.GetString(0),
                reader.GetString(1),
                await reader.ReferenceAsync<string>(2, ct),
                await reader.ReferenceAsync<string>(3, ct),
                await reader.NullableAsync<long>(4, ct),
                await reader.NullableAsync<DateTimeOffset>(5, ct),
                await reader.ReferenceAsync<string>(6, ct),
                await reader.ReferenceAsync<string>(7, ct),
                reader.GetInt64(8))
            : null;
    }

    internal LogEntry Log(OwnedAccount account, string action, LogStatus status, string? code, string? message) =>
        new(Guid.CreateVersion7(time.GetUtcNow()), account.UserId, Platform, action, status)
        {
            AccountId = account.Id,
            ErrorCode = code,
            ErrorMessage = message,
        };

    private static async Task FailMessagesAsync(TenantTransaction transaction, OwnedAccount account, string code, string detail, CancellationToken ct)
    {
        await using var command = transaction.Command("select doors.fail_messages($1, $2, $3, $4, $5)")
            .With(account.Claim.Shard).With(account.Claim.Epoch).With(account.Id).With(code).With(detail);
        if ((int)(await command.ExecuteScalarAsync(ct))! > 0)
            transaction.AfterCommit(Ring.Outbox);
    }

    private static async Task<(AccountFile? File, byte[]? Session, byte[]? Proxy)> ReadAsync(TenantTransaction transaction, OwnedAccount account, CancellationToken ct)
    {
        AccountFile file;
        byte[]? session, proxy;
        await using (var command = transaction.Command(
            """
            select a.status, a.goal, a.accepts_private, a.accepts_groups, a.accepts_channels, a.restart_requested, a.restart_done,
                   a.last_error_code is not null, a.session_payload, s.pts, s.qts, s.date, s.seq, a.proxy_sealed
              from telegram_accounts a
              left join telegram_update_states s on s.account_id = a.id
             where a.id = $1 and a.deleted_at is null
            """).With(account.Id))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
                return (null, null, null);

            session = await reader.ReferenceAsync<byte[]>(8, ct);
            proxy = await reader.ReferenceAsync<byte[]>(13, ct);
            file = new AccountFile(
                Words.Read<AccountStatus>(reader.GetString(0)),
                Words.Read<AccountGoal>(reader.GetString(1)),
                new AcceptedChats(reader.GetBoolean(2), reader.GetBoolean(3), reader.GetBoolean(4)),
                reader.GetInt64(5),
                reader.GetInt64(6),
                reader.GetBoolean(7),
                null,
                null,
                await reader.IsDBNullAsync(9, ct) ? null : new UpdatePosition(reader.GetInt32(9), reader.GetInt32(10), reader.GetInt32(11), reader.GetInt32(12)),
                [],
                null);
        }

        List<ChannelPosition> channels = [];
        await using (var command = transaction.Command("select channel_id, pts from telegram_channel_states where account_id = $1").With(account.Id))
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                channels.Add(new ChannelPosition(reader.GetInt64(0), reader.GetInt32(1)));
        }

        return (file with { Channels = channels, Login = await LoginRecords.ReadAsync(transaction, account.Id, ct) }, session, proxy);
    }

    /// <param name="account">Whose row changes.</param>
    /// <param name="assignments">Fixed text of this class; its values are the parameters from $2 on.</param>
    /// <param name="parameters">Adds them.</param>
    /// <param name="log">Written in the same transaction; null for nothing.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="alongside">What else belongs to the change; it is told how the account stood before.</param>
    private Task ChangeAsync(
        OwnedAccount account, string assignments, Action<NpgsqlCommand> parameters, LogEntry? log, CancellationToken ct,
        Func<TenantTransaction, AccountStanding?, Task>? alongside = null) =>
        database.InTenantAsync(
            account.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(account.Claim, ct);
                var before = await StandingAsync(transaction, account, ct);
                await using (var command = transaction.Command($"update telegram_accounts set {assignments} where id = $1").With(account.Id))
                {
                    parameters(command);
                    await command.ExecuteNonQueryAsync(ct);
                }

                if (alongside is not null)
                    await alongside(transaction, before);

                // A connection that came back is no news: the moment alone is not worth an event.
                var after = await StandingAsync(transaction, account, ct);
                if (after is not null && after != (before is null ? null : before with { LastConnectedAt = after.LastConnectedAt }))
                    await PublishAsync(transaction, account, after, ct);
                if (log is not null)
                    await IntegrationLog.WriteAsync(transaction, log, ct);
            },
            ct);

    /// <summary>What subscribers are told of an account, and the newest request to start afresh that was followed.</summary>
    private sealed record AccountStanding(
        string Status,
        string Goal,
        string? DisplayName,
        string? Username,
        long? TelegramUserId,
        DateTimeOffset? LastConnectedAt,
        string? LastError,
        string? LastErrorCode,
        long RestartDone);
}
