using System.Buffers;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.Files;

/// <summary>
/// Brings a file to Telegram in parts (core.telegram.org/api/files). Only as many parts are in memory as are on their way.
/// </summary>
internal sealed class FileUpload(TelegramClient client, IRandomSource random)
{
    public const int PartSize = 512 * 1024;

    /// <summary>Up to here a file is checked by its MD5 sum; a larger one is sent by another call, whose parts are counted.</summary>
    public const long SmallFileMax = 10 << 20;

    /// <summary>Telegram's limit: 4000 parts for an account without Premium.</summary>
    public const long FileMax = 4000L * PartSize;

    /// <summary>Parts on their way at once.</summary>
    private const int Parallel = 3;

    public async Task<UploadedFile> RunAsync(Stream content, long size, string name, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (size is <= 0 or > FileMax)
            throw new ArgumentOutOfRangeException(nameof(size), size, $"A file has 1 to {FileMax} bytes.");
        var fileId = random.NextInt64();
        var count = (int)((size + PartSize - 1) / PartSize);
        var isBig = size > SmallFileMax;
#pragma warning disable CA5351 // The protocol's own check of small files; nothing is protected with it.
        using var md5 = isBig ? null : IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var slots = new SemaphoreSlim(Parallel, Parallel);
        var sending = new List<Task>();
        long done = 0;
        try
        {
            for (var part = 0; part < count; part++)
            {
                await slots.WaitAsync(stop.Token);
                var length = (int)Math.Min(PartSize, size - ((long)part * PartSize));
                // The call keeps its bytes until it is answered, for it may have to be sent again.
                var bytes = length == PartSize ? ArrayPool<byte>.Shared.Rent(PartSize) : new byte[length];
                await content.ReadExactlyAsync(bytes.AsMemory(0, length), stop.Token);
                md5?.AppendData(bytes, 0, length);
                sending.RemoveAll(task => task.IsCompletedSuccessfully);
                sending.Add(SendAsync(part, bytes, length));
            }

            await Task.WhenAll(sending);
        }
        catch
        {
            await stop.CancelAsync();
            await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // The part that failed knows why; the others and the loop were only stopped by it.
            if (!cancellationToken.IsCancellationRequested && sending.Find(task => task.IsFaulted) is { } failed)
                await failed;
            throw;
        }

        return new UploadedFile(name, size)
        {
            Input = isBig
                ? new InputFileBig { Id = fileId, Parts = count, Name = name }
                : new InputFile { Id = fileId, Parts = count, Name = name, Md5Checksum = Convert.ToHexStringLower(md5!.GetHashAndReset()) },
        };

        async Task SendAsync(int part, byte[] bytes, int length)
        {
            try
            {
                var exact = bytes.Length == length ? bytes : bytes[..length];
                await (isBig
                    ? client.InvokeAsync(new UploadSaveBigFilePart { FileId = fileId, FilePart = part, FileTotalParts = count, Bytes = exact }, stop.Token)
                    : client.InvokeAsync(new UploadSaveFilePart { FileId = fileId, FilePart = part, Bytes = exact }, stop.Token));
                progress?.Report(Interlocked.Add(ref done, length));
            }
            catch
            {
                // Nobody reads the next part for a file that cannot come together any more.
                await stop.CancelAsync();
                throw;
            }
            finally
            {
                if (bytes.Length == PartSize)
                    ArrayPool<byte>.Shared.Return(bytes);
                slots.Release();
            }
        }
    }
}
