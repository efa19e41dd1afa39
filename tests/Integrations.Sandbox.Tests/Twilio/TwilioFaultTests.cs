using System.ComponentModel.DataAnnotations;
using System.Net;
using Integrations.Sandbox.Twilio;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>The bad hours of the API.</summary>
public sealed class TwilioFaultTests : IAsyncLifetime
{
    private ATwilio _twilio = null!;

    public async ValueTask InitializeAsync()
    {
        _twilio = await ATwilio.StartAsync();
        await _twilio.AnnaWritesAsync();
    }

    public async ValueTask DisposeAsync() => await _twilio.DisposeAsync();

    [Fact]
    public async Task A_request_of_too_many_was_not_processed()
    {
        _twilio.Twilio.Faults.Add(new TwilioFault { Kind = TwilioFaultKind.TooManyRequests, Method = "POST", Path = "/Messages.json", RetryAfter = 2 });
        Assert.Equal(200, (await _twilio.GetAsync(_twilio.Messages)).Status);

        using var content = new FormUrlEncodedContent([new("To", "x")]);
        using var response = await _twilio.Http.PostAsync(new Uri(_twilio.Messages, UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(2)), (response.StatusCode, response.Headers.RetryAfter?.Delta));
        Assert.Contains("\"code\":20429", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        Assert.Equal(201, (await _twilio.SendAsync(("Body", "Hi"))).Status);
        Assert.Equal(2, _twilio.Twilio.Messages.Count);
    }

    [Theory]
    [InlineData(TwilioFaultKind.Unavailable, 503, 20503)]
    [InlineData(TwilioFaultKind.Refuse, 400, 21408)]
    public async Task A_refusal_comes_as_asked_for(TwilioFaultKind kind, int status, int code)
    {
        _twilio.Twilio.Faults.Add(new TwilioFault { Kind = kind, Code = code, HttpStatus = status });

        var (answered, body) = await _twilio.SendAsync(("Body", "Hi"));

        Assert.Equal((status, code), (answered, (int)body["code"]!));
        Assert.Equal(status, _twilio.Twilio.Calls[^1].Status);
    }

    [Theory]
    [InlineData(TwilioFaultKind.CutBefore, 1)]
    [InlineData(TwilioFaultKind.CutAfter, 2)]
    public async Task A_cut_connection_does_not_tell_whether_the_message_was_accepted(TwilioFaultKind kind, int messages)
    {
        _twilio.Twilio.Faults.Add(new TwilioFault { Kind = kind });

        await Assert.ThrowsAsync<HttpRequestException>(() => _twilio.SendAsync(("Body", "Hi")));

        Assert.Equal(messages, (await _twilio.GetAsync(_twilio.Messages)).Body["messages"]!.AsArray().Count);
    }

    [Fact]
    public async Task An_answer_takes_its_time()
    {
        _twilio.Twilio.Faults.Add(new TwilioFault { Kind = TwilioFaultKind.Latency, Milliseconds = 5000, Times = 0 });
        var answer = _twilio.GetAsync(_twilio.Messages);
        await _twilio.Clock.WaitForTimerAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.False(answer.IsCompleted);

        _twilio.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(200, (await answer).Status);
        Assert.Single(_twilio.Twilio.Faults.Active);
        _twilio.Twilio.Faults.Clear();
        Assert.Equal(200, (await _twilio.GetAsync(_twilio.Messages)).Status);
    }

    [Fact]
    public void A_fault_that_lacks_something_is_refused() =>
        Assert.Throws<ValidationException>(() => _twilio.Twilio.Faults.Add(new TwilioFault { Kind = TwilioFaultKind.FailMessage }));
}
