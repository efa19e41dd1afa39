using System.Buffers;
using System.IO.Pipelines;

namespace Integrations.Sandbox.Webhooks;

/// <summary>Takes one delivery for a receiver: reads, checks, writes down, and answers as it was told to.</summary>
/// <param name="ending">Lets go of answers that are held back.</param>
internal sealed class Reception(TimeProvider time, CancellationToken ending)
{
    private const int GarbageBytes = 4096;
    private const int MaxPassedOver = 16 << 20;

    /// <summary>Pieces of a slow body.</summary>
    private const int Pieces = 10;

    public async Task TakeAsync(HttpContext context, SandboxReceiver receiver)
    {
        var began = time.GetTimestamp();
        var at = time.GetUtcNow();
        var headers = context.Request.Headers;
        var (id, timestamp) = (headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString());
        var behaviour = receiver.Next();

        if (behaviour.Cut is ReceiverCut.BeforeReading)
        {
            Record(DeliveryVerdict.Cut, null);
            context.Abort();
            return;
        }

        if (!receiver.IsWithinLimit())
        {
            context.Response.Headers.RetryAfter = "1";
            Refuse(DeliveryVerdict.Limited, StatusCodes.Status429TooManyRequests);
            return;
        }

        byte[]? body;
        try
        {
            body = await ReadAsync(context, receiver.Settings.MaxBody);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or BadHttpRequestException)
        {
            // The sender went away within its own delivery.
            Record(DeliveryVerdict.Abandoned, null);
            context.Abort();
            return;
        }

        if (body is null)
        {
            Refuse(DeliveryVerdict.TooLarge, StatusCodes.Status413PayloadTooLarge);
            return;
        }

        var refusal = receiver.Check(id, timestamp, headers["webhook-signature"].ToString(), body);
        if (!await WaitAsync(context, behaviour.Latency))
            Record(refusal ?? DeliveryVerdict.Abandoned, null, body);
        else if (refusal is { } verdict)
            Refuse(verdict, verdict is DeliveryVerdict.Unsigned ? StatusCodes.Status400BadRequest : StatusCodes.Status401Unauthorized, body);
        else if (behaviour.Hang)
            await HangAsync(body);
        else
            await AnswerAsync(body);

        async Task HangAsync(byte[] body)
        {
            Record(DeliveryVerdict.Hung, null, body);
            await WaitAsync(context, Timeout.InfiniteTimeSpan);
            context.Abort();
        }

        async Task AnswerAsync(byte[] body)
        {
            var isLost = behaviour.Cut is ReceiverCut.AfterRecording;
            var status = behaviour.Status;
            if (status is >= 200 and <= 299)
            {
                var isFirst = receiver.Accept(id);
                if (!isFirst)
                    status = receiver.Settings.DuplicateStatus ?? status;
                Record(isFirst ? DeliveryVerdict.Accepted : DeliveryVerdict.Duplicate, isLost ? null : status, body);
            }
            else
            {
                Record(DeliveryVerdict.Failed, isLost ? null : status, body);
            }

            if (isLost)
                context.Abort();
            else
                await WriteAsync(context, behaviour, status);
        }

        void Refuse(DeliveryVerdict verdict, int status, byte[]? body = null)
        {
            Record(verdict, status, body);
            context.Response.StatusCode = status;
        }

        void Record(DeliveryVerdict verdict, int? status, byte[]? body = null) => receiver.Record(new ReceivedDelivery(body)
        {
            Id = id,
            Timestamp = timestamp,
            Verdict = verdict,
            Status = status,
            ReceivedAt = at,
            Took = time.GetElapsedTime(began),
            Bytes = body?.Length ?? 0,
        });
    }

    /// <summary>Null for a body that is longer.</summary>
    private static async Task<byte[]?> ReadAsync(HttpContext context, int limit)
    {
        var (reader, length) = (context.Request.BodyReader, context.Request.ContentLength);
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            var buffer = read.Buffer;
            if (buffer.Length > limit || length > limit)
            {
                reader.AdvanceTo(buffer.End);
                if (!read.IsCompleted)
                    await PassOverAsync(context, reader);
                return null;
            }

            if (read.IsCompleted)
            {
                var body = new byte[buffer.Length];
                buffer.CopyTo(body);
                reader.AdvanceTo(buffer.End);
                return body;
            }

            // All seen, nothing taken: the whole body is kept until its end.
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Whoever is still sending does not listen: the rest is read, up to a bound, so that the refusal is heard.</summary>
    private static async Task PassOverAsync(HttpContext context, PipeReader reader)
    {
        for (var passed = 0L; passed < MaxPassedOver;)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            passed += read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }

        context.Response.Headers.Connection = "close";
    }

    /// <summary>False when the sender went away, or the server ends.</summary>
    private async Task<bool> WaitAsync(HttpContext context, TimeSpan delay)
    {
        if (delay == TimeSpan.Zero)
            return true;

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ending);
        try
        {
            await Task.Delay(delay, time, either.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task WriteAsync(HttpContext context, ReceiverBehaviour behaviour, int status)
    {
        var response = context.Response;
        response.StatusCode = status;
        if (behaviour.RetryAfter is { } retryAfter)
            response.Headers.RetryAfter = retryAfter;
        if (behaviour.Location is { } location)
            response.Headers.Location = location;
        if (status is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified || (behaviour.SlowBody == TimeSpan.Zero && !behaviour.Garbage))
            return;

        var body = new byte[behaviour.Garbage ? GarbageBytes : Pieces];
        body.AsSpan().Fill((byte)(behaviour.Garbage ? 0xFF : ' '));
        response.ContentType = "application/json";
        response.Headers.ContentLength = body.Length;
        for (var i = 0; i < Pieces; i++)
        {
            var piece = body.AsMemory()[(body.Length * i / Pieces)..(body.Length * (i + 1) / Pieces)];
            await response.Body.WriteAsync(piece, ending);
            await response.Body.FlushAsync(ending);
            if (!await WaitAsync(context, behaviour.SlowBody / Pieces))
            {
                context.Abort();
                return;
            }
        }
    }
}
