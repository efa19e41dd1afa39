using System.Net;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Messaging;
using Integrations.Core.Outbound;
using Integrations.Core.Ownership;
using Integrations.Core.Persistence;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Tenancy;
using Integrations.Workers.Accounts;
using Integrations.Workers.Media;
using Integrations.Workers.Postgres;
using Integrations.Workers.Sending;
using Integrations.Workers.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Workers.Fetching;

/// <summary>Fetches files from the addresses that callers named, before the message that wants them can be claimed.</summary>
/// <remarks>
/// What came is kept: every attempt to send has the same bytes. Addresses are checked when they are connected to (<see cref="OutboundHttp"/>), so
/// neither a name that leads elsewhere meanwhile nor a redirect reaches what stands behind this service.
/// </remarks>
internal sealed partial class AddressFetcher(
    TenantDatabase database,
    MediaStore store,
    ISecretProtector secrets,
    OutboundHttp outbound,
    IOptions<MediaOptions> uploads,
    IOptions<SendingOptions> options,
    WorkerTelemetry telemetry,
    Random random,
    TimeProvider time,
    ILogger<AddressFetcher> logger) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(outbound.CreateStreamHandler());
    private readonly SemaphoreSlim _places = new(options.Value.FetchesAtOnce);

    /// <summary>Takes what is due of the shard.</summary>
    /// <param name="running">What is being fetched already.</param>
    public Task<List<WaitingAddress>> ClaimAsync(ShardClaim claim, int limit, Guid[] running, CancellationToken ct) => database.ThroughDoorsAsync(
        async (connection, transaction) =>
        {
            await using var command = new NpgsqlCommand(
                "select id, tenant_id, location_sealed, kind, kind_asked, file_name, attempts from doors.claim_media_addresses($1, $2, $3, $4)", connection, transaction)
                .With(claim.Shard).With(claim.Epoch).With(limit).With(running);
            List<WaitingAddress> claimed = [];
            try
            {
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    claimed.Add(new(
                        reader.GetGuid(0), new TenantId(reader.GetGuid(1)), reader.GetFieldValue<byte[]>(2), Words.Read<MediaKind>(reader.GetString(3)), reader.GetBoolean(4),
                        await reader.ReferenceAsync<string>(5, ct), reader.GetInt32(6)));
                }
            }
            catch (PostgresException e) when (e.SqlState == StaleEpochException.SqlState)
            {
                throw new StaleEpochException(claim, e);
            }

            return claimed;
        },
        ct);

    /// <summary>Fetches one file and stores what follows for its messages. One that is cut short is begun again by whoever owns the shard then.</summary>
    /// <exception cref="StaleEpochException">The shard has passed on; nothing more was stored.</exception>
    public async Task FetchAsync(ShardClaim claim, WaitingAddress waiting, CancellationToken ct)
    {
        await _places.WaitAsync(ct);
        try
        {
            using var activity = WorkerTelemetry.Activities.StartActivity("media address fetch");
            activity?.SetTag("media.id", waiting.Id).SetTag("attempt", waiting.Attempts);
            Fetched end;
            try
            {
                end = await TryAsync(claim, waiting, ct);
            }
            catch (Exception e) when (e is not (StaleEpochException or OperationCanceledException) && !DatabaseFailures.MayPass(e))
            {
                // A fault of ours is tried again like a server that does not answer, and as often.
                LogFetchFailed(logger, e, waiting.Id);
                end = new Fetched.Later("Something failed on our side.");
            }

            switch (end)
            {
                case Fetched.Whole whole:
                    await FinishAsync(claim, waiting, whole, ct);
                    telemetry.Fetched("ready");
                    break;
                case Fetched.Never never:
                    await FailAsync(claim, waiting, never, ct);
                    break;
                case Fetched.Later later when waiting.Attempts >= options.Value.FetchAttempts:
                    await FailAsync(claim, waiting, new(ErrorCodes.MediaUnreachable, $"{later.Detail} It was asked {waiting.Attempts} times."), ct);
                    break;
                case Fetched.Later later:
                    await PutOffAsync(claim, waiting, later, ct);
                    telemetry.Fetched("retry");
                    break;
                case var other:
                    throw new InvalidOperationException($"Unknown end {other.GetType().Name}.");
            }
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _places.Dispose();
    }

    private async Task<Fetched> TryAsync(ShardClaim claim, WaitingAddress waiting, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(options.Value.FetchTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
        Uri address;
        try
        {
            address = new Uri(Encoding.UTF8.GetString(await secrets.UnprotectAsync(MediaFile.LocationAddress(waiting.Tenant, waiting.Id), waiting.LocationSealed, ct)), UriKind.Absolute);
        }
        catch (SecretUnavailableException e)
        {
            LogSealed(logger, e, waiting.Id);
            return new Fetched.Later("The address cannot be opened now.");
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            using var response = await _http.SendAsync(request, either.Token);
            return Judge(response) ?? await ReadAsync(claim, waiting, address, response.Content, either.Token);
        }
        catch (OutboundRefusedException e)
        {
            return new Fetched.Never(ErrorCodes.MediaUrlRefused, e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Fetched.Later($"{address.Host} did not give the file within {options.Value.FetchTimeout.TotalSeconds:0.#} s.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            LogUnreachable(logger, waiting.Id, waiting.Attempts, e.GetType().Name);
            return new Fetched.Later($"{address.Host} could not be reached, or broke off.");
        }
    }

    /// <summary>What the answer's head says already; null where its body is to be read.</summary>
    private Fetched? Judge(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.OK when response.Content.Headers.ContentLength > uploads.Value.MaxBytes => TooBig(),
        HttpStatusCode.OK => null,
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Fetched.Later($"The server answered {(int)response.StatusCode}."),
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => new Fetched.Never(ErrorCodes.MediaUrlRefused, "The address leads on to another one, which is not followed. Name that one."),
        var status => new Fetched.Never(ErrorCodes.MediaUnreachable, $"The server answered {(int)status}."),
    };

    private async Task<Fetched> ReadAsync(ShardClaim claim, WaitingAddress waiting, Uri address, HttpContent content, CancellationToken ct)
    {
        await using var probed = new ProbedStream(await content.ReadAsStreamAsync(ct));
        var written = await store.WriteAsync(waiting.Tenant, waiting.Id, probed, uploads.Value.MaxBytes, transaction => transaction.RequireEpochAsync(claim, ct), ct);
        if (written is null)
            return TooBig();
        if (written.Size == 0)
            return new Fetched.Never(ErrorCodes.MediaType, "The file is empty.");

        var facts = probed.Facts(content.Headers.ContentType?.MediaType).Sendable(written.Size);
        if (waiting.KindAsked && MediaRules.Problem(waiting.Kind, facts.MimeType, written.Size, facts.Width, facts.Height) is { } problem)
            return new Fetched.Never(ErrorCodes.MediaType, $"{address.Host}: {problem}");

        return new Fetched.Whole(written, facts, waiting.FileName ?? SafeName.Of(Uri.UnescapeDataString(address.AbsolutePath)));
    }

    private Fetched.Never TooBig() => new(ErrorCodes.MediaTooBig, $"The file has more than {uploads.Value.MaxBytes} bytes.");

    /// <summary>From now on the message can be claimed.</summary>
    private Task FinishAsync(ShardClaim claim, WaitingAddress waiting, Fetched.Whole whole, CancellationToken ct) => database.InTenantAsync(
        waiting.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            await UploadMedia.DescribeAsync(transaction, waiting.Id, whole.Facts, ct);
            await using (var name = transaction.Command("update media set file_name = $2 where id = $1").With(waiting.Id).With(whole.Name, NpgsqlDbType.Varchar))
                await name.ExecuteNonQueryAsync(ct);
            if (!await MediaStore.ReadyAsync(transaction, waiting.Id, whole.Written, ct))
                return;

            await TellAsync(transaction, waiting.Id, ct);
            transaction.AfterCommit(Ring.Shard(claim.Shard));
        },
        ct);

    private Task PutOffAsync(ShardClaim claim, WaitingAddress waiting, Fetched.Later later, CancellationToken ct) => database.InTenantAsync(
        waiting.Tenant,
        async transaction =>
        {
            await transaction.RequireEpochAsync(claim, ct);
            var delay = BackOff.After(waiting.Attempts, options.Value.FirstRetryDelay, options.Value.MaxRetryDelay, random);
            await using var command = transaction.Command("update media set not_before = $2, error_detail = $3 where id = $1 and state = 'waiting'")
                .With(waiting.Id).With(time.GetUtcNow() + delay, NpgsqlDbType.TimestampTz).With(later.Detail);
            await command.ExecuteNonQueryAsync(ct);
        },
        ct);

    /// <summary>The messages that wait for it fail with the reason, and what stands behind them in their dialogs goes on.</summary>
    private async Task FailAsync(ShardClaim claim, WaitingAddress waiting, Fetched.Never never, CancellationToken ct)
    {
        await database.InTenantAsync(
            waiting.Tenant,
            async transaction =>
            {
                await transaction.RequireEpochAsync(claim, ct);
                await using (var media = transaction.Command("update media set state = $2, error_code = $3, error_detail = $4 where id = $1 and state = 'waiting'")
                    .With(waiting.Id).With(Words.Of(never.Code == ErrorCodes.MediaTooBig ? MediaState.TooBig : MediaState.Failed)).With(never.Code).With(never.Detail))
                {
                    if (await media.ExecuteNonQueryAsync(ct) == 0)
                        return;
                }

                await using (var parts = transaction.Command("delete from media_parts where media_id = $1").With(waiting.Id))
                    await parts.ExecuteNonQueryAsync(ct);
                await MediaStatements.FailSendersAsync(transaction, waiting.Id, never.Code, never.Detail, ct);
                await TellAsync(transaction, waiting.Id, ct);
            },
            ct);
        telemetry.Fetched(never.Code);
        LogFailed(logger, waiting.Id, never.Code);
    }

    /// <summary>Whoever looks at the dialog sees what has become of the file.</summary>
    private static async Task TellAsync(TenantTransaction transaction, Guid media, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            insert into outbox (tenant_id, user_id, account_id, bot_id, type, data)
            select m.tenant_id, a.user_id, m.account_id, m.bot_id, 'message.updated',
                   jsonb_build_object('id', m.id, 'dialog_id', m.dialog_id, 'account_id', m.account_id, 'bot_id', m.bot_id, 'direction', m.direction, 'status', m.status,
                                      'error_code', m.error_code, 'error_detail', m.error_detail,
                                      'media', jsonb_build_object('id', f.id, 'kind', f.kind, 'file_name', f.file_name, 'mime_type', f.mime_type, 'size', f.size, 'width', f.width,
                                                                  'height', f.height, 'duration', f.duration, 'state', f.state, 'error_code', f.error_code, 'album_id', m.album_id::text))
              from messages m
              join media f on f.id = m.media_id
              left join telegram_accounts a on a.id = m.account_id
             where m.media_id = $1
             order by m.seq
            """).With(media);
        await command.ExecuteNonQueryAsync(ct);
        transaction.AfterCommit(Ring.Outbox);
    }

    [LoggerMessage(EventId = 4501, Level = LogLevel.Warning, Message = "The address of file {MediaId} cannot be opened now; it is tried again")]
    private static partial void LogSealed(ILogger logger, Exception exception, Guid mediaId);

    [LoggerMessage(EventId = 4502, Level = LogLevel.Information, Message = "File {MediaId} did not come from its address at attempt {Attempt}: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, Guid mediaId, int attempt, string reason);

    [LoggerMessage(EventId = 4503, Level = LogLevel.Information, Message = "File {MediaId} is not fetched: {Code}")]
    private static partial void LogFailed(ILogger logger, Guid mediaId, string code);

    [LoggerMessage(EventId = 4504, Level = LogLevel.Error, Message = "Fetching file {MediaId} failed on our side")]
    private static partial void LogFetchFailed(ILogger logger, Exception exception, Guid mediaId);

    /// <summary>How one try ended.</summary>
    private abstract record Fetched
    {
        private Fetched()
        {
        }

        public sealed record Whole(WrittenContent Written, ContentFacts Facts, string? Name) : Fetched;

        /// <summary>It will not come however often it is asked for.</summary>
        public sealed record Never(string Code, string Detail) : Fetched;

        public sealed record Later(string Detail) : Fetched;
    }
}
