using Integrations.Api.Redis;
using Integrations.Api.Telegram;
using Integrations.Api.Tests.Host;
using Integrations.Core.People;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Integrations.Core.Tls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Integrations.Api.Tests.Dialogs;

[Collection(ApiCollection.Name)]
public sealed class PresenceTests(ApiHost host)
{
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_redis_nobody_seems_to_be_there_and_nothing_is_refused()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:redis"] = "127.0.0.1:1,connectTimeout=200,syncTimeout=200,connectRetry=0",
        }).Build();
        using var away = new RedisConnection(settings, host.Services.GetRequiredService<ServerCertificates>());
        var presence = new Presence(away, host.Services.GetRequiredService<TellPresence>(), host.Services.GetRequiredService<ListUsers>(), NullLogger<Presence>.Instance);
        var principal = new Principal(new TenantId(host.Tenant), 1, Role.Operator, null, "Maria");
        var dialog = Dialog.WithUsername(principal.Tenant, Guid.CreateVersion7(), Guid.CreateVersion7(), "boris_example");

        await presence.SayAsync(principal, dialog, "typing", _cancel);

        Assert.Empty(await presence.ReadAsync(principal, [dialog.InboxId], _cancel));
    }
}
