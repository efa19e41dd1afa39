using System.Security.Cryptography;
using System.Text;
using Integrations.Core.Audit;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Media;

/// <summary>A content that somebody brings.</summary>
/// <param name="Length">In bytes, as announced; null where it was not.</param>
/// <param name="ContentType">As announced; the content itself decides.</param>
public sealed record Upload(Stream Content, long? Length, string? ContentType, string? FileName);

/// <summary>A file that a message may take.</summary>
/// <param name="ExpiresAt">Gone by then where no message has taken it.</param>
public sealed record UploadedMedia(
    Guid Id,
    MediaKind Kind,
    string? FileName,
    string? MimeType,
    long Size,
    int? Width,
    int? Height,
    int? Duration,
    byte[] Sha256,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    bool Replayed);

/// <summary>Takes a file for a message that is sent later. It is written piece by piece while it comes, and is nobody's until all of it is there.</summary>
public sealed class UploadMedia(TenantDatabase database, MediaStore store, IOptions<MediaOptions> options, IOptions<SendOptions> sending, TimeProvider time)
{
    private const string Route = "telegram.media";

    /// <summary>Beside a tenant's number, the key of the lock under which its unsent bytes are counted.</summary>
    private const int QuotaLock = 7311;

    /// <param name="key">The Idempotency-Key, or null.</param>
    /// <exception cref="IntegrationException">BODY_TOO_LARGE; MEDIA_QUOTA; VALIDATION_FAILED for an empty file; IDEMPOTENCY_MISMATCH; IDEMPOTENCY_IN_PROGRESS.</exception>
    public async Task<UploadedMedia> ExecuteAsync(Principal principal, Upload upload, string? key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(upload);
        if (upload.Length > options.Value.MaxBytes)
            throw TooBig();

        var id = Guid.CreateVersion7(time.GetUtcNow());
        await BeginAsync(principal, id, upload, cancellationToken);
        try
        {
            await using var probed = new ProbedStream(upload.Content);
            var written = await store.WriteAsync(principal.Tenant, id, probed, options.Value.MaxBytes, null, cancellationToken) ?? throw TooBig();
            if (written.Size == 0)
                throw new IntegrationException(ErrorCodes.ValidationFailed, fieldErrors: new Dictionary<string, string[]> { ["file"] = ["Is empty."] });

            return await database.InTenantAsync(
                principal.Tenant,
                transaction => FinishAsync(transaction, principal, id, upload, written, probed.Facts(upload.ContentType), key, cancellationToken),
                cancellationToken);
        }
        catch
        {
            await ForgetAsync(principal.Tenant, id);
            throw;
        }
    }

    private IntegrationException TooBig() => new(ErrorCodes.BodyTooLarge, $"A file has at most {options.Value.MaxBytes} bytes.");

    /// <summary>Keeps room for it among the bytes that the tenant may have waiting. What is announced counts from the beginning, so that many at once do not pass the limit together.</summary>
    private async Task BeginAsync(Principal principal, Guid id, Upload upload, CancellationToken cancellationToken)
    {
        // The change that is written down is the file that is there in the end. Ends with this method.
        AuditScope.Leave();
        var announced = upload.Length ?? options.Value.MaxBytes;
        await database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await using var command = transaction.Command(
                    """
                    with taken as materialized (select pg_advisory_xact_lock($1, hashtext($2)))
                    select coalesce((select sum(f.size) from media f
                                      where f.source = 'upload' and f.created_at > clock_timestamp() - $3 and not exists (select from messages m where m.media_id = f.id)), 0)::bigint
                      from taken
                    """);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = QuotaLock });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = principal.Tenant.ToString() });
                command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.KeptUnsent, NpgsqlDbType = NpgsqlDbType.Interval });
                var unsent = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
                if (unsent + announced > options.Value.UnsentBytes)
                {
                    throw new IntegrationException(
                        ErrorCodes.MediaQuota, $"{unsent} of {options.Value.UnsentBytes} bytes are uploaded already and not sent. Send them, or wait: an unsent file is deleted after {options.Value.KeptUnsent.TotalHours:0.#} hours.");
                }

                transaction.Db.Add(MediaFile.Expect(
                    principal.Tenant, id, MediaSource.Upload, new MediaTraits(MediaKind.Document, SafeName.Of(upload.FileName), null, announced, null, null, null), principal.UserId));
            },
            cancellationToken);
    }

    private async Task<UploadedMedia> FinishAsync(
        TenantTransaction transaction, Principal principal, Guid id, Upload upload, WrittenContent written, ContentFacts facts, string? key, CancellationToken cancellationToken)
    {
        if (key is not null
            && await IdempotencyKeys.TakeAsync(
                transaction, principal, Route, key, HashOf(written, SafeName.Of(upload.FileName)), sending.Value.IdempotencyLifetime, cancellationToken) is { } first)
        {
            await DeleteAsync(transaction, id, cancellationToken);
            return await ReadAsync(transaction, first.Id, replayed: true, cancellationToken);
        }

        await DescribeAsync(transaction, id, facts.Sendable(written.Size), cancellationToken);
        if (!await MediaStore.ReadyAsync(transaction, id, written, cancellationToken))
            throw new IntegrationException(ErrorCodes.Conflict, "The upload took longer than it may wait. Begin it again.");

        var media = await ReadAsync(transaction, id, replayed: false, cancellationToken);
        if (key is not null)
        {
            await using var batch = new NpgsqlBatch(transaction.Connection, transaction.Transaction)
            {
                BatchCommands = { IdempotencyKeys.Answer(transaction, principal, Route, key, [id], media.CreatedAt) },
            };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        transaction.Note(new AuditedChange("telegram.upload_media", null, new { MediaId = id, Kind = Words.Of(media.Kind), media.Size }));
        return media;
    }

    /// <summary>What the content says of itself.</summary>
    public static async Task DescribeAsync(TenantTransaction transaction, Guid id, ContentFacts facts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(facts);
        await using var command = transaction.Command(
            "update media set kind = case when kind_asked then kind else $2 end, mime_type = $3, width = $4, height = $5, duration = $6 where id = $1 and state = 'waiting'");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(facts.Kind) });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = facts.MimeType });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)facts.Width ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)facts.Height ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)facts.Duration ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<UploadedMedia> ReadAsync(TenantTransaction transaction, Guid id, bool replayed, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command(
            "select kind, file_name, mime_type, size, width, height, duration, sha256, created_at from media where id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            throw new IntegrationException(ErrorCodes.NotFound);

        var createdAt = reader.GetFieldValue<DateTimeOffset>(8);
        return new(
            id,
            Words.Read<MediaKind>(reader.GetString(0)),
            reader[1] as string,
            reader[2] as string,
            reader.GetInt64(3),
            reader[4] as int?,
            reader[5] as int?,
            reader[6] as int?,
            reader.GetFieldValue<byte[]>(7),
            createdAt,
            createdAt + options.Value.KeptUnsent,
            replayed);
    }

    /// <summary>What cannot be taken back now goes with the other uploads that nobody sends.</summary>
    private async Task ForgetAsync(TenantId tenant, Guid id)
    {
        AuditScope.Leave();
        try
        {
            await database.InTenantAsync(tenant, transaction => DeleteAsync(transaction, id, CancellationToken.None), CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The database is away, which the caller is being told of already.
        }
    }

    private static async Task DeleteAsync(TenantTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("delete from media where id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The same content under the same name is the same request.</summary>
    private static byte[] HashOf(WrittenContent written, string? name) => SHA256.HashData([.. written.Sha256, .. Encoding.UTF8.GetBytes(name ?? "")]);
}
