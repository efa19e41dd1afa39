using Integrations.Workers.Telemetry;
using Microsoft.Extensions.Options;

namespace Integrations.Workers.Sending;

/// <summary>Bounds what one host uploads to Telegram at once, of all its accounts and bots together, and so the memory for it.</summary>
internal sealed class UploadGate(IOptions<SendingOptions> options, WorkerTelemetry telemetry) : IDisposable
{
    private readonly SemaphoreSlim _places = new(options.Value.UploadsAtOnce);

    public async Task<T> PassAsync<T>(Func<Task<T>> upload, CancellationToken ct)
    {
        await _places.WaitAsync(ct);
        telemetry.UploadBegun();
        try
        {
            return await upload();
        }
        finally
        {
            telemetry.UploadEnded();
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();
}
