using System.Globalization;
using System.Net;

namespace Integrations.Sandbox.Google.Calendar;

/// <summary>
/// Posts push messages: in order within a channel, channels side by side. 500, 502, 503 and 504 and a failed connection are tried again with growing
/// pauses; every other answer but a good one loses the message.
/// </summary>
internal sealed class PushDelivery : IAsyncDisposable
{
    private const int TriesMax = 7;

    /// <summary>Waiting for one slow receiver; past it messages are lost.</summary>
    private const int WaitingMax = 1000;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Task Last, int Waiting)> _channels = new(StringComparer.Ordinal);

    public PushDelivery(TimeProvider time)
    {
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Patience };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("APIs-Google");
    }

    /// <summary>Returns at once.</summary>
    public void Send(PushMessage message)
    {
        lock (_gate)
        {
            var (last, waiting) = _channels.GetValueOrDefault(message.Channel.Id, (Task.CompletedTask, 0));
            if (waiting < WaitingMax && !_stopping.IsCancellationRequested)
                _channels[message.Channel.Id] = (SendAfterAsync(last, message), waiting + 1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_gate)
        {
            _stopping.Cancel();
            running = [.. _channels.Values.Select(channel => channel.Last)];
        }

        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task SendAfterAsync(Task last, PushMessage message)
    {
        // Out of the lock under which it was called.
        await Task.Yield();
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            var pause = FirstPause;
            for (var tries = 1; !message.Channel.IsStopped && !await IsSettledAsync(message) && tries < TriesMax; tries++)
            {
                await Task.Delay(pause, _time, _stopping.Token);
                pause *= 2;
            }
        }
        finally
        {
            lock (_gate)
            {
                var (newest, waiting) = _channels[message.Channel.Id];
                if (waiting == 1)
                    _channels.Remove(message.Channel.Id);
                else
                    _channels[message.Channel.Id] = (newest, waiting - 1);
            }
        }
    }

    /// <summary>False where it is worth another try.</summary>
    private async Task<bool> IsSettledAsync(PushMessage message)
    {
        var channel = message.Channel;
        using var request = new HttpRequestMessage(HttpMethod.Post, channel.Address);
        request.Content = new ByteArrayContent([]);
        request.Headers.Add("X-Goog-Channel-ID", channel.Id);
        if (channel.Token is not null)
            request.Headers.TryAddWithoutValidation("X-Goog-Channel-Token", channel.Token);
        request.Headers.Add("X-Goog-Channel-Expiration", channel.ExpiresAt.UtcDateTime.ToString("R", CultureInfo.InvariantCulture));
        request.Headers.Add("X-Goog-Resource-ID", channel.Calendar.ResourceId);
        request.Headers.Add("X-Goog-Resource-URI", channel.ResourceUri);
        request.Headers.Add("X-Goog-Resource-State", message.State);
        request.Headers.Add("X-Goog-Message-Number", message.Number.ToString(CultureInfo.InvariantCulture));
        try
        {
            using var response = await _http.SendAsync(request, _stopping.Token);
            return response.StatusCode is not (HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout);
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
