using System.Globalization;
using System.Text.Json;
using Integrations.Core.Events;
using Integrations.Core.Outbound;

namespace Integrations.Core.Webhooks;

/// <summary>One question of the exam.</summary>
/// <param name="Name"><c>valid</c>, <c>forged</c>, <c>old</c>, <c>duplicate</c> or <c>oversized</c>.</param>
/// <param name="Came">What the receiver answered, in words: <c>204 in 12 ms</c>.</param>
/// <param name="Advice">What to change; empty where nothing is.</param>
public sealed record ExamResult(string Name, bool Passed, string Came, string Advice);

/// <summary>How a receiver did, question by question.</summary>
public sealed record ExamReport(IReadOnlyList<ExamResult> Results)
{
    public bool Passed => Results.All(result => result.Passed);

    /// <summary>
    /// <c>A</c> when everything is right, a letter less for each thing that is not, and <c>F</c> for a receiver that gets no events or that anybody
    /// can send events to.
    /// </summary>
    public char Grade => Results.Any(result => !result.Passed && result.Name is ReceiverExam.Valid or ReceiverExam.Forged)
        ? 'F'
        : (char)('A' + Results.Count(result => !result.Passed));
}

/// <summary>
/// Tries out a receiver of webhooks before it is relied on: sends a right delivery, and four that a receiver has to treat with care, and says what
/// to change.
/// </summary>
/// <param name="http">From <see cref="OutboundHttp"/> where a user has set the address; it must not follow redirects.</param>
/// <param name="time">For the timestamps, the ids and the limit.</param>
public sealed class ReceiverExam(HttpClient http, TimeProvider time)
{
    public const string Valid = "valid";
    public const string Forged = "forged";
    public const string Old = "old";
    public const string Duplicate = "duplicate";
    public const string Oversized = "oversized";

    /// <summary>The type of the events that it sends.</summary>
    public const string EventType = "webhook.exam";

    /// <summary>As long as deliveries are waited for.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Twice what receivers allow for at most.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    /// <summary>An answer that takes longer is one that waits for the work.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    /// <summary>A hundred times what a delivery should have at most.</summary>
    private const int OversizedBytes = 2 * 1024 * 1024;

    /// <summary>Takes the exam; a receiver that refuses the right delivery is not asked further, for its refusals would say nothing.</summary>
    /// <param name="key">The endpoint's own.</param>
    public async Task<ExamReport> RunAsync(Uri endpoint, WebhookKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(key);
        var signer = new WebhookSigner(key);
        var stranger = new WebhookSigner(key is WebhookKeyPair ? WebhookKeyPair.Make() : WebhookSecret.Make());
        var (id, body) = (NewId(), Body(Valid));

        var valid = OfValid(await SendAsync(signer, id, body));
        if (!valid.Passed)
        {
            return new ExamReport(
                [valid, .. new[] { Forged, Old, Duplicate, Oversized }.Select(name => new ExamResult(name, false, "not sent", "Comes once the valid delivery is accepted."))]);
        }

        return new ExamReport(
        [
            valid,
            OfRefused(Forged, await SendAsync(stranger, NewId(), Body(Forged)),
                "Anybody can send events to this receiver. Compute the signature over id, timestamp and the raw body, compare it in constant time, and answer 401 when none in the header is right."),
            OfRefused(Old, await SendAsync(signer, NewId(), Body(Old), Age),
                "A delivery that somebody recorded could be sent again at any time. Refuse those whose timestamp is more than 5 minutes away from now."),
            OfDuplicate(await SendAsync(signer, id, body)),
            OfRefused(Oversized, await SendAsync(signer, NewId(), Body(Oversized, OversizedBytes)),
                "Anybody can fill the memory of this receiver. Refuse with 413 what is longer than 1 MiB, before it is read."),
        ]);

        Task<ExamAnswer> SendAsync(WebhookSigner signer, string id, byte[] body, TimeSpan age = default) =>
            this.SendAsync(signer.Request(endpoint, id, time.GetUtcNow() - age, body), cancellationToken);
    }

    private static ExamResult OfValid(ExamAnswer answer)
    {
        var advice = answer.Status switch
        {
            null => $"No answer came: {Lower(answer.Failure)} Deliveries need one within {Limit.TotalSeconds:0} s.",
            >= 200 and <= 299 => answer.Took > Slow ? "Answer first and work afterwards: keep the delivery and return 2xx at once." : "",
            >= 300 and <= 399 => "Redirects are not followed. Give the address that it leads to.",
            400 or 401 or 403 =>
                "A rightly signed delivery was refused. The key is what stands after whsec_, base64-decoded; the signed text is webhook-id, webhook-timestamp and the raw body, "
                + "joined by full stops. Check that no framework parses the body before and that the clock is right.",
            404 or 405 => "Nothing takes POST at this address. Check its path.",
            410 => "410 says that this endpoint wants nothing any more: it would be disabled.",
            413 => "A delivery of a few hundred bytes was refused as too long. Allow for at least 64 KiB.",
            429 => "The receiver says that it gets too much, with this one delivery. Check its rate limit.",
            >= 500 => "The receiver failed. Look into its log; types of events that it does not know should be answered with 2xx.",
            _ => "Answer 2xx to what is rightly signed.",
        };
        return new ExamResult(Valid, answer.IsSuccess, answer.Came, advice);
    }

    private static ExamResult OfDuplicate(ExamAnswer answer) => new(
        Duplicate,
        answer.IsSuccess,
        answer.Came,
        answer.IsSuccess ? "" : "The same delivery a second time was refused, so it would be sent again for days. Answer 2xx to an id that is known, and do nothing else.");

    /// <summary>A refusal is 4xx, or for what is too long the end of the connection; 410 would disable the endpoint.</summary>
    private static ExamResult OfRefused(string name, ExamAnswer answer, string advice)
    {
        var passed = answer.Status is >= 400 and <= 499 and not 410 || (name == Oversized && answer is { Status: null, IsTimeout: false });
        return new ExamResult(name, passed, answer.Came, passed ? "" : answer.Status switch
        {
            null => $"No answer came: {Lower(answer.Failure)} Refuse with 4xx at once.",
            410 => "410 disables the endpoint, so that one bad delivery would end all. Refuse with 400 or 401.",
            >= 500 => "The receiver failed at what it should refuse. Catch it, and answer 4xx.",
            >= 300 and <= 399 => "Refuse with 4xx: a redirect says nothing.",
            _ => advice,
        });
    }

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];

    private async Task<ExamAnswer> SendAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        using var request = message;
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var began = time.GetTimestamp();
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new ExamAnswer((int)response.StatusCode, "", IsTimeout: false, time.GetElapsedTime(began));
        }
        catch (HttpRequestException failure)
        {
            var outcome = WebhookOutcome.Of(failure);
            return new ExamAnswer(null, outcome.Reason, outcome.Result is WebhookResult.Overloaded, time.GetElapsedTime(began));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Ours, or the client's own that is shorter.
            var took = time.GetElapsedTime(began);
            return new ExamAnswer(null, WebhookOutcome.TimedOut(took).Reason, IsTimeout: true, took);
        }
    }

    private byte[] Body(string question, int padding = 0) => JsonSerializer.SerializeToUtf8Bytes(
        new { Type = EventType, Timestamp = time.GetUtcNow(), Data = new { Question = question, Padding = padding == 0 ? null : new string('x', padding) } }, EventJson.Options);

    private string NewId() => $"exam_{Guid.CreateVersion7(time.GetUtcNow()):N}";

    /// <summary>What came, if anything did.</summary>
    private readonly record struct ExamAnswer(int? Status, string Failure, bool IsTimeout, TimeSpan Took)
    {
        public bool IsSuccess => Status is >= 200 and <= 299;

        public string Came => Status is { } status ? string.Create(CultureInfo.InvariantCulture, $"{status} in {Took.TotalMilliseconds:0} ms") : Failure;
    }
}
