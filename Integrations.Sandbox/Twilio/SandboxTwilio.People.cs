using System.Globalization;
using System.Xml;

namespace Integrations.Sandbox.Twilio;

/// <summary>What people do with their telephones.</summary>
public sealed partial class SandboxTwilio
{
    private const int MostRedirects = 10;

    /// <summary>A person writes to a sender: her window opens, and the sender's webhook is called.</summary>
    /// <param name="person">Her number; who is not known yet becomes known, by her number as a name.</param>
    /// <param name="sender">The sender's number.</param>
    /// <returns>Null for what Twilio keeps to itself: joining a sandbox, and writing to one without having joined.</returns>
    public TwilioMessage? Write(string person, string sender, TwilioInbound what)
    {
        ArgumentNullException.ThrowIfNull(what);
        TwilioMessage message;
        Dictionary<string, string> parameters;
        lock (Gate)
        {
            var to = _senders.GetValueOrDefault(sender) ?? throw new ArgumentException($"There is no sender {sender}.", nameof(sender));
            if (!_people.TryGetValue(person, out var from))
                _people.Add(person, from = new TwilioPerson(Number(person), person));

            var now = Time.GetUtcNow();
            if (to.JoinWord is { } word && Joins(from, to, word, what.Text, now))
                return null;

            from.WroteAt[to.Number] = now;
            switch (what.Text.Trim().ToUpperInvariant())
            {
                case "STOP":
                    from.OptedOut.Add(to.Number);
                    break;
                case "START":
                    from.OptedOut.Remove(to.Number);
                    break;
            }

            message = new TwilioMessage(to, person, "inbound", what.Attachment is not null, now)
            {
                Body = what.Body,
                Status = "received",
                SentAt = now,
                Service = to.Service,
                Media = what.Attachment is { } file ? [new TwilioMedia(file.ContentType, file.Content)] : [],
            };
            var quoted = what.ReplyTo is { } sid
                ? _messageBySid.GetValueOrDefault(sid) ?? throw new ArgumentException($"There is no message {sid} to reply to.", nameof(what))
                : null;
            parameters = what.Parameters(message, from, quoted, message.Media.Count == 0 ? "" : MediaBase(message));
            Add(message);
        }

        var times = Faults.TakeForWebhook(TwilioFaultKind.LoseWebhook, TwilioWebhookKind.Inbound, person) is not null ? 0
            : Faults.TakeForWebhook(TwilioFaultKind.DoubleWebhook, TwilioWebhookKind.Inbound, person) is not null ? 2
            : 1;
        for (var i = 0; i < times; i++)
            Post(message.Sid, cancellationToken => TellAsync(message, parameters, cancellationToken));
        return message;
    }

    /// <inheritdoc cref="Write(string, string, TwilioInbound)"/>
    public TwilioMessage? Write(string person, string sender, string text) => Write(person, sender, new TwilioInbound { Text = text });

    /// <summary>A person reads a message that was delivered to her.</summary>
    public void Read(string messageSid)
    {
        var message = FindMessage(messageSid) ?? throw new ArgumentException($"There is no message {messageSid}.", nameof(messageSid));
        Post(messageSid, cancellationToken => _delivery.ReadAsync(message, cancellationToken));
    }

    /// <summary>A person blocks a sender, or lets it write again.</summary>
    public void Block(string person, string sender, bool isBlocked = true)
    {
        lock (Gate)
        {
            var blocked = (_people.GetValueOrDefault(person) ?? throw new ArgumentException($"There is no person {person}.", nameof(person))).Blocked;
            _ = isBlocked ? blocked.Add(sender) : blocked.Remove(sender);
        }
    }

    /// <summary>Calls a webhook with a JSON body, as other products of Twilio do; the signature covers the body's hash in the address.</summary>
    public void PostJson(TwilioAccount account, string url, ReadOnlyMemory<byte> json) => Post(url, cancellationToken => _webhooks.CallAsync(
        new WebhookRequest(TwilioWebhookKind.Json, account, url, "POST", new Dictionary<string, string>(StringComparer.Ordinal), Json: json.ToArray()), cancellationToken));

    internal Task<(WebhookAnswer? Answer, int AlertCode)> CallAsync(WebhookRequest request, CancellationToken cancellationToken) =>
        _webhooks.CallAsync(request, cancellationToken);

    private static bool Joins(TwilioPerson person, TwilioSender sandbox, string word, string text, DateTimeOffset now)
    {
        if (string.Equals(text.Trim(), $"join {word}", StringComparison.OrdinalIgnoreCase))
        {
            person.JoinedAt[sandbox.Number] = person.WroteAt[sandbox.Number] = now;
            return true;
        }

        return !person.IsJoinedTo(sandbox, now);
    }

    /// <summary>Calls the sender's webhook, or in its stead the fallback, and does what the answer says.</summary>
    private async Task TellAsync(TwilioMessage message, Dictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        var sender = message.Sender;
        if (sender.CallbackUrl is not { Length: > 0 } url)
            return;

        WebhookRequest? request = new(TwilioWebhookKind.Inbound, sender.Account, url, sender.CallbackMethod, parameters, message.Sid, message.Person);
        for (var i = 0; request is not null && i <= MostRedirects; i++)
        {
            var (answer, code) = await _webhooks.CallAsync(request, cancellationToken);
            var (next, wrong) = answer is null ? (null, code) : Obey(message, request, answer);
            if (wrong != 0 && sender.FallbackUrl is { Length: > 0 } fallback && request.Url != fallback)
            {
                var more = new Dictionary<string, string>(parameters, StringComparer.Ordinal)
                {
                    ["ErrorCode"] = wrong.ToString(CultureInfo.InvariantCulture),
                    ["ErrorUrl"] = WebhookAddress.Parse(request.Url).Url,
                };
                next = request with { Url = fallback, Form = more };
            }

            request = next;
        }

        if (request is not null)
            Alert(sender.Account, 11215, request.Url, message.Sid);
    }

    /// <summary>Sends what the answer says. Gives whom to ask then, if anybody, and the code of what is wrong with the answer, or 0.</summary>
    private (WebhookRequest? Next, int Wrong) Obey(TwilioMessage message, WebhookRequest asked, WebhookAnswer answer)
    {
        if (answer.IsTooLarge)
            return (null, Complain(11750));
        if (string.IsNullOrWhiteSpace(answer.Body))
            return (null, 0);
        if (answer.MediaType is not ("text/xml" or "application/xml"))
            return (null, Complain(12300));

        try
        {
            var (verbs, hasUnknown) = Twiml.Parse(answer.Body);
            if (hasUnknown)
                Complain(12200);
            foreach (var verb in verbs)
            {
                switch (verb)
                {
                    case TwimlMessage reply:
                        Reply(message, reply, asked.Url);
                        break;
                    case TwimlRedirect redirect:
                        var url = new Uri(new Uri(WebhookAddress.Parse(asked.Url).Url), redirect.Url).AbsoluteUri;
                        return (asked with { Url = url, Method = redirect.Method.ToUpperInvariant() }, 0);
                }
            }
        }
        catch (XmlException)
        {
            return (null, Complain(12100));
        }

        return (null, 0);

        int Complain(int code)
        {
            Alert(message.Account, code, asked.Url, message.Sid);
            return code;
        }
    }

    private void Reply(TwilioMessage message, TwimlMessage reply, string url)
    {
        try
        {
            Send(
                message.Account,
                new MessageRequest
                {
                    To = reply.To ?? message.From,
                    From = reply.From ?? message.To,
                    Body = reply.Body,
                    MediaUrls = reply.Media,
                    StatusCallback = reply.StatusCallback,
                },
                "outbound-reply");
        }
        catch (TwilioRefusal refusal)
        {
            Alert(message.Account, refusal.Code, url, message.Sid);
        }
    }
}
