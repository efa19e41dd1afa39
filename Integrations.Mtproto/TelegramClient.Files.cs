using System.Runtime.CompilerServices;
using Integrations.Mtproto.Files;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto;

/// <summary>Files, up and down (core.telegram.org/api/files).</summary>
public sealed partial class TelegramClient
{
    /// <summary>Bytes of one part, the most that Telegram gives at once without asking twice.</summary>
    private const int DownloadPart = 512 * 1024;

    /// <summary>A part whose place or reference is refused so often in a row is not going to come.</summary>
    private const int MaxRedirections = 3;

    // Telegram counts several upload.getFile that go out together as a flood, so there is one at a time.
    private readonly SemaphoreSlim _fetching = new(1, 1);
    private SideConnections? _sides;

    /// <summary>Connections to other data centres that are open for files at this moment.</summary>
    public int SideConnectionCount => _sides?.Count ?? 0;

    private SideConnections Sides =>
        LazyInitializer.EnsureInitialized(ref _sides, () => new SideConnections(OpenSideAsync, options.SideConnectionIdle, options.Time));

    /// <summary>Brings a file to Telegram, from where it can be sent.</summary>
    /// <param name="content">Read once, from where it stands; only a few parts of it are in memory at a time.</param>
    /// <param name="size">Its bytes, up to 2000 MiB; the stream must have as many.</param>
    /// <param name="name">As its receiver sees it.</param>
    /// <param name="progress">Told the bytes that have arrived, after each part.</param>
    /// <param name="cancellationToken">Stops; what has arrived is worthless and forgotten by Telegram within a day.</param>
    /// <exception cref="EndOfStreamException">The stream was shorter than <paramref name="size"/>.</exception>
    public Task<UploadedFile> UploadAsync(Stream content, long size, string name, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new FileUpload(this, options.Random).RunAsync(content, size, name, progress, cancellationToken);
    }

    /// <summary>Fetches a file part by part; while one is used, the next one is on its way.</summary>
    /// <remarks>An expired reference is renewed from the message that the file came in; a file at another data centre is fetched there.</remarks>
    /// <param name="file">From a message: <see cref="RemoteFile.Of"/>.</param>
    /// <param name="offset">Where to begin; a multiple of 4096. An interrupted download goes on from what it has, cut down to one.</param>
    /// <param name="progress">Told the bytes that have come, after each part.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="RpcException">Telegram refuses; a <c>FLOOD_WAIT</c> is surfaced, not slept on.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> DownloadAsync(
        RemoteFile file, long offset, IProgress<long>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (offset < 0 || offset % 4096 != 0)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, "A download begins at a multiple of 4096.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var fetching = FetchAsync(file, offset, stop.Token);
        try
        {
            while (true)
            {
                (file, var bytes) = await fetching;
                offset += bytes.Length;
                var isLast = bytes.Length < DownloadPart || offset >= file.Size;
                if (!isLast)
                    fetching = FetchAsync(file, offset, stop.Token);
                progress?.Report(offset);
                if (bytes.Length > 0)
                    yield return bytes;
                if (isLast)
                    break;
            }

            if (offset < file.Size)
                throw new EndOfStreamException($"Telegram gave {offset} of the {file.Size} bytes of the file of message {file.MessageId}.");
        }
        finally
        {
            // Whoever stops reading must not leave a call behind.
            await stop.CancelAsync();
            await ((Task)fetching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Fetches a whole file into a stream.</summary>
    /// <inheritdoc cref="DownloadAsync" path="/exception"/>
    public async Task DownloadToAsync(RemoteFile file, Stream target, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        await foreach (var part in DownloadAsync(file, 0, progress, cancellationToken))
            await target.WriteAsync(part, cancellationToken);
    }

    /// <summary>One part, and the file as it is known now: where it is and under which reference may have turned out otherwise.</summary>
    private async Task<(RemoteFile File, byte[] Bytes)> FetchAsync(RemoteFile file, long offset, CancellationToken cancellationToken)
    {
        await _fetching.WaitAsync(cancellationToken);
        try
        {
            for (var redirections = 0; ; redirections++)
            {
                var request = new UploadGetFile { Location = file.Location, Offset = offset, Limit = DownloadPart };
                try
                {
                    // We do not say that we can fetch from a CDN (cdn_supported), so upload.fileCdnRedirect does not come.
                    return await InvokeAtAsync(file.DcId, request, cancellationToken) is UploadFile part
                        ? (file, part.Bytes)
                        : throw new RpcException(400, "CDN_UNSUPPORTED", request.TlName);
                }
                catch (RpcException e) when (e.Is("FILE_MIGRATE") && e.Argument is { } dcId && redirections < MaxRedirections)
                {
                    file = file with { DcId = dcId };
                }
                catch (RpcException e) when (e.Type.StartsWith("FILE_REFERENCE_", StringComparison.Ordinal) && redirections < MaxRedirections)
                {
                    file = await RenewAsync(file, e, cancellationToken);
                }
            }
        }
        finally
        {
            _fetching.Release();
        }
    }

    /// <summary>The same file under a reference that its message gives now.</summary>
    private async Task<RemoteFile> RenewAsync(RemoteFile file, RpcException refusal, CancellationToken cancellationToken)
    {
        var messages = await GetMessagesAsync(file.Peer, [file.MessageId], cancellationToken);
        return messages is [Message message] && RemoteFile.Of(file.Peer, message) is { } renewed && renewed.Size == file.Size
            ? renewed with { DcId = file.DcId }
            : throw refusal;
    }

    /// <summary>Makes a call at a given data centre: over the account's own connection where it lives there, else over one at the side.</summary>
    private async Task<T> InvokeAtAsync<T>(int dcId, TlRequest<T> request, CancellationToken cancellationToken)
        where T : notnull
    {
        for (var tries = 0; ; tries++)
        {
            if (dcId == Session?.DcId)
                return await InvokeAsync(request, cancellationToken);
            try
            {
                return await Sides.UseAsync(dcId, session => session.InvokeAsync(WithoutUpdates(request), cancellationToken), cancellationToken);
            }
            catch (RpcException e) when (e.Code == 401 && tries == 0)
            {
                // Only the copy of the login is gone there; the account's own says by itself when it is.
                await Sides.ForgetAsync(dcId);
            }
            catch (RpcException e) when (IsWorthRepeating(e, request, tries))
            {
                await PauseAsync(tries + 1, cancellationToken);
            }
        }
    }

    /// <summary>A connection to another data centre under a key of its own, with the login carried over (core.telegram.org/api/datacenter).</summary>
    private async Task<MtprotoSession> OpenSideAsync(int dcId, CancellationToken cancellationToken)
    {
        var made = await ExchangeKeysAsync(dcId, cancellationToken);
        var session = new MtprotoSession(new MtprotoSessionOptions
        {
            ConnectAsync = ct => ConnectToAsync(dcId, ct),
            AuthKey = made.AuthKey,
            Salts = [new ServerSalt(made.ServerSalt, 0, 0)],
            Introduction = Introduction(),
            Time = options.Time,
            Random = options.Random,
            Logger = options.Logger,
        });
        session.Start();
        try
        {
            // The ticket lives for a minute, so it is asked for when everything else is there.
            var ticket = await InvokeAsync(new AuthExportAuthorization { DcId = dcId }, cancellationToken);
            await session.InvokeAsync(WithoutUpdates(new AuthImportAuthorization { Id = ticket.Id, Bytes = ticket.Bytes }), cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private static WrappedRequest<T> WithoutUpdates<T>(TlRequest<T> request)
        where T : notnull =>
        new(new InvokeWithoutUpdates { Query = request }, request);
}
