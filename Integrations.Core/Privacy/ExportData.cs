using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Integrations.Core.Privacy;

/// <summary>Everything that is kept about somebody, as a ZIP of JSON files.</summary>
/// <remarks>
/// It goes from the database to whoever asked and is kept nowhere: rows are read one after another in one snapshot, as fast as the reader takes
/// them, so that memory does not grow with what there is. The last file tells how much there must be; an archive without it was cut off.
/// </remarks>
public sealed class ExportData(TenantDatabase database, ISecretProtector secrets, IOptions<PrivacyOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>The last file of the archive.</summary>
    public const string Manifest = "manifest.json";

    private readonly SemaphoreSlim _places = new(options.Value.ExportsAtOnce);

    /// <param name="open">Where the archive goes; called once nothing can be refused any more.</param>
    /// <exception cref="IntegrationException">NOT_FOUND; CONFLICT while another export of the caller's runs; SERVICE_UNAVAILABLE while too many do.</exception>
    public async Task ExecuteAsync(Principal principal, Subject subject, Func<Stream> open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(open);
        if (!await _places.WaitAsync(TimeSpan.Zero, cancellationToken))
            throw new IntegrationException(ErrorCodes.ServiceUnavailable, "Too many exports run now. Repeat the request later.", TimeSpan.FromSeconds(30));

        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(options.Value.ExportTimeout);
        try
        {
            var traces = await BeginAsync(principal, subject, limited.Token);
            await database.InSnapshotAsync(
                principal.Tenant,
                async transaction =>
                {
                    await TakeTurnAsync(transaction, principal, limited.Token);
                    await using var output = new Living(open(), limited.Token);
                    await WriteAsync(transaction, subject.Kind, traces, output, limited.Token);
                    await output.DrainAsync();
                    return true;
                },
                limited.Token);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    /// <summary>Who is meant; that it was asked for stands in the log and the audit before the first byte leaves.</summary>
    private Task<Traces> BeginAsync(Principal principal, Subject subject, CancellationToken ct) => database.InTenantAsync(
        principal.Tenant,
        async transaction =>
        {
            var traces = await Traces.FindAsync(transaction, subject, ct);
            var digest = await secrets.FingerprintAsync(SubjectDigest.Purpose, SubjectDigest.Of(principal.Tenant, subject, traces), ct);
            await IntegrationLog.WriteAsync(
                transaction,
                new LogEntry(Guid.CreateVersion7(time.GetUtcNow()), principal.UserId, "telegram", "privacy.export", LogStatus.Success)
                {
                    Details = new { Subject = Words.Of(subject.Kind), Digest = Convert.ToHexStringLower(digest), subject.UserId },
                },
                ct);
            return traces;
        },
        ct);

    private static async Task TakeTurnAsync(TenantTransaction transaction, Principal principal, CancellationToken ct)
    {
        await using var command = transaction.Command("select pg_try_advisory_xact_lock(7306, hashtext($1))");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = string.Create(CultureInfo.InvariantCulture, $"{principal.Tenant}/{principal.UserId}") });
        if (await command.ExecuteScalarAsync(ct) is not true)
            throw new IntegrationException(ErrorCodes.Conflict, "Another export of yours is running. Wait for its end, or end it.", TimeSpan.FromSeconds(10));
    }

    private async Task WriteAsync(TenantTransaction transaction, SubjectKind kind, Traces traces, Living output, CancellationToken ct)
    {
        await using var archive = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, ct);
        try
        {
            List<ExportedFile> files = [];
            foreach (var table in KeptData.All.Where(table => table.NotExported is null && table.Of(kind).Count > 0))
                files.Add(await WriteAsync(archive, transaction, table, kind, traces, ct));
            foreach (var (id, name) in await MediaAsync(transaction, kind, traces, ct))
                files.Add(await WriteAsync(archive, transaction, id, name, ct));

            var manifest = new
            {
                Format = "integrations-export-1",
                Subject = Words.Of(kind),
                MadeAt = time.GetUtcNow(),
                Files = files,
                Withheld = KeptData.All.Where(table => table.NotExported is not null && table.Of(kind).Count > 0).Select(table => new { table.Table, table.Holds, Why = table.NotExported }),
            };
            await using var entry = await archive.CreateEntry(Manifest, CompressionLevel.Fastest).OpenAsync(ct);
            await JsonSerializer.SerializeAsync(entry, manifest, EventJson.Options, ct);
        }
        catch
        {
            // Before the archive is disposed of, which would end it as if it were whole.
            output.End();
            throw;
        }
    }

    private async Task<ExportedFile> WriteAsync(ZipArchive archive, TenantTransaction transaction, KeptTable table, SubjectKind kind, Traces traces, CancellationToken ct)
    {
#pragma warning disable CA2100 // Constant texts of KeptData.
        await using var command = transaction.Command(
            $"""
            select (to_jsonb(t) - array[{string.Join(", ", table.Hidden.Select(column => $"'{column}'"))}]::text[])::text
              from {table.Table} t where {string.Join(" or ", table.Of(kind).Select(share => $"({share.Where})"))}
             order by {table.Order}
            """);
#pragma warning restore CA2100
        command.CommandTimeout = (int)options.Value.ExportTimeout.TotalSeconds;
        traces.AddTo(command, transaction.Tenant);

        var file = $"{table.Table}.json";
        await using var entry = await archive.CreateEntry(file, CompressionLevel.Fastest).OpenAsync(ct);
        await using var lines = new CountedLines(entry);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            await lines.WriteAsync(reader.GetString(0), ct);
        var (rows, bytes, hash) = await lines.EndAsync(ct);
        return new(file, table.Holds, table.Until, rows, bytes, hash);
    }

    /// <summary>The files that are there, by their ids: a content is read only when its turn comes.</summary>
    private static async Task<List<(Guid Id, string Name)>> MediaAsync(TenantTransaction transaction, SubjectKind kind, Traces traces, CancellationToken ct)
    {
        var table = KeptData.All.Single(table => table.Table == "media");
        List<(Guid, string)> found = [];
#pragma warning disable CA2100 // Constant texts of KeptData.
        await using var command = transaction.Command(
            $"""
            select t.id, coalesce(substring(t.file_name from '[.][A-Za-z0-9]+$'), '')
              from media t where t.state = 'ready' and ({string.Join(" or ", table.Of(kind).Select(share => $"({share.Where})"))})
             order by {table.Order}
            """);
#pragma warning restore CA2100
        traces.AddTo(command, transaction.Tenant);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            found.Add((reader.GetGuid(0), $"media/{reader.GetGuid(0)}{reader.GetString(1)}"));
        return found;
    }

    private async Task<ExportedFile> WriteAsync(ZipArchive archive, TenantTransaction transaction, Guid media, string file, CancellationToken ct)
    {
        await using var command = transaction.Command("select content from media_parts where media_id = $1 order by part");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = media });
        command.CommandTimeout = (int)options.Value.ExportTimeout.TotalSeconds;
        // Pictures and recordings are packed already.
        await using var entry = await archive.CreateEntry(file, CompressionLevel.NoCompression).OpenAsync(ct);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long bytes = 0;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var part = reader.GetFieldValue<byte[]>(0);
            hash.AppendData(part);
            bytes += part.Length;
            await entry.WriteAsync(part, ct);
        }

        return new(file, "the content of a file; media.json tells which", "as long as the message", 1, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>A JSON array, an object to the line.</summary>
    private sealed class CountedLines(Stream to) : IAsyncDisposable
    {
        private const int FlushAt = 64 * 1024;

        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly ArrayBufferWriter<byte> _buffer = new(2 * FlushAt);
        private long _rows;
        private long _bytes;

        public async ValueTask WriteAsync(string json, CancellationToken ct)
        {
            Encoding.UTF8.GetBytes(_rows++ == 0 ? "[\n" : ",\n", _buffer);
            Encoding.UTF8.GetBytes(json, _buffer);
            if (_buffer.WrittenCount >= FlushAt)
                await FlushAsync(ct);
        }

        public async ValueTask<(long Rows, long Bytes, string Hash)> EndAsync(CancellationToken ct)
        {
            Encoding.UTF8.GetBytes(_rows == 0 ? "[]\n" : "\n]\n", _buffer);
            await FlushAsync(ct);
            return (_rows, _bytes, Convert.ToHexStringLower(_hash.GetHashAndReset()));
        }

        public ValueTask DisposeAsync()
        {
            _hash.Dispose();
            return ValueTask.CompletedTask;
        }

        private async ValueTask FlushAsync(CancellationToken ct)
        {
            _hash.AppendData(_buffer.WrittenSpan);
            _bytes += _buffer.WrittenCount;
            await to.WriteAsync(_buffer.WrittenMemory, ct);
            _buffer.ResetWrittenCount();
        }
    }

    /// <summary>
    /// Takes nothing any more once the export has failed or was ended: an archive writes its end when it is disposed, whatever happened before, and that
    /// would neither be true nor, with a reader who is gone, ever return. The ends of its entries it writes without waiting, which a connection does not
    /// allow; these few bytes wait for the next that can.
    /// </summary>
    private sealed class Living(Stream to, CancellationToken life) : Stream
    {
        private readonly ArrayBufferWriter<byte> _waiting = new();
        private bool _ended;

        private bool IsOver => _ended || life.IsCancellationRequested;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void End() => _ended = true;

        public async ValueTask DrainAsync()
        {
            if (_waiting.WrittenCount == 0 || IsOver)
                return;
            await to.WriteAsync(_waiting.WrittenMemory, life);
            _waiting.ResetWrittenCount();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await DrainAsync();
            if (!IsOver)
                await to.WriteAsync(buffer, life);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => IsOver ? Task.CompletedTask : to.FlushAsync(life);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (!IsOver)
                _waiting.Write(buffer.AsSpan(offset, count));
        }
    }

    /// <param name="Sha256">Of the file as it is when it was unpacked.</param>
    private sealed record ExportedFile(string Name, string Holds, string KeptUntil, long Rows, long Bytes, string Sha256);
}
