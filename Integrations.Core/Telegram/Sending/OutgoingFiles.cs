using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Sending;

/// <summary>A file that a message has taken.</summary>
/// <param name="Size">In bytes; null until it was fetched.</param>
internal sealed record OutgoingFile(
    Guid Id, MediaKind Kind, MediaState State, string? FileName, string? MimeType, long? Size, int? Width, int? Height, int? Duration)
{
    public MediaView View(long? albumId) =>
        new(Id, Words.Of(Kind), FileName, MimeType, Size, Width, Height, Duration, Words.Of(State), null, MediaView.AlbumOf(albumId));
}

/// <summary>The files of one request, on their way into the rows of its messages.</summary>
/// <param name="items">As asked for.</param>
/// <param name="addresses">The sealed addresses, each with the id of its file to be; null in the places of uploads.</param>
internal sealed class OutgoingFiles(IReadOnlyList<OutgoingMedia> items, IReadOnlyList<SealedPlace?> addresses)
{
    public static async Task<IReadOnlyList<SealedPlace?>> SealAsync(
        TenantId tenant, IReadOnlyList<OutgoingMedia> items, ISecretProtector secrets, TimeProvider time, CancellationToken cancellationToken)
    {
        var places = new SealedPlace?[items.Count];
        for (var place = 0; place < places.Length; place++)
        {
            if (items[place].Address is not { } address)
                continue;
            var id = Guid.CreateVersion7(time.GetUtcNow());
            places[place] = new(id, await secrets.ProtectAsync(MediaFile.LocationAddress(tenant, id), Encoding.UTF8.GetBytes(address.AbsoluteUri), cancellationToken));
        }

        return places;
    }

    /// <summary>Gives the files to the message that the transaction makes.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND for an upload that is not the caller's; VALIDATION_FAILED for what cannot be sent so.</exception>
    public async Task<IReadOnlyList<OutgoingFile>> TakeAsync(TenantTransaction transaction, Principal principal, CancellationToken cancellationToken)
    {
        List<OutgoingFile> taken = [];
        for (var place = 0; place < items.Count; place++)
        {
            taken.Add(addresses[place] is { } address
                ? await ExpectAsync(transaction, principal, items[place], address, cancellationToken)
                : await FindAsync(transaction, principal, items[place], place, cancellationToken));
        }

        if (taken.Count > 1 && !MediaRules.MakeAlbum([.. taken.Select(file => file.Kind)]))
            throw Wrong("media", "An album has photos and videos, or documents only, or audio only. Send others one by one.");
        return taken;
    }

    private static async Task<OutgoingFile> ExpectAsync(
        TenantTransaction transaction, Principal principal, OutgoingMedia item, SealedPlace place, CancellationToken cancellationToken)
    {
        var name = SafeName.Of(item.FileName);
        await using var command = transaction.Command(
            """
            insert into media (id, tenant_id, kind, kind_asked, source, file_name, location_sealed, user_id)
            values ($1, $2, $3, $4, 'url', $5, $6, $7)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = place.Media });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = transaction.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(item.Kind ?? MediaKind.Document) });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = item.Kind is not null });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)name ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = place.Sealed });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new(place.Media, item.Kind ?? MediaKind.Document, MediaState.Waiting, name, null, null, null, null, null);
    }

    /// <summary>Holds the row, so that it is not swept away as an unsent one while a message takes it.</summary>
    private static async Task<OutgoingFile> FindAsync(
        TenantTransaction transaction, Principal principal, OutgoingMedia item, int place, CancellationToken cancellationToken)
    {
        OutgoingFile file;
        bool used;
        await using (var command = transaction.Command(
            """
            select kind, file_name, mime_type, size, width, height, duration, exists (select from messages m where m.media_id = f.id)
              from media f
             where id = $1 and source = 'upload' and state = 'ready' and user_id = $2
               for update
            """))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = item.MediaId!.Value });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = principal.UserId });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                throw new IntegrationException(ErrorCodes.NotFound, $"The file of media[{place}] is not an upload of yours, or is gone.");

            file = new(
                item.MediaId.Value, Words.Read<MediaKind>(reader.GetString(0)), MediaState.Ready, reader[1] as string, reader[2] as string, reader.GetInt64(3),
                reader[4] as int?, reader[5] as int?, reader[6] as int?);
            used = reader.GetBoolean(7);
        }

        var asked = file with { Kind = item.Kind ?? file.Kind, FileName = SafeName.Of(item.FileName) ?? file.FileName };
        if (MediaRules.Problem(asked.Kind, asked.MimeType, asked.Size!.Value, asked.Width, asked.Height) is { } problem)
            throw Wrong($"media[{place}].kind", problem);
        if (asked == file)
            return file;
        if (used)
            throw Wrong($"media[{place}].media_id", "Was sent with another kind or name already; upload the file once more.");

        await using var change = transaction.Command("update media set kind = $2, file_name = $3 where id = $1");
        change.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = file.Id });
        change.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Words.Of(asked.Kind) });
        change.Parameters.Add(new NpgsqlParameter { Value = (object?)asked.FileName ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        await change.ExecuteNonQueryAsync(cancellationToken);
        return asked;
    }

    private static IntegrationException Wrong(string field, string problem) =>
        new(ErrorCodes.ValidationFailed, fieldErrors: new Dictionary<string, string[]> { [field] = [problem] });
}

/// <summary>An address, sealed for the file that comes from it.</summary>
internal sealed record SealedPlace(Guid Media, byte[] Sealed);
