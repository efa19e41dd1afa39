using System.Globalization;

namespace Integrations.Sandbox.Twilio;

/// <summary>What becomes of a message after it was accepted, and whom that is told.</summary>
internal sealed class MessageDelivery(SandboxTwilio twilio) : IDisposable
{
    private const int LargestMedia = 16 << 20;
    private const int LongestTemplate = 1024;
    private const int TrialMessagesPerDay = 50;

    private readonly Lock _gate = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = LargestMedia };
    private readonly Dictionary<string, WebhookRequest> _overtaken = new(StringComparer.Ordinal);

    public void Dispose() => _http.Dispose();

    public async Task RunAsync(TwilioMessage message, CancellationToken cancellationToken)
    {
        await TellAsync(message, cancellationToken);
        if (message.SendAt is { } due && !await WaitUntilAsync(message, due, cancellationToken))
        {
            await TellAsync(message, cancellationToken);
            return;
        }

        if (message.Status != "queued")
            await MoveAsync(message, "queued", cancellationToken);
        DateTimeOffset place;
        lock (twilio.Gate)
            place = message.Place ?? message.Sender.NextPlace(twilio.Time.GetUtcNow());
        await WaitAsync(place - twilio.Time.GetUtcNow(), cancellationToken);
        Move(message, "sending");
        await WaitAsync(twilio.Options.SendingTime, cancellationToken);
        if (await FailureAsync(message, cancellationToken) is { } failure)
        {
            lock (twilio.Gate)
                message.ErrorCode = failure.Code;
            await MoveAsync(message, failure.Status, cancellationToken);
            return;
        }

        lock (twilio.Gate)
            message.SentAt = twilio.Time.GetUtcNow();
        await MoveAsync(message, "sent", cancellationToken);
        await WaitAsync(twilio.Options.DeliveryTime, cancellationToken);
        await MoveAsync(message, "delivered", cancellationToken);
        if (twilio.Options.ReadTime is { } until)
        {
            await WaitAsync(until, cancellationToken);
            await ReadAsync(message, cancellationToken);
        }
    }

    public async Task ReadAsync(TwilioMessage message, CancellationToken cancellationToken)
    {
        if (message.Status == "delivered")
            await MoveAsync(message, "read", cancellationToken);
    }

    private static bool IsLast(string status) => status is "delivered" or "read" or "failed" or "undelivered" or "canceled";

    /// <summary>False when the message was taken back meanwhile.</summary>
    private async Task<bool> WaitUntilAsync(TwilioMessage message, DateTimeOffset due, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(message.Cancelled!.Token, cancellationToken);
        try
        {
            await WaitAsync(due - twilio.Time.GetUtcNow(), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        lock (twilio.Gate)
        {
            if (message.Status == "canceled")
                return false;
            message.Status = "accepted";
            return true;
        }
    }

    private Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) =>
        time > TimeSpan.Zero ? Task.Delay(time, twilio.Time, cancellationToken) : Task.CompletedTask;

    /// <summary>Null when it arrives.</summary>
    private async Task<(string Status, int Code)?> FailureAsync(TwilioMessage message, CancellationToken cancellationToken)
    {
        if (twilio.Faults.TakeForMessage(TwilioFaultKind.FailMessage, message.Person) is { } fault)
            return (fault.Status, fault.Code!.Value);

        lock (twilio.Gate)
        {
            if (Refusal(message) is { } code)
                return ("failed", code);
        }

        if (message.MediaUrls is [var url, ..] && await FetchAsync(message, url, cancellationToken) is { } media)
            return ("failed", media);

        lock (twilio.Gate)
            return twilio.FindPerson(message.Person)!.Blocked.Contains(message.Sender.Number) ? ("undelivered", 63014) : null;
    }

    private int? Refusal(TwilioMessage message)
    {
        var (sender, now) = (message.Sender, twilio.Time.GetUtcNow());
        if (twilio.FindPerson(message.Person) is not { } person)
            return 63003;
        if (!person.IsOnWhatsApp)
            return 63024;
        if (sender.Account.IsTrial && twilio.Messages.Count(other => IsOfToday(other, sender.Account, now)) > TrialMessagesPerDay)
            return 63038;
        if (sender.JoinWord is not null && !person.IsJoinedTo(sender, now))
            return 63015;
        if (message.Content is not null && message.LacksVariables)
            return 63028;
        if (message.Content is not null && message.Body.Length > LongestTemplate)
            return 63021;
        if (person.HasOpenWindow(sender, now))
            return null;

        return message.Content?.ApprovalStatus switch
        {
            "approved" => null,
            "rejected" => 63040,
            "paused" => 63041,
            "disabled" => 63042,
            _ => 63016,
        };
    }

    private static bool IsOfToday(TwilioMessage message, TwilioAccount account, DateTimeOffset now) =>
        !message.IsInbound && message.Account == account && message.CreatedAt.UtcDateTime.Date == now.UtcDateTime.Date;

    /// <summary>Fetches what the message is to carry; null when it has it, or else the code of what is wrong with it.</summary>
    private async Task<int?> FetchAsync(TwilioMessage message, string url, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
                return 63019;

            var content = new MemoryStream();
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[64 << 10];
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                content.Write(buffer, 0, read);
                if (content.Length > LargestMedia)
                    return 63034;
            }

            lock (twilio.Gate)
                message.Media = [new TwilioMedia(response.Content.Headers.ContentType?.MediaType ?? "application/octet-stream", content.ToArray())];
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return 63019;
        }
    }

    private void Move(TwilioMessage message, string status)
    {
        lock (twilio.Gate)
            (message.Status, message.UpdatedAt) = (status, twilio.Time.GetUtcNow());
    }

    private async Task MoveAsync(TwilioMessage message, string status, CancellationToken cancellationToken)
    {
        Move(message, status);
        await TellAsync(message, cancellationToken);
    }

    /// <summary>Calls the address of the message, of its service or of its sender.</summary>
    private async Task TellAsync(TwilioMessage message, CancellationToken cancellationToken)
    {
        var url = message.StatusCallback ?? message.Service?.StatusCallbackUrl ?? message.Sender.StatusCallbackUrl;
        if (string.IsNullOrEmpty(url))
            return;

        var (person, status) = (message.Person, message.Status);
        var request = new WebhookRequest(TwilioWebhookKind.Status, message.Account, url, "POST", Parameters(message), message.Sid, person);
        if (twilio.Faults.TakeForWebhook(TwilioFaultKind.LoseWebhook, TwilioWebhookKind.Status, person) is null)
        {
            if (!IsLast(status) && twilio.Faults.TakeForWebhook(TwilioFaultKind.SwapCallbacks, TwilioWebhookKind.Status, person) is not null)
            {
                lock (_gate)
                    _overtaken[message.Sid] = request;
                return;
            }

            await twilio.CallAsync(request, cancellationToken);
            if (twilio.Faults.TakeForWebhook(TwilioFaultKind.DoubleWebhook, TwilioWebhookKind.Status, person) is not null)
                await twilio.CallAsync(request, cancellationToken);
        }

        WebhookRequest? late;
        lock (_gate)
            _overtaken.Remove(message.Sid, out late);
        if (late is not null)
            await twilio.CallAsync(late, cancellationToken);
    }

    private static Dictionary<string, string> Parameters(TwilioMessage message)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ChannelPrefix"] = "whatsapp",
            ["ApiVersion"] = SandboxTwilio.ApiVersion,
            ["MessageStatus"] = message.Status,
            ["SmsSid"] = message.Sid,
            ["SmsStatus"] = message.Status,
            ["ChannelInstallSid"] = message.Sender.Sid,
            ["To"] = message.To,
            ["From"] = message.From,
            ["MessageSid"] = message.Sid,
            ["StructuredMessage"] = message.Content is null ? "false" : "true",
            ["AccountSid"] = message.Account.Sid,
            ["ChannelToAddress"] = TwilioAddress.Masked(message.Person),
        };
        if (message.Service is { } service)
            parameters["MessagingServiceSid"] = service.Sid;
        if (message.Status is "delivered" or "read" or "undelivered")
            parameters["EventType"] = message.Status.ToUpperInvariant();
        if (message.ErrorCode is { } code)
        {
            parameters["ErrorCode"] = code.ToString(CultureInfo.InvariantCulture);
            parameters["ErrorMessage"] = parameters["ChannelStatusMessage"] = TwilioErrors.Message(code);
        }

        return parameters;
    }
}
