using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Integrations.Bench.BotWebhooks;

/// <summary>
/// Telegram's connections to the service. Each brings the updates of its bots one after the other, as Telegram does within a chat, and brings again what was
/// not answered with 200. One thread serves them all and speaks HTTP/1.1 by itself: a client library, or a thread pool, would take more of the machine than
/// what is measured.
/// </summary>
internal sealed class WebhookLines : IDisposable
{
    private static readonly TimeSpan BeforeRetry = TimeSpan.FromMilliseconds(500);

    private readonly IPEndPoint _service;
    private readonly IReadOnlyList<Webhook> _webhooks;
    private readonly int _chatsOfBot;
    private readonly Line[] _lines;
    private readonly byte[] _answer = new byte[4096];
    private readonly Dictionary<Socket, Line> _waiting = [];
    private readonly List<Socket> _readable = [];

    public WebhookLines(IPEndPoint service, IReadOnlyList<Webhook> webhooks, int chatsOfBot, int lines)
    {
        (_service, _webhooks, _chatsOfBot) = (service, webhooks, chatsOfBot);
        _lines = [.. Enumerable.Range(0, Math.Min(lines, webhooks.Count)).Select(_ => new Line())];
    }

    /// <summary>From the moment an update was due until it was answered, in milliseconds. One that waited in line behind others counts in full.</summary>
    public List<double> Latencies { get; } = [];

    /// <summary>Deliveries that failed and were made again.</summary>
    public int Retries { get; private set; }

    /// <summary>Brings updates for so long, at the rate, whether or not they are answered in time; done when each has been answered with 200.</summary>
    /// <param name="updateIds">The last one of each bot; counted on.</param>
    /// <param name="halfway">Done once amid it.</param>
    public Task RunAsync(int rate, TimeSpan length, long[] updateIds, Action? halfway, CancellationToken ct) => Task.Factory.StartNew(
        () => Run(rate, length, updateIds, halfway, ct), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        foreach (var line in _lines)
            line.Socket?.Dispose();
    }

    private void Run(int rate, TimeSpan length, long[] updateIds, Action? halfway, CancellationToken ct)
    {
        var total = (long)(length.TotalSeconds * rate);
        var began = Stopwatch.GetTimestamp();
        for (var next = 0L; next < total || Latencies.Count < total;)
        {
            ct.ThrowIfCancellationRequested();
            var until = Math.Min(total, (long)(Stopwatch.GetElapsedTime(began).TotalSeconds * rate));
            for (; next < until; next++)
            {
                var bot = (int)(next % _webhooks.Count);
                _lines[bot % _lines.Length].Due.Enqueue(new DueUpdate(bot, ++updateIds[bot], began + (long)(next / (double)rate * Stopwatch.Frequency)));
            }

            if (next >= total / 2 && halfway is not null)
            {
                halfway();
                halfway = null;
            }

            foreach (var line in _lines)
            {
                if (line is { IsWaiting: false, Due.Count: > 0 } && Stopwatch.GetTimestamp() >= line.NotBefore)
                    Bring(line);
            }

            Hear();
        }
    }

    private void Bring(Line line)
    {
        try
        {
            if (line.Socket is null)
            {
                line.Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                line.Socket.Connect(_service);
            }

            line.Socket.Send(RequestOf(line.Due.Peek()));
            line.IsWaiting = true;
            _waiting[line.Socket] = line;
        }
        catch (SocketException)
        {
            // Nobody is there at the moment.
            Fail(line);
        }
    }

    /// <summary>Takes the answers that are there, or comes within a millisecond.</summary>
    private void Hear()
    {
        if (_waiting.Count == 0)
        {
            Thread.Sleep(1);
            return;
        }

        _readable.Clear();
        _readable.AddRange(_waiting.Keys);
        Socket.Select(_readable, null, null, microSeconds: 1000);
        foreach (var socket in _readable)
            Hear(_waiting[socket]);
    }

    private void Hear(Line line)
    {
        try
        {
            var read = line.Socket!.Receive(_answer);
            // The head of an answer is one packet; of any that is not 200 the line knows nothing more, and is opened anew.
            if (read == 0 || !_answer.AsSpan(0, read).StartsWith("HTTP/1.1 200 "u8) || !_answer.AsSpan(0, read).EndsWith("\r\n\r\n"u8))
            {
                Fail(line);
                return;
            }
        }
        catch (SocketException)
        {
            Fail(line);
            return;
        }

        _waiting.Remove(line.Socket);
        line.IsWaiting = false;
        Latencies.Add(Stopwatch.GetElapsedTime(line.Due.Dequeue().DueAt).TotalMilliseconds);
    }

    private void Fail(Line line)
    {
        Retries++;
        if (line.Socket is not null)
            _waiting.Remove(line.Socket);
        line.Socket?.Dispose();
        line.Socket = null;
        line.IsWaiting = false;
        line.NotBefore = Stopwatch.GetTimestamp() + (long)(BeforeRetry.TotalSeconds * Stopwatch.Frequency);
    }

    private byte[] RequestOf(DueUpdate update)
    {
        var webhook = _webhooks[update.Bot];
        var chat = 5_000_000_000L + (update.Bot * 1000L) + (update.UpdateId % _chatsOfBot);
        var body = string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"update_id":{{{update.UpdateId}}},"message":{"message_id":{{{update.UpdateId}}},"from":{"id":{{{chat}}},"is_bot":false,"first_name":"Anna","language_code":"uk"},"chat":{"id":{{{chat}}},"first_name":"Anna","type":"private"},"date":1764500000,"text":"{{{update.UpdateId}}} Good morning, where is my order?"}}""");
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {webhook.Path} HTTP/1.1\r\nHost: {_service}\r\nContent-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: {webhook.Secret}\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
    }

    /// <summary>One update that is due.</summary>
    private readonly record struct DueUpdate(int Bot, long UpdateId, long DueAt);

    private sealed class Line
    {
        public Queue<DueUpdate> Due { get; } = [];

        public Socket? Socket { get; set; }

        public bool IsWaiting { get; set; }

        public long NotBefore { get; set; }
    }
}
