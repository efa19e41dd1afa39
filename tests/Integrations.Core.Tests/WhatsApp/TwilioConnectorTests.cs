using Integrations.Core.Connectors;
using Integrations.Core.Tests.Connectors;
using Integrations.Core.WhatsApp;
using Integrations.Sandbox.Twilio;
using Integrations.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Core.Tests.WhatsApp;

/// <summary>Against the simulated Twilio.</summary>
public sealed class TwilioConnectorTests : ConnectorContract<WhatsAppMessage, TwilioSettings>, IAsyncLifetime
{
    private const string Number = "+14155550100";
    private const string Anna = "+99966210001";

    private readonly TestClock _clock = new();
    private readonly SandboxTwilio _twilio;
    private readonly TwilioAccount _account;
    private readonly ServiceProvider _services;
    private SandboxTwilioServer? _server;
    private int _made;

    /// <summary>The next call waits no longer than this; all others as long as it takes.</summary>
    private TimeSpan? _patience;

    public TwilioConnectorTests()
    {
        _twilio = new SandboxTwilio(null, _clock);
        _account = _twilio.AddAccount();
        _twilio.AddSender(_account, Number);
        _twilio.AddPerson(Anna, "Anna");
        _services = new ServiceCollection()
            .AddHttpClient(TwilioClient.HttpClientName, client => (client.Timeout, _patience) = (_patience ?? TimeSpan.FromSeconds(100), null)).Services
            .BuildServiceProvider();
    }

    protected override IConnector<WhatsAppMessage, TwilioSettings> Connector => ConnectorAt(_server!.Address);

    // The port of discard, where nobody listens here.
    protected override IConnector<WhatsAppMessage, TwilioSettings> Nowhere => ConnectorAt(new Uri("http://127.0.0.1:9"));

    protected override TwilioSettings Settings => new(_account.Sid, _account.Sid, _account.AuthToken, Number);

    protected override TwilioSettings WrongSettings => Settings with { Secret = "of-somebody-else" };

    protected override string Secret => _account.AuthToken;

    protected override DateTimeOffset Now => _clock.GetUtcNow();

    protected override IReadOnlyList<string> Done => [.. _twilio.Messages.Where(message => message.Direction == "outbound-api").Select(message => message.Sid)];

    public async ValueTask InitializeAsync()
    {
        _server = await SandboxTwilioServer.StartAsync(_twilio, cancellationToken: Token);
        // Her window is open.
        _twilio.Write(Anna, Number, "Hello");
        await _twilio.IdleAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _twilio.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Outside_the_window_a_template_is_what_is_said()
    {
        Assert.Contains("template", Assert.IsType<ConnectorOutcome.BadContent>(TwilioErrors.Of(null, 63016)).Detail, StringComparison.Ordinal);
        Assert.IsType<ConnectorOutcome.Permanent>(await Connector.ExecuteAsync(new WhatsAppMessage("+1", "Hello"), Settings, Token));
    }

    [Theory]
    [InlineData(502, null, typeof(ConnectorOutcome.Unknown))]
    [InlineData(500, 20500, typeof(ConnectorOutcome.Transient))]
    [InlineData(200, null, typeof(ConnectorOutcome.Unknown))]
    [InlineData(404, 20404, typeof(ConnectorOutcome.Permanent))]
    [InlineData(null, 63038, typeof(ConnectorOutcome.RateLimited))]
    [InlineData(null, 30002, typeof(ConnectorOutcome.AuthLost))]
    public void Codes_and_statuses_have_their_class(int? status, int? code, Type outcome) => Assert.IsType(outcome, TwilioErrors.Of(status, code));

    protected override WhatsAppMessage Good() => new(Anna, $"Good morning, for the {++_made}. time");

    protected override WhatsAppMessage Bad() => new(Anna, new string('x', 1601));

    protected override void Fault(PlatformFault fault)
    {
        _patience = fault is PlatformFault.AnswerLate ? TimeSpan.FromSeconds(3) : null;
        _twilio.Faults.Add(fault switch
        {
            PlatformFault.TooMany => new TwilioFault { Kind = TwilioFaultKind.TooManyRequests, RetryAfter = 7 },
            PlatformFault.Unavailable => new TwilioFault { Kind = TwilioFaultKind.Unavailable },
            PlatformFault.AnswerLost => new TwilioFault { Kind = TwilioFaultKind.CutAfter },
            _ => new TwilioFault { Kind = TwilioFaultKind.Latency, Milliseconds = 30_000 },
        });
    }

    private TwilioConnector ConnectorAt(Uri address) => new(new TwilioClient(_services.GetRequiredService<IHttpClientFactory>(), new TwilioOptions { ApiAddress = address }));
}
