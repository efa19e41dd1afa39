using System.Net;
using Integrations.Core.Outbound;
using Integrations.Core.Webhooks;

namespace Integrations.Core.Tests.Webhooks;

public sealed class WebhookOutcomeTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 12, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(200, WebhookResult.Delivered)]
    [InlineData(204, WebhookResult.Delivered)]
    [InlineData(299, WebhookResult.Delivered)]
    [InlineData(300, WebhookResult.Failed)]
    [InlineData(301, WebhookResult.Failed)]
    [InlineData(307, WebhookResult.Failed)]
    [InlineData(400, WebhookResult.Failed)]
    [InlineData(404, WebhookResult.Failed)]
    [InlineData(409, WebhookResult.Failed)]
    [InlineData(410, WebhookResult.Gone)]
    [InlineData(429, WebhookResult.Overloaded)]
    [InlineData(500, WebhookResult.Failed)]
    [InlineData(502, WebhookResult.Overloaded)]
    [InlineData(503, WebhookResult.Overloaded)]
    [InlineData(504, WebhookResult.Overloaded)]
    [InlineData(599, WebhookResult.Failed)]
    public void A_status_says_what_becomes_of_the_delivery(int status, WebhookResult result) =>
        Assert.Equal(result, WebhookOutcome.Of(status, null, Now).Result);

    [Theory]
    [InlineData("120", 120)]
    [InlineData(" 7 ", 7)]
    [InlineData("0", 0)]
    [InlineData("1.2", 2)]
    [InlineData("Tue, 12 May 2026 10:02:00 GMT", 120)]
    [InlineData("Tuesday, 12-May-26 10:02:00 GMT", 120)]
    [InlineData("Tue May 12 10:02:00 2026", 120)]
    [InlineData("Tue, 12 May 2026 09:00:00 GMT", 0)]
    [InlineData("99999999999999999999", 365 * 86400)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 365 * 86400)]
    public void Retry_After_is_read_as_seconds_and_as_a_date(string header, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), WebhookOutcome.Of(503, header, Now).RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(seconds), WebhookOutcome.Of(429, header, Now).RetryAfter);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-5")]
    [InlineData("soon")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("120, 240")]
    public void What_is_no_Retry_After_asks_for_nothing(string? header) => Assert.Null(WebhookOutcome.Of(503, header, Now).RetryAfter);

    [Fact]
    public void An_answer_is_judged_by_its_head()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { { "Retry-After", "30" } } };

        Assert.Equal(new WebhookOutcome(WebhookResult.Overloaded, "503", TimeSpan.FromSeconds(30)), WebhookOutcome.Of(response, Now));
    }

    [Fact]
    public void A_redirect_is_named_and_not_followed() => Assert.Equal("302: redirects are not followed.", WebhookOutcome.Of(302, null, Now).Reason);

    [Fact]
    public void No_answer_in_time_is_an_overload()
    {
        Assert.Equal(new WebhookOutcome(WebhookResult.Overloaded, "No answer within 15 s."), WebhookOutcome.TimedOut(TimeSpan.FromSeconds(15)));
        Assert.Equal(WebhookResult.Overloaded, WebhookOutcome.Of(new OutboundRefusedException("too slow", new OperationCanceledException())).Result);
    }

    [Fact]
    public void A_refused_address_fails_with_the_words_that_may_be_shown() =>
        Assert.Equal(new WebhookOutcome(WebhookResult.Failed, "Not there."), WebhookOutcome.Of(new OutboundRefusedException("Not there.")));

    [Theory]
    [InlineData(HttpRequestError.NameResolutionError)]
    [InlineData(HttpRequestError.ConnectionError)]
    [InlineData(HttpRequestError.SecureConnectionError)]
    [InlineData(HttpRequestError.ResponseEnded)]
    [InlineData(HttpRequestError.InvalidResponse)]
    [InlineData(HttpRequestError.Unknown)]
    public void A_broken_connection_fails_without_the_words_of_the_exception(HttpRequestError error)
    {
        var outcome = WebhookOutcome.Of(new HttpRequestException(error, "inner words 10.0.0.7"));

        Assert.Equal(WebhookResult.Failed, outcome.Result);
        Assert.DoesNotContain("inner words", outcome.Reason, StringComparison.Ordinal);
    }
}
