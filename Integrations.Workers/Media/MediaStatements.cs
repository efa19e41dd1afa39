using Integrations.Core.Errors;
using Integrations.Core.Messaging;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Tenancy;
using Integrations.Workers.Postgres;
using NpgsqlTypes;

namespace Integrations.Workers.Media;

/// <summary>A file that came with a message, about to be stored.</summary>
/// <param name="RemoteKey">Tells it from another one that the message may get later.</param>
/// <param name="Location">Where it is fetched, sealed; null where the message itself tells.</param>
/// <param name="TooBig">It is never fetched.</param>
internal sealed record NewFile(Guid Id, MediaTraits Traits, string RemoteKey, byte[]? Location, bool TooBig)
{
    public MediaState State => TooBig ? MediaState.TooBig : MediaState.Waiting;

    public string? ErrorCode => TooBig ? ErrorCodes.MediaTooBig : null;

    public MediaView View(long? albumId) => new(
        Id, Words.Of(Traits.Kind), Traits.FileName, Traits.MimeType, Traits.Size, Traits.Width, Traits.Height, Traits.Duration, Words.Of(State), ErrorCode,
        MediaView.AlbumOf(albumId));
}

/// <summary>The rows of files, in the transaction of the messages that brought them.</summary>
internal static class MediaStatements
{
    /// <summary>After the messages: what refers to a file may do so before it is there, as long as the transaction lasts.</summary>
    /// <param name="receivedBy">The bot that can fetch it, where the message goes out by another sender.</param>
    public static async Task InsertAsync(TenantTransaction transaction, int shard, IReadOnlyList<NewFile> files, CancellationToken ct, Guid? receivedBy = null)
    {
        if (files.Count == 0)
            return;

        await using var command = transaction.Command(
            """
            insert into media (id, tenant_id, kind, source, state, file_name, mime_type, size, width, height, duration, remote_key, location_sealed, error_code, shard, received_by)
            select o.id, $1, o.kind, 'telegram', o.state, o.file_name, o.mime_type, o.size, o.width, o.height, o.duration, o.remote_key, o.location, o.error_code, $2, $15
              from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                   o (id, kind, state, file_name, mime_type, size, width, height, duration, remote_key, location, error_code)
            """)
            .With(transaction.Tenant.Value)
            .With(shard)
            .With(files.Select(file => file.Id).ToArray())
            .With(files.Select(file => Words.Of(file.Traits.Kind)).ToArray())
            .With(files.Select(file => Words.Of(file.State)).ToArray())
            .With(files.Select(file => file.Traits.FileName).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(files.Select(file => file.Traits.MimeType).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(files.Select(file => file.Traits.Size).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint)
            .With(files.Select(file => file.Traits.Width).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer)
            .With(files.Select(file => file.Traits.Height).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer)
            .With(files.Select(file => file.Traits.Duration).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer)
            .With(files.Select(file => file.RemoteKey).ToArray())
            .With(files.Select(file => file.Location).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bytea)
            .With(files.Select(file => file.ErrorCode).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text)
            .With(receivedBy, NpgsqlDbType.Uuid);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>What waited for the file can be claimed now.</summary>
    public static async Task RingSendersAsync(TenantTransaction transaction, Guid media, CancellationToken ct)
    {
        await using var command = transaction.Command("select distinct shard from messages where media_id = $1 and status = 'pending'").With(media);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            transaction.AfterCommit(Ring.Shard(reader.GetInt32(0)));
    }

    /// <summary>The messages that wait for a file which will not come fail with the reason, and what stands behind them in their dialogs goes on.</summary>
    public static async Task FailSendersAsync(TenantTransaction transaction, Guid media, string code, string detail, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            with written as (
                update messages set status = 'failed', error_code = $2, error_detail = $3, finished_at = clock_timestamp()
                 where media_id = $1 and status = 'pending'
                returning *
            ), logged as (
                insert into integration_logs (id, tenant_id, user_id, account_id, integration_type, action, status, details, error_code, error_message, trace_id)
                select gen_random_uuid(), w.tenant_id, coalesce(w.sent_by, a.user_id, i.user_id), w.account_id, 'telegram', case when w.bot_id is null then 'personal.send_message' else 'bot.send_message' end, 'error',
                       jsonb_build_object('message_id', w.id, 'bot_id', w.bot_id, 'attempts', w.attempts), w.error_code, w.error_detail, w.trace_id
                  from written w left join telegram_accounts a on a.id = w.account_id left join integrations i on i.id = w.bot_id
            )
            select distinct shard from written
            """).With(media).With(code).With(detail);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            transaction.AfterCommit(Ring.Shard(reader.GetInt32(0)));
    }
}
