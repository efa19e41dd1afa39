using Integrations.Web.Api;

namespace Integrations.Web.Dialogs;

/// <summary>A file that somebody has chosen to send: on its way from the browser, at the Api, or refused.</summary>
internal sealed class Attachment(string name, long size, string type)
{
    /// <summary>As the Api takes it.</summary>
    public const long MaxBytes = 20 * 1024 * 1024;

    /// <summary>Files of one album.</summary>
    public const int Most = 10;

    public Guid Key { get; } = Guid.NewGuid();

    public string Name => name;

    public long Size => size;

    public bool IsPicture => type.StartsWith("image/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Bytes that have come from the browser.</summary>
    public long Came { get; private set; }

    public int Percent => size == 0 ? 0 : (int)(100 * Came / size);

    /// <summary>A code of the error catalogue, or of the console.</summary>
    public string? ErrorCode { get; private set; }

    public string? ErrorDetail { get; private set; }

    /// <summary>Ends with the file at the Api, or with null where it was refused.</summary>
    public Task<UploadedFile?> Uploaded { get; private set; } = Task.FromResult<UploadedFile?>(null);

    /// <summary>Begins to bring it to the Api.</summary>
    /// <param name="read">Opens what the browser has.</param>
    /// <param name="changed">Called when there is more to show.</param>
    public void Begin(IntegrationsApi api, Func<CancellationToken, Stream> read, Action changed, CancellationToken cancellationToken) =>
        Uploaded = BringAsync(api, read, changed, cancellationToken);

    /// <summary>What goes with one message or as one album.</summary>
    public static SendMedia[] Together(IReadOnlyList<UploadedFile> files)
    {
        // What does not make an album together goes as plain files.
        var isAlbum = files.All(file => file.Kind is "photo" or "video") || files.All(file => file.Kind is "audio");
        return [.. files.Select(file => new SendMedia(file.Id, files.Count == 1 || isAlbum ? file.Kind : "document"))];
    }

    public void Refuse(string code) => ErrorCode = code;

    private async Task<UploadedFile?> BringAsync(IntegrationsApi api, Func<CancellationToken, Stream> read, Action changed, CancellationToken cancellationToken)
    {
        try
        {
            // On disk in between: a slow browser holds neither memory nor a request of the Api.
            await using var whole = new FileStream(
                Path.Combine(Path.GetTempPath(), $"console-upload-{Key:n}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
            await using (var content = read(cancellationToken))
            {
                var buffer = new byte[64 * 1024];
                while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
                {
                    await whole.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                    Came += count;
                    changed();
                }
            }

            whole.Position = 0;
            return await api.UploadAsync(whole, name, type, Key.ToString(), cancellationToken);
        }
        catch (ApiException refused)
        {
            (ErrorCode, ErrorDetail) = (refused.Code, refused.Detail);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or Microsoft.JSInterop.JSException or TimeoutException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            ErrorCode = "UNREACHABLE";
        }

        changed();
        return null;
    }
}
