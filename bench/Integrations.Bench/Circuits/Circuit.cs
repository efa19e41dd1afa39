using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using Integrations.Bench.Product;

namespace Integrations.Bench.Circuits;

/// <summary>
/// One open page of the console without a browser: it speaks Blazor Server's side of a browser, as <c>blazor.web.js</c> of ASP.NET Core 9 and
/// <c>ComponentHub</c> of ASP.NET Core 10 do, and draws nothing.
/// </summary>
/// <remarks>
/// In order: GET of the page, in which each live component stands as a comment with a descriptor sealed by the server; a WebSocket to
/// <c>/_blazor</c>; SignalR's handshake with the protocol <c>blazorpack</c> (the MessagePack hub protocol: frames prefixed by their length);
/// <c>StartCircuit</c> without components; <c>UpdateRootComponents</c> that adds those of the page. From then on the server sends
/// <c>JS.RenderBatch</c>, each answered with <c>OnRenderCompleted</c> (the server holds back after ten unanswered ones), and
/// <c>JS.BeginInvokeJS</c>, answered with <c>EndInvokeJSFromDotNet</c>. Both sides say that they live by pings.
/// </remarks>
internal sealed partial class Circuit : IAsyncDisposable
{
    private const byte RecordSeparator = 0x1e;
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(byte[] Text, TaskCompletionSource<long> Seen)> _watched = [];
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private Task _running = Task.CompletedTask;

    private Circuit(HttpClient http, TimeProvider time) => (_http, _time) = (http, time);

    /// <summary>How long the page's HTML took.</summary>
    public TimeSpan HtmlTime { get; private set; }

    /// <summary>How long it took from asking for the page until it showed what it is for.</summary>
    public TimeSpan LiveTime { get; private set; }

    /// <summary>Opens a page and waits until it shows a text.</summary>
    /// <param name="http">A client of the console that sends no cookies of its own.</param>
    /// <param name="session">The session, as the browser's cookie has it.</param>
    public static async Task<Circuit> OpenAsync(HttpClient http, string session, string path, string shows, TimeProvider time, CancellationToken cancellationToken)
    {
        var circuit = new Circuit(http, time);
        try
        {
            await circuit.OpenAsync(session, path, shows, cancellationToken);
            return circuit;
        }
        catch
        {
            await circuit.DisposeAsync();
            throw;
        }
    }

    /// <summary>The moment at which a render batch brings this text. Ask before it can come.</summary>
    public Task<long> SeesAsync(string text)
    {
        var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_watched)
            _watched.Add((Encoding.UTF8.GetBytes(text), seen));
        return seen.Task;
    }

    /// <summary>Leaves as a browser leaves a page, so that the server does not keep the circuit for its return.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_started.Task.IsCompletedSuccessfully)
        {
            using var form = new MultipartFormDataContent { { new StringContent(await _started.Task), "circuitId" } };
            using var response = await _http.PostAsync(new Uri("_blazor/disconnect", UriKind.Relative), form, CancellationToken.None);
        }

        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _sending.Dispose();
        _stop.Dispose();
    }

    private async Task OpenAsync(string session, string path, string shows, CancellationToken cancellationToken)
    {
        var cookie = $"integrations_session={session}";
        var began = _time.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Cookie", cookie } } };
        using var response = await _http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        var html = await response.Content.ReadAsStringAsync(cancellationToken);
        HtmlTime = _time.GetElapsedTime(began);
        var markers = Marker().Matches(html).Select(match => match.Groups["json"].Value).ToArray();
        if (markers.Length == 0)
            throw new ScenarioException($"{path} has no live component; it begins with: {html[..Math.Min(300, html.Length)]}");
        var state = State().Match(html).Groups["state"].Value;

        var address = new UriBuilder(new Uri(_http.BaseAddress!, "_blazor")) { Scheme = "ws" }.Uri;
        _socket.Options.SetRequestHeader("Cookie", cookie);
        await _socket.ConnectAsync(address, cancellationToken);
        await SendAsync(Encoding.UTF8.GetBytes("""{"protocol":"blazorpack","version":1}""" + (char)RecordSeparator), cancellationToken);
        var live = SeesAsync(shows);
        _running = Task.WhenAll(ReceiveAsync(_stop.Token), PingAsync(_stop.Token));

        await InvokeAsync("0", "StartCircuit", cancellationToken, _http.BaseAddress!.ToString(), new Uri(_http.BaseAddress!, path).ToString(), "[]", state);
        await Task.WhenAny(_started.Task, _running).WaitAsync(cancellationToken);
        if (!_started.Task.IsCompleted)
            await _running;
        var operations = string.Join(',', markers.Select((marker, i) => $$"""{"type":"add","ssrComponentId":{{i + 1}},"marker":{{marker}}}"""));
        await InvokeAsync(null, "UpdateRootComponents", cancellationToken, $$"""{"batchId":1,"operations":[{{operations}}]}""", state);
        await Task.WhenAny(live, _running).WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
        if (!live.IsCompleted)
            await _running;
        LiveTime = _time.GetElapsedTime(began, await live);
    }

    private async Task PingAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(PingInterval, _time);
        var ping = MessagePackWriter.Frame(writer => writer.Array(1).Value(6));
        while (await timer.WaitForNextTickAsync(cancellationToken))
            await SendAsync(ping, cancellationToken);
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var arrived = new ArrayBufferWriter<byte>(16 * 1024);
        var shaken = false;
        while (true)
        {
            var got = await _socket.ReceiveAsync(arrived.GetMemory(8 * 1024), cancellationToken);
            if (got.MessageType is WebSocketMessageType.Close)
                throw new ScenarioException($"the console closed the circuit: {_socket.CloseStatus} {_socket.CloseStatusDescription}");
            arrived.Advance(got.Count);
            var rest = arrived.WrittenMemory;
            if (!shaken)
            {
                var end = rest.Span.IndexOf(RecordSeparator);
                if (end < 0)
                    continue;
                if (Encoding.UTF8.GetString(rest.Span[..end]) is not "{}" and var refusal)
                    throw new ScenarioException($"the handshake was refused: {refusal}");
                (rest, shaken) = (rest[(end + 1)..], true);
            }

            while (MessagePackReader.TryTakeFrame(ref rest, out var frame))
                await HandleAsync(frame, cancellationToken);
            var left = rest.ToArray();
            arrived.ResetWrittenCount();
            arrived.Write(left);
        }
    }

    private async Task HandleAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        if (new MessagePackReader(frame).Read() is not object?[] { Length: > 0 } message)
            throw new InvalidDataException("A hub message is an array.");
        switch (message)
        {
            case [1L, _, _, string target, object?[] arguments, ..]:
                await HearAsync(target, arguments, cancellationToken);
                break;
            case [3L, _, "0", 3L, string { Length: > 0 } circuit]:
                _started.SetResult(circuit);
                break;
            case [3L, ..]:
                throw new ScenarioException($"the circuit was refused: {string.Join(' ', message)}");
            case [7L, ..]:
                throw new ScenarioException($"the console closed the circuit: {string.Join(' ', message)}");
        }
    }

    private async Task HearAsync(string target, object?[] arguments, CancellationToken cancellationToken)
    {
        switch (target)
        {
            case "JS.RenderBatch" when arguments is [long batch, ReadOnlyMemory<byte> data]:
                Look(data.Span);
                await InvokeAsync(null, "OnRenderCompleted", cancellationToken, batch, null);
                break;
            case "JS.BeginInvokeJS" when arguments is [long call, string function, ..]:
                var result = function is "integrations.zone" ? "\"Europe/Berlin\"" : "null";
                await InvokeAsync(null, "EndInvokeJSFromDotNet", cancellationToken, call, true, $"[{call},true,{result}]");
                break;
            case "JS.Error":
                throw new ScenarioException($"the circuit failed: {string.Join(' ', arguments)}");
        }
    }

    private void Look(ReadOnlySpan<byte> batch)
    {
        var now = _time.GetTimestamp();
        lock (_watched)
        {
            for (var i = _watched.Count - 1; i >= 0; i--)
            {
                if (batch.IndexOf(_watched[i].Text) < 0)
                    continue;
                _watched[i].Seen.SetResult(now);
                _watched.RemoveAt(i);
            }
        }
    }

    private Task InvokeAsync(string? id, string target, CancellationToken cancellationToken, params object?[] arguments) =>
        SendAsync(
            MessagePackWriter.Frame(writer =>
            {
                writer.Array(6).Value(1).EmptyMap().Value(id).Value(target).Array(arguments.Length);
                foreach (var argument in arguments)
                    writer.Value(argument);
                writer.Array(0);
            }),
            cancellationToken);

    private async Task SendAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    [GeneratedRegex("<!--Blazor:(?<json>\\{\"type\":\"server\".*?\\})-->")]
    private static partial Regex Marker();

    [GeneratedRegex("<!--Blazor-Server-Component-State:(?<state>[^ ]*?)-->")]
    private static partial Regex State();
}
