using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Integrations.Sandbox.Twilio;

/// <summary>
/// Calls webhooks as Twilio does: signed, within <c>ct</c>, <c>rt</c> and <c>tt</c>, tried again up to <c>rc</c> times where <c>rp</c> allows, on a
/// connection of its own each time. 301, 302 and 303 turn a POST into a GET.
/// </summary>
internal sealed class Webhooks : IDisposable
{
    private const int MostRedirects = 10;
    private const int LargestAnswer = 64 << 10;

    private static readonly HttpRequestOptionsKey<Try> TryKey = new("try");

    private readonly SandboxTwilio _twilio;
    private readonly HttpClient _http;

    public Webhooks(SandboxTwilio twilio)
    {
        _twilio = twilio;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = ConnectAsync,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Null, with an alert in the debugger, when no try got a 2xx; then the code of the alert is given.</summary>
    public async Task<(WebhookAnswer? Answer, int AlertCode)> CallAsync(WebhookRequest request, CancellationToken cancellationToken)
    {
        var address = WebhookAddress.Parse(request.Url);
        using var total = new CancellationTokenSource(address.Total, _twilio.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(total.Token, cancellationToken);
        var idempotencyToken = Guid.NewGuid().ToString();
        for (var attempt = 1; ; attempt++)
        {
            var (answer, failure, code) = await FollowAsync(request, address, idempotencyToken, attempt, either.Token, cancellationToken);
            if (answer is not null)
                return (answer, 0);
            if (attempt <= address.Retries && address.Retried.Contains(failure) && !total.IsCancellationRequested)
                continue;

            _twilio.Alert(request.Account, code, address.Url, request.MessageSid);
            return (null, code);
        }
    }

    private async Task<(WebhookAnswer? Answer, WebhookFailure Failure, int Code)> FollowAsync(
        WebhookRequest request, WebhookAddress address, string idempotencyToken, int attempt, CancellationToken total, CancellationToken stop)
    {
        var (url, method, form, json) = (address.Url, request.Method, request.Form, request.Json);
        for (var hop = 0; hop <= MostRedirects; hop++)
        {
            var signedUrl = json is not null ? TwilioSigner.WithBodyHash(url, json) : method == "GET" ? WithQuery(url, form) : url;
            var isForm = json is null && method != "GET";
            var key = _twilio.Faults.TakeForWebhook(TwilioFaultKind.ForgeSignature, request.Kind, request.Person) is null
                ? request.Account.AuthToken
                : TwilioSid.Secret();
            var signature = TwilioSigner.Sign(key, signedUrl, isForm ? form : []);
            using var message = new HttpRequestMessage(new HttpMethod(method), new Uri(signedUrl));
            message.Headers.TryAddWithoutValidation("User-Agent", "TwilioProxy/1.1");
            message.Headers.TryAddWithoutValidation("X-Twilio-Signature", signature);
            message.Headers.TryAddWithoutValidation("I-Twilio-Idempotency-Token", idempotencyToken);
            if (message.RequestUri!.UserInfo is { Length: > 0 } user)
                message.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(user))));
            if (isForm)
            {
                message.Content = new FormUrlEncodedContent(form);
                message.Content.Headers.ContentType!.CharSet = "UTF-8";
            }
            else if (json is not null)
            {
                message.Content = new ByteArrayContent(json);
                message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            var (response, failure, code, reason) = await SendAsync(message, address, total, stop);
            using (response)
            {
                var status = (int?)response?.StatusCode;
                _twilio.Record(new TwilioWebhookCall(
                    _twilio.Time.GetUtcNow(), request.Kind, request.MessageSid, method, signedUrl, form, signature, idempotencyToken, attempt, status, reason));
                if (response is null)
                    return (null, failure, code);
                if (status is >= 300 and < 400 && response.Headers.Location is { } location)
                {
                    url = new Uri(message.RequestUri, location).AbsoluteUri;
                    if (status is not (307 or 308))
                        (method, form, json) = ("GET", new Dictionary<string, string>(StringComparer.Ordinal), null);
                    continue;
                }
                if (!response.IsSuccessStatusCode)
                    return (null, status >= 500 ? WebhookFailure.ServerError : WebhookFailure.ClientError, 11200);

                return await ReadAsync(response, address, total, stop) is { } answer ? (answer, default, 0) : (null, WebhookFailure.Read, 11205);
            }
        }

        return (null, WebhookFailure.Redirects, 11215);
    }

    private async Task<(HttpResponseMessage? Response, WebhookFailure Failure, int Code, string? Reason)> SendAsync(
        HttpRequestMessage message, WebhookAddress address, CancellationToken total, CancellationToken stop)
    {
        using var read = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _twilio.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(total, read.Token);
        var connecting = new Try(address, read);
        message.Options.Set(TryKey, connecting);
        try
        {
            return (await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token), default, 0, null);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return (null, connecting.IsConnected ? WebhookFailure.Read : WebhookFailure.Connect, 11205, "timed out");
        }
        catch (HttpRequestException e)
        {
            return e switch
            {
                { HttpRequestError: HttpRequestError.NameResolutionError } => (null, WebhookFailure.Connect, 11210, "no such host"),
                { HttpRequestError: HttpRequestError.SecureConnectionError } or { InnerException: AuthenticationException } => (null, WebhookFailure.Connect, 11220, "no TLS"),
                _ when !connecting.IsConnected => (null, WebhookFailure.Connect, 11205, "no connection"),
                _ => (null, WebhookFailure.Read, 11200, "no answer"),
            };
        }
    }

    private async Task<WebhookAnswer?> ReadAsync(HttpResponseMessage response, WebhookAddress address, CancellationToken total, CancellationToken stop)
    {
        using var read = new CancellationTokenSource(address.Read, _twilio.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(total, read.Token);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
            var buffer = new byte[LargestAnswer + 1];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, either.Token);
            var body = Encoding.UTF8.GetString(buffer, 0, Math.Min(length, LargestAnswer));
            return new WebhookAnswer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, body, length > LargestAnswer);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return null;
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        context.InitialRequestMessage.Options.TryGetValue(TryKey, out var connecting);
        using var limit = new CancellationTokenSource(connecting!.Address.Connect, _twilio.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, either.Token);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        connecting.Connected();
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static string WithQuery(string url, IReadOnlyDictionary<string, string> form)
    {
        if (form.Count == 0)
            return url;

        var query = string.Join('&', form.Select(pair => $"{WebUtility.UrlEncode(pair.Key)}={WebUtility.UrlEncode(pair.Value)}"));
        return $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}";
    }

    /// <summary>The time for the answer begins when the connection is there.</summary>
    private sealed class Try(WebhookAddress address, CancellationTokenSource read)
    {
        public WebhookAddress Address => address;

        public bool IsConnected { get; private set; }

        public void Connected()
        {
            IsConnected = true;
            try
            {
                read.CancelAfter(address.Read);
            }
            catch (ObjectDisposedException)
            {
                // The handler goes on connecting although whoever waited for it has gone.
                IsConnected = false;
            }
        }
    }
}
