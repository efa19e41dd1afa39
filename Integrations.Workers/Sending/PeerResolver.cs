using Integrations.Core.Events;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Clients;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Postgres;
using Integrations.Workers.Telemetry;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.Sending;

/// <summary>Whom a message goes to.</summary>
internal abstract record Resolution
{
    private Resolution()
    {
    }

    /// <param name="Peer">Ready for a call.</param>
    /// <param name="DialogId">The message's dialog now: a provisional one may have been joined to another.</param>
    public sealed record Found(PeerAddress Peer, Guid DialogId) : Resolution;

    public sealed record Unknown(string Detail) : Resolution;

    /// <summary>Telegram does not answer such questions for now.</summary>
    public sealed record Wait(DateTimeOffset Until, string Detail) : Resolution;
}

/// <summary>Turns a dialog into a peer that Telegram accepts, asking Telegram where only a username or a phone is known.</summary>
internal sealed class PeerResolver(TenantDatabase database, FloodWaits floods, WorkerTelemetry telemetry, TimeProvider time)
{
    public async Task<Resolution> ResolveAsync(OwnedAccount account, ITelegramClient client, ClaimedMessage message, CancellationToken ct)
    {
        if (message.Peer is { } peer && (peer.Kind is PeerKind.Chat || message.AccessHash is not null))
            return new Resolution.Found(new PeerAddress(peer, message.AccessHash), message.DialogId);

        if (message.Username is null && message.Phone is null)
        {
            return new Resolution.Unknown(
                "This account has never met the recipient, so Telegram does not let it write by the bare id. Use a username or a phone number.");
        }

        var method = message.Username is not null ? FloodWaits.ResolveUsername : FloodWaits.ResolvePhone;
        if (await floods.UntilAsync(account, method, ct) is { } until)
            return new Resolution.Wait(until, "Telegram asks this account to wait before it looks up another recipient.");

        KnownPeer? found;
        try
        {
            found = await telemetry.MeasureAsync(method, () => message.Username is { } username
                ? client.ResolveUsernameAsync(username, ct)
                : client.ResolvePhoneAsync(message.Phone!, ct));
        }
        catch (TelegramRefusedException e) when (e.Wait is { } wait)
        {
            var lapse = time.GetUtcNow() + wait;
            await floods.SaveAsync(account, method, null, lapse, ct);
            return new Resolution.Wait(lapse, $"Telegram asks this account to wait {Math.Ceiling(wait.TotalSeconds)} s before it looks up another recipient.");
        }

        // An id that the caller named must stay the one that is written to, whoever has the username now.
        if (found is null || message.Peer is { } named && named != found.Key)
        {
            return new Resolution.Unknown(message.Username is not null
                ? "Nobody on Telegram has this username."
                : "Nobody on Telegram can be found by this phone number.");
        }

        return new Resolution.Found(new PeerAddress(found.Key, found.AccessHash), await StoreAsync(account, message.DialogId, found, ct));
    }

    private async Task<Guid> StoreAsync(OwnedAccount account, Guid dialog, KnownPeer peer, CancellationToken ct)
    {
        try
        {
            return await database.InTenantAsync(account.Tenant, transaction => StoreAsync(transaction, account, dialog, peer, ct), ct);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "idx_dialogs_peer" })
        {
            // A message of this very peer came in between the look and the write; now the other dialog is there to be joined.
            return await database.InTenantAsync(account.Tenant, transaction => StoreAsync(transaction, account, dialog, peer, ct), ct);
        }
    }

    private static async Task<Guid> StoreAsync(TenantTransaction transaction, OwnedAccount account, Guid dialog, KnownPeer peer, CancellationToken ct)
    {
        await transaction.RequireEpochAsync(account.Claim, ct);
        await PeerStatements.SaveAsync(transaction, account, [peer], ct);

        // Whoever is adding a message to the provisional dialog finishes first, so that it moves with the others; whoever comes now waits, and
        // finds the dialog that stays.
        await using (var command = transaction.Command("select from dialogs where id = $1 for update").With(dialog))
            await command.ExecuteNonQueryAsync(ct);

        Guid? existing;
        await using (var command = transaction.Command(
            "select id from dialogs where personal_account_id = $1 and peer_kind = $2 and peer_id = $3 for update")
            .With(account.Id).With(Words.Of(peer.Key.Kind)).With(peer.Key.Id))
        {
            existing = await command.ExecuteScalarAsync(ct) as Guid?;
        }

        var stays = existing ?? dialog;
        if (stays != dialog)
        {
            await using (var command = transaction.Command("update messages set dialog_id = $2 where dialog_id = $1").With(dialog).With(stays))
                await command.ExecuteNonQueryAsync(ct);

            await using (var command = transaction.Command("update dialog_notes set dialog_id = $2 where dialog_id = $1").With(dialog).With(stays))
                await command.ExecuteNonQueryAsync(ct);

            // Whoever had taken the one on keeps it, unless somebody looks after the other.
            await using (var command = transaction.Command(
                "update dialogs d set assignee_id = coalesce(d.assignee_id, p.assignee_id) from dialogs p where d.id = $2 and p.id = $1").With(dialog).With(stays))
            {
                await command.ExecuteNonQueryAsync(ct);
            }

            await using (var command = transaction.Command("delete from dialogs where id = $1").With(dialog))
                await command.ExecuteNonQueryAsync(ct);
        }

        await using (var command = transaction.Command(
            """
            update dialogs set peer_kind = $2, peer_id = $3, username = coalesce($4, username), phone = coalesce($5, phone), title = coalesce($6, title)
             where id = $1
            """)
            .With(stays).With(Words.Of(peer.Key.Kind)).With(peer.Key.Id)
            .With(peer.Username, NpgsqlDbType.Varchar).With(peer.Phone is null ? null : "+" + peer.Phone, NpgsqlDbType.Varchar)
            .With(peer.Title, NpgsqlDbType.Varchar))
        {
            await command.ExecuteNonQueryAsync(ct);
        }

        await transaction.PublishAsync(
            new EventDraft(
                EventTypes.DialogUpdated,
                account.UserId,
                account.Id,
                new
                {
                    Id = stays,
                    AccountId = account.Id,
                    PeerKind = peer.Key.Kind,
                    PeerId = peer.Key.Id,
                    peer.Username,
                    peer.Title,
                    // The provisional dialog that is this one now.
                    Joined = stays == dialog ? (Guid?)null : dialog,
                }),
            ct);
        return stays;
    }
}
