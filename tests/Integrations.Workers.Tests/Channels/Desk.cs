using Integrations.Core;
using Integrations.Core.Errors;
using Integrations.Core.Telegram;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.Sending;
using Integrations.Core.Tenancy;
using Integrations.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Integrations.Workers.Tests.Channels;

/// <summary>What the customer's owner asks of channels, by the use cases that the API calls.</summary>
internal sealed class Desk : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly Principal _principal;

    private Desk(IHost host, Principal principal) => (_host, _principal) = (host, principal);

    public static async Task<Desk> OpenAsync(TestInstallation installation)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.Configuration.AddInMemoryCollection(installation.ApiSettings());
        builder.Services.AddMetrics();
        builder.AddIntegrationsCore();
        builder.AddEvents();
        builder.AddSecrets();
        builder.AddTelegramRequests();
        builder.AddBotRequests();
        builder.AddChannelRequests();
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new Desk(host, new Principal(installation.Customer.Tenant, 1, Role.Owner, null, null));
    }

    public Task<TelegramChannel> ConnectAsync(Guid? account, Guid? bot, string target) =>
        Of<ConnectChannel>().ExecuteAsync(_principal, account, bot, ChannelTarget.Parse(target)!, Token);

    /// <summary>The code with which connecting is refused, and what it says.</summary>
    public async Task<(string Code, string Detail)> RefusalAsync(Guid? account, Guid? bot, string target)
    {
        var refusal = await Assert.ThrowsAsync<IntegrationException>(() => ConnectAsync(account, bot, target));
        return (refusal.Code, refusal.Message);
    }

    public Task<List<FoundChannel>> FoundAsync(Guid? account, Guid? bot) => Of<FindChannels>().ExecuteAsync(_principal, account, bot, Token);

    public async Task<TelegramChannel> FindAsync(Guid channel) => (await Of<FindChannel>().ExecuteAsync(_principal, channel, Token)).Channel;

    public Task<TelegramChannel> UntilAsync(string what, Guid channel, Predicate<TelegramChannel> holds) => Eventually.BecomesAsync(what, _ => FindAsync(channel), holds);

    public async Task<TelegramChannel> CheckAsync(Guid channel) => (await Of<CheckChannel>().ExecuteAsync(_principal, channel, Token)).Channel;

    public async Task<Guid> PostAsync(Guid channel, string text, DateTimeOffset? at = null) => (await Of<AcceptMessage>().ExecuteAsync(
        _principal, new OutgoingMessage(null, new Recipient(), text, null, MessagePriority.Interactive) { ChannelId = channel, SendAt = at }, null, Token)).Id;

    public async Task<Guid> ChangeAsync(Guid message, MessageChangeKind kind, string? text = null) => (await Of<ChangeMessage>().ExecuteAsync(_principal, message, kind, text, Token)).Id;

    public Task<ChangeSeen> UntilDoneAsync(Guid message, Guid change, MessageChangeState state = MessageChangeState.Done) => Eventually.BecomesAsync(
        $"the change is {state}",
        async _ =>
        {
            var row = (await Of<ListMessageChanges>().ExecuteAsync(_principal, message, Token)).Single(row => row.Id == change);
            return new ChangeSeen(row.Kind, row.State, row.Attempts, row.ErrorCode, row.ErrorDetail);
        },
        row => row.State == state);

    public async Task<Message> MessageAsync(Guid message) => await Of<FindMessage>().ExecuteAsync(_principal, message, TimeSpan.Zero, Token);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private T Of<T>() where T : notnull => _host.Services.GetRequiredService<T>();
}

/// <summary>A change of a message, as the customer is told of it.</summary>
internal sealed record ChangeSeen(MessageChangeKind Kind, MessageChangeState State, int Attempts, string? ErrorCode, string? ErrorDetail);
