using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotApi;

/// <summary>What <c>getWebhookInfo</c> tells of the last delivery that failed.</summary>
internal sealed record WebhookFailure(DateTimeOffset At, string Message);

/// <summary>
/// Posts one bot's updates to its webhook, with the rules of Telegram's own server: chats side by side up to the bot's limit, the updates of one chat
/// one after another; anything but a 2xx is tried again, at once and then after ever longer pauses, until the update is a day old.
/// </summary>
internal sealed class WebhookDelivery(
    long botId, BotQueue queue, TelegramWorld world, HttpClient http, TimeProvider time, Func<Person, string, BotApiRequest, Task> answer)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestAsked = TimeSpan.FromHours(1);
    private static readonly TimeSpan GoneAfter = TimeSpan.FromHours(23);

    private readonly Lock _gate = new();
    private readonly HashSet<PeerRef> _busy = [];
    private DateTimeOffset? _goneSince;

    /// <summary>Null while everything arrives.</summary>
    public WebhookFailure? LastFailure { get; private set; }

    /// <summary>Delivers until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var deliveries = new List<Task>();
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var changed = queue.Changed;
                if (world.FindPerson(botId)?.Bot?.Webhook is { } webhook)
                    deliveries.AddRange(Start(webhook, deliveries.Count, cancellationToken));
                await Task.WhenAny([changed.WaitAsync(cancellationToken), .. deliveries]);
                if (deliveries.Find(delivery => delivery.IsFaulted) is { } broken)
                    await broken;
                deliveries.RemoveAll(delivery => delivery.IsCompleted);
            }
        }
        finally
        {
            await Task.WhenAll(deliveries).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task[] Start(BotWebhook webhook, int running, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var heads = queue.Heads(_busy, webhook.MaxConnections - running);
            foreach (var head in heads)
                _busy.Add(head.Chat);
            return [.. heads.Select(head => DeliverAsync(head, cancellationToken))];
        }
    }

    /// <summary>Ends when the update arrived, became too old, or has nowhere to go.</summary>
    private async Task DeliverAsync(PendingUpdate update, CancellationToken cancellationToken)
    {
        try
        {
            var pause = TimeSpan.Zero;
            while (world.FindPerson(botId) is { Bot.Webhook: { } webhook } bot && time.GetUtcNow() - update.At < BotQueue.Lifetime)
            {
                var (delivered, asked) = await PostAsync(bot, webhook, update, cancellationToken);
                if (delivered)
                {
                    queue.Remove(update);
                    return;
                }

                if (asked is { } wait || pause > TimeSpan.Zero)
                    await Task.Delay(asked ?? pause, time, cancellationToken);
                pause = pause == TimeSpan.Zero ? FirstPause : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
            }
        }
        finally
        {
            lock (_gate)
                _busy.Remove(update.Chat);
        }
    }

    private async Task<(bool Delivered, TimeSpan? RetryAfter)> PostAsync(Person bot, BotWebhook webhook, PendingUpdate update, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url);
        request.Content = new StringContent(update.Json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        if (webhook.SecretToken is { } secret)
            request.Headers.Add("X-Telegram-Bot-Api-Secret-Token", secret);
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                _goneSince = null;
                await TakeAnswerAsync(bot, response, cancellationToken);
                return (true, null);
            }

            Fail(string.Create(CultureInfo.InvariantCulture, $"Wrong response from the webhook: {(int)response.StatusCode} {response.ReasonPhrase}"));
            DropWhenGone(response.StatusCode);
            return (false, RetryAfter(response));
        }
        catch (HttpRequestException e)
        {
            Fail(e.HttpRequestError is HttpRequestError.ConnectionError ? "Connection refused" : "Connection reset by peer");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Fail("Read timeout expired");
        }

        return (false, null);
    }

    /// <summary>The answer may itself be a method call; what comes of it, nobody learns.</summary>
    private async Task TakeAnswerAsync(Person bot, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not "application/json")
            return;
        try
        {
            using var body = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
            if (body.RootElement.ValueKind is JsonValueKind.Object && body.RootElement.TryGetProperty("method", out var method) && method.GetString() is { } name)
                await answer(bot, name, BotApiRequest.From(body.RootElement));
        }
        catch (Exception e) when (e is JsonException or BotApiRefusal)
        {
            // Telegram ignores what it cannot read or do.
        }
    }

    private void Fail(string message) => LastFailure = new WebhookFailure(time.GetUtcNow(), message);

    private void DropWhenGone(HttpStatusCode status)
    {
        var now = time.GetUtcNow();
        _goneSince = status is HttpStatusCode.Gone ? _goneSince ?? now : null;
        if (_goneSince is { } since && now - since >= GoneAfter)
            world.SetBotWebhook(botId, null, null);
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return asked is { } wait ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, LongestAsked.Ticks)) : null;
    }
}
