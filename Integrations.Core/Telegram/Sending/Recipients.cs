using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Sending;

/// <param name="Id">The dialog.</param>
/// <param name="Name">By which the same person is found should this dialog be joined to another; null where that cannot happen.</param>
internal sealed record FoundDialog(Guid Id, Recipient? Name);

/// <summary>Finds the dialog that a recipient means, or opens one.</summary>
/// <remarks>
/// Whoever is known to the account by Telegram's id has one dialog, whichever name is used for him. A name that the account does not know
/// yet opens a dialog under that name; its owner looks the name up when it sends, and gives the dialog its peer.
/// </remarks>
internal static class Recipients
{
    /// <summary>
    /// Whose name it is may not have been told yet while he has written himself: what waits under the name goes to him as well, once that is known, and
    /// what is said later must not overtake it.
    /// </summary>
    private const string AfterWhatWaits =
        "order by d.peer_id is null and not exists (select from messages w where w.dialog_id = d.id and w.status in ('pending', 'sending')), d.peer_id is not null";

    /// <exception cref="IntegrationException">NOT_FOUND for a dialog that is not one of this account or bot.</exception>
    public static async Task<FoundDialog> DialogAsync(
        TenantTransaction transaction, MessageSender sender, Recipient to, Guid newId, CancellationToken cancellationToken)
    {
        if (sender.BotId is { } bot)
            return new FoundDialog(await OfBotAsync(transaction, sender, bot, to, newId, cancellationToken), null);

        var accountId = sender.AccountId!.Value;
        if (to.DialogId is { } known)
        {
            return await KnownAsync(transaction, accountId, known, cancellationToken) ?? throw new IntegrationException(ErrorCodes.NotFound);
        }

        if (await FindAsync(transaction, accountId, to, cancellationToken) is { } found)
            return new FoundDialog(found, to);
        if (await OpenAsync(transaction, accountId, to, newId, cancellationToken) is { } opened)
        {
            await transaction.PublishAsync(
                sender.Event(EventTypes.DialogUpdated, new
                {
                    Id = opened,
                    AccountId = accountId,
                    to.Username,
                    to.Phone,
                    PeerId = to.ChatId is { } chat ? BotChat.PeerOf(chat).Id : to.TelegramUserId,
                }),
                cancellationToken);
            return new FoundDialog(opened, to);
        }

        // Somebody opened it between the two statements, and has committed by now.
        return await FindAsync(transaction, accountId, to, cancellationToken) is { } theirs
            ? new FoundDialog(theirs, to)
            : throw new IntegrationException(ErrorCodes.Conflict, "The dialog changed while the message was being accepted. Repeat the request.", TimeSpan.FromSeconds(1));
    }

    /// <summary>A bot knows people by their chat alone. Whether it may write there, Telegram says.</summary>
    private static async Task<Guid> OfBotAsync(
        TenantTransaction transaction, MessageSender sender, Guid botId, Recipient to, Guid newId, CancellationToken cancellationToken)
    {
        if (to.DialogId is { } known)
        {
            return await OneAsync(transaction, "select id from dialogs where id = $1 and bot_id = $2", cancellationToken, Id(known), Id(botId))
                ?? throw new IntegrationException(ErrorCodes.NotFound);
        }

        var peer = BotChat.PeerOf(to.ChatId ?? throw new ArgumentException("A recipient of a bot is a dialog or a chat.", nameof(to)));
        if (await FindAsync() is { } found)
            return found;
        if (await OneAsync(
            transaction,
            """
            insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id) values ($1, $2, 'telegram_bot', $3, $4, $5)
            on conflict do nothing
            returning id
            """,
            cancellationToken, Id(newId), Id(transaction.Tenant.Value), Id(botId), Text(Words.Of(peer.Kind)), new NpgsqlParameter<long> { TypedValue = peer.Id }) is { } opened)
        {
            await transaction.PublishAsync(sender.Event(EventTypes.DialogUpdated, new { Id = opened, BotId = botId, PeerKind = peer.Kind, PeerId = peer.Id }), cancellationToken);
            return opened;
        }

        // Somebody opened it between the two statements, and has committed by now.
        return await FindAsync()
            ?? throw new IntegrationException(ErrorCodes.Conflict, "The dialog changed while the message was being accepted. Repeat the request.", TimeSpan.FromSeconds(1));

        Task<Guid?> FindAsync() => OneAsync(
            transaction, "select id from dialogs where bot_id = $1 and peer_kind = $2 and peer_id = $3", cancellationToken,
            Id(botId), Text(Words.Of(peer.Kind)), new NpgsqlParameter<long> { TypedValue = peer.Id });
    }

    private static async Task<FoundDialog?> KnownAsync(TenantTransaction transaction, Guid accountId, Guid dialog, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("select username, phone from dialogs where id = $1 and personal_account_id = $2");
        command.Parameters.Add(Id(dialog));
        command.Parameters.Add(Id(accountId));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;

        return new FoundDialog(dialog, (reader[0], reader[1]) switch
        {
            (string username, _) => new Recipient(Username: username),
            (_, string phone) => new Recipient(Phone: phone),
            _ => null,
        });
    }

    private static Task<Guid?> FindAsync(TenantTransaction transaction, Guid accountId, Recipient to, CancellationToken cancellationToken) => to switch
    {
        { ChatId: { } chat } => OneAsync(
            transaction,
            "select id from dialogs where personal_account_id = $1 and peer_kind = $2 and peer_id = $3",
            cancellationToken,
            Id(accountId),
            Text(Words.Of(BotChat.PeerOf(chat).Kind)),
            new NpgsqlParameter<long> { TypedValue = BotChat.PeerOf(chat).Id }),

        { TelegramUserId: { } user } => OneAsync(
            transaction,
            "select id from dialogs where personal_account_id = $1 and peer_kind = 'user' and peer_id = $2",
            cancellationToken,
            Id(accountId),
            new NpgsqlParameter<long> { TypedValue = user }),

        // What Telegram told last about a name stands in telegram_peers; a dialog may still bear a name that has moved on to somebody else.
        { Username: { } username } => OneAsync(
            transaction,
            $"""
            select d.id
              from dialogs d
              left join telegram_peers p on p.account_id = d.personal_account_id and p.kind = d.peer_kind and p.peer_id = d.peer_id
             where d.personal_account_id = $1 and lower(coalesce(p.username, d.username)) = lower($2)
             {AfterWhatWaits}
             limit 1
            """,
            cancellationToken,
            Id(accountId),
            new NpgsqlParameter<string> { TypedValue = username }),

        { Phone: { } phone } => OneAsync(
            transaction,
            $"""
            select d.id
              from dialogs d
              left join telegram_peers p on p.account_id = d.personal_account_id and p.kind = d.peer_kind and p.peer_id = d.peer_id
             where d.personal_account_id = $1 and ltrim(coalesce(p.phone, d.phone), '+') = ltrim($2, '+')
             {AfterWhatWaits}
             limit 1
            """,
            cancellationToken,
            Id(accountId),
            new NpgsqlParameter<string> { TypedValue = phone }),

        _ => throw new ArgumentException("A recipient names nobody.", nameof(to)),
    };

    /// <summary>A new dialog, with its peer where the account has met it already; null when another one is in the way.</summary>
    private static Task<Guid?> OpenAsync(TenantTransaction transaction, Guid accountId, Recipient to, Guid newId, CancellationToken cancellationToken) => OneAsync(
        transaction,
        """
        insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, username, phone, title)
        select $1, $2, 'personal_telegram', $3, coalesce(p.kind, case when $6::bigint is not null then $7 end), coalesce(p.peer_id, $6),
               coalesce(p.username, $4), coalesce(p.phone, $5), p.title
          from (values (1)) one
          left join lateral (select * from telegram_peers
                              where account_id = $3
                                and ((kind = $7 and peer_id = $6) or lower(username) = lower($4)
                                     or (kind = 'user' and phone in ($5, ltrim($5, '+'))))
                              limit 1) p on true
        on conflict do nothing
        returning id
        """,
        cancellationToken,
        Id(newId),
        Id(transaction.Tenant.Value),
        Id(accountId),
        Text(to.Username),
        Text(to.Phone),
        new NpgsqlParameter { Value = (object?)(to.ChatId is { } chat ? BotChat.PeerOf(chat).Id : to.TelegramUserId) ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
        Text(to.ChatId is { } named ? Words.Of(BotChat.PeerOf(named).Kind) : "user"));

    private static async Task<Guid?> OneAsync(TenantTransaction transaction, string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = transaction.Command(sql);
        command.Parameters.AddRange(parameters);
        return await command.ExecuteScalarAsync(cancellationToken) as Guid?;
    }

    private static NpgsqlParameter<Guid> Id(Guid value) => new() { TypedValue = value };

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar };
}
