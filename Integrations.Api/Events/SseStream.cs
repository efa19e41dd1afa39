using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Integrations.Api.Json;
using Microsoft.Extensions.Options;

namespace Integrations.Api.Events;

/// <summary>Writes a stream as Server-Sent Events (WHATWG HTML, section 9.2).</summary>
internal sealed partial class SseStream(IOptions<EventStreamOptions> options, TimeProvider time, ILogger<SseStream> logger)
{
    public async Task WriteAsync(HttpContext context, IAsyncEnumerable<StreamItem> items, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // nginx would otherwise hold events back until a buffer is full.
        response.Headers["X-Accel-Buffering"] = "no";
        await foreach (var item in items.WithCancellation(cancellationToken))
        {
            Write(response.BodyWriter, item);
            if (await FlushAsync(response, cancellationToken))
                continue;

            LogSlowReader(options.Value.SlowReader.TotalSeconds);
            if (response.HttpContext.RequestAborted.IsCancellationRequested)
                return;
            Write(response.BodyWriter, new StreamItem.End(item.Position, "slow_reader"));
            await response.BodyWriter.FlushAsync(cancellationToken);
            return;
        }
    }

    /// <summary>False when the reader was too slow; the connection is cut when it does not even take its last words.</summary>
    private async Task<bool> FlushAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        var flushing = response.BodyWriter.FlushAsync(cancellationToken).AsTask();
        if (flushing.IsCompleted)
        {
            await flushing;
            return true;
        }

        try
        {
            await flushing.WaitAsync(options.Value.SlowReader, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            try
            {
                await flushing.WaitAsync(options.Value.LastWords, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                response.HttpContext.Abort();
            }

            return false;
        }
    }

    internal static void Write(IBufferWriter<byte> writer, StreamItem item)
    {
        var (type, data) = item switch
        {
            StreamItem.Ready => ("ready", JsonSerializer.Serialize(new StreamPosition(item.Position), ApiJson.Default.StreamPosition)),
            StreamItem.Reset => ("reset", JsonSerializer.Serialize(new StreamPosition(item.Position), ApiJson.Default.StreamPosition)),
            // The serializer writes one line, so the data never needs a second field.
            StreamItem.Happened happened => (happened.Event.Type, JsonSerializer.Serialize(happened.Event.Data, ApiJson.Default.JsonElement)),
            StreamItem.End end => ("end", JsonSerializer.Serialize(new StreamEnd(end.Reason), ApiJson.Default.StreamEnd)),
            StreamItem.Heartbeat => (null, null),
            _ => throw new ArgumentOutOfRangeException(nameof(item), item, "Not an item."),
        };
        // A block with an id and no data moves the reader's cursor without an event.
        var text = type is null
            ? string.Create(CultureInfo.InvariantCulture, $": heartbeat\nid: {item.Position}\n\n")
            : string.Create(CultureInfo.InvariantCulture, $"id: {item.Position}\nevent: {type}\ndata: {data}\n\n");
        Encoding.UTF8.GetBytes(text, writer);
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Information, Message = "An event stream was dropped: its reader took longer than {Seconds} s")]
    private partial void LogSlowReader(double seconds);
}
