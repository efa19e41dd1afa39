using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Integrations.Sandbox.Twilio;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Twilio;

/// <summary>A running simulated Twilio with one account, one sender, Anna, and a clock that stands.</summary>
internal sealed class ATwilio : IAsyncDisposable
{
    public const string Anna = "+99966210001";
    public const string Boris = "+99966210002";
    public const string Number = "+14155550100";

    private ATwilio(SandboxTwilio twilio, SandboxTwilioServer server, AHook hook, TestClock clock)
    {
        (Twilio, Server, Hook, Clock) = (twilio, server, hook, clock);
        Account = twilio.AddAccount();
        Sender = twilio.AddSender(Account, Number, hook.Address + "/inbound", hook.Address + "/status");
        Person = twilio.AddPerson(Anna, "Anna");
        Http = Client(Account.Sid, Account.AuthToken);
    }

    public SandboxTwilio Twilio { get; }

    public SandboxTwilioServer Server { get; }

    public AHook Hook { get; }

    public TestClock Clock { get; }

    public TwilioAccount Account { get; }

    public TwilioSender Sender { get; }

    public TwilioPerson Person { get; }

    /// <summary>Does not follow redirects.</summary>
    public HttpClient Http { get; }

    public string Messages => $"/2010-04-01/Accounts/{Account.Sid}/Messages.json";

    public static async Task<ATwilio> StartAsync(SandboxTwilioOptions? options = null)
    {
        var clock = new TestClock();
        var twilio = new SandboxTwilio(options, clock);
        return new ATwilio(twilio, await SandboxTwilioServer.StartAsync(twilio, cancellationToken: TestContext.Current.CancellationToken), await AHook.StartAsync(), clock);
    }

    public HttpClient Client(string user, string password)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Server.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        return client;
    }

    /// <summary>From the sender to Anna unless it is named otherwise; an empty value leaves a parameter out.</summary>
    public async Task<(int Status, JsonObject Body)> SendAsync(params (string Name, string Value)[] fields)
    {
        var form = new List<KeyValuePair<string, string>>();
        if (fields.All(field => field.Name != "From"))
            form.Add(new("From", "whatsapp:" + Number));
        if (fields.All(field => field.Name != "To"))
            form.Add(new("To", "whatsapp:" + Anna));
        form.AddRange(fields.Where(field => field.Value.Length > 0).Select(field => new KeyValuePair<string, string>(field.Name, field.Value)));
        return await PostAsync(Messages, form);
    }

    /// <summary>Sends, and waits for what becomes of it.</summary>
    public async Task<TwilioMessage> SentAsync(params (string Name, string Value)[] fields)
    {
        var (status, body) = await SendAsync(fields);
        Assert.True(status == 201, body.ToJsonString());
        await IdleAsync();
        return Twilio.Messages.Single(message => message.Sid == (string)body["sid"]!);
    }

    public async Task<(int Status, JsonObject Body)> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> form)
    {
        using var content = new FormUrlEncodedContent(form);
        using var response = await Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!);
    }

    public async Task<(int Status, JsonObject Body)> PostJsonAsync(string path, object body)
    {
        using var response = await Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!);
    }

    public async Task<(int Status, JsonObject Body)> GetAsync(string path, HttpClient? http = null)
    {
        using var response = await (http ?? Http).GetAsync(new Uri(path, UriKind.RelativeOrAbsolute), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!);
    }

    /// <summary>Anna writes, so that her window is open.</summary>
    public async Task<TwilioMessage> AnnaWritesAsync(string text = "Hello")
    {
        var message = Twilio.Write(Anna, Number, text)!;
        await IdleAsync();
        return message;
    }

    public Task IdleAsync() => Twilio.IdleAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        await Twilio.DisposeAsync();
        await Hook.DisposeAsync();
    }
}
