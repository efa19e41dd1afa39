using Integrations.Core.Errors;
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
    public static async Task InsertAsync(TenantTransaction transaction, int shard, IReadOnlyList<NewFile> files, CancellationToken ct)
    {
        if (files.Count == 0)
            return;

        await using var command = transaction.Command(
            """
            insert into media (id, tenant_id, kind, source, state, file_name, mime_type, size, width, height, duration, remote_key, location_sealed, error_code, shard)
            select o.id, $1, o.kind, 'telegram', o.state, o.file_name, o.mime_type, o.size, o.width, o.height, o.duration, o.remote_key, o.location, o.error_code, $2
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
            .With(files.Select(file => file.ErrorCode).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        await command.ExecuteNonQueryAsync(ct);
    }
}
