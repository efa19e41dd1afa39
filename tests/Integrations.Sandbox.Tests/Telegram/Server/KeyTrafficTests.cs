using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

public sealed class KeyTrafficTests : ServerTest
{
    [Fact]
    public async Task Two_connections_of_one_authorised_key_that_both_send_kill_it_for_good()
    {
        var older = await SignedInAsync(AnnasPhone);
        var newer = Own(await older.ReconnectAsync(sameSession: false));
        await newer.InvokeAsync(new UpdatesGetState());
        Assert.Empty(Sandbox.Faults.Violations);

        // The answer goes to whichever connection its session is on.
        await RefusedAsync("AUTH_KEY_DUPLICATED", older.InvokeAsync(new UpdatesGetState()));

        var violation = Assert.Single(Sandbox.Faults.Violations);
        Assert.Equal(Seed.Anna, violation.PersonId);
        Assert.True(violation.Connection < violation.NewerConnection);
        Assert.Equal(406, (await RefusedAsync("AUTH_KEY_DUPLICATED", newer.InvokeAsync(new UpdatesGetState()))).Code);
        Assert.Empty(Anna.Devices);
        var later = Own(await newer.ReconnectAsync());
        await RefusedAsync("AUTH_KEY_DUPLICATED", later.InvokeAsync(new UpdatesGetState()));
    }

    [Fact]
    public async Task A_client_that_leaves_its_connection_and_opens_another_is_innocent()
    {
        var client = await SignedInAsync(AnnasPhone);
        for (var i = 0; i < 5; i++)
        {
            // Not closed: a network that broke tells the server nothing.
            client = Own(await client.ReconnectAsync());
            await client.InvokeAsync(new UpdatesGetState());
        }

        Assert.Empty(Sandbox.Faults.Violations);
        Assert.Single(Anna.Devices);
    }

    [Fact]
    public async Task A_key_that_is_not_signed_in_is_reported_and_lives()
    {
        var older = await ConnectAsync();
        await older.InvokeAsync(new HelpGetConfig());
        var newer = Own(await older.ReconnectAsync(sameSession: false));
        await newer.InvokeAsync(new HelpGetConfig());

        await older.InvokeAsync(new HelpGetConfig());

        Assert.Null(Assert.Single(Sandbox.Faults.Violations).PersonId);
        await newer.InvokeAsync(new HelpGetConfig());
    }

    [Fact]
    public async Task An_older_connection_that_wakes_up_after_the_newer_one_has_ended_is_reported()
    {
        var older = await SignedInAsync(AnnasPhone);
        var newer = Own(await older.ReconnectAsync(sameSession: false));
        await newer.InvokeAsync(new UpdatesGetState());
        newer.Abort();

        await RefusedAsync("AUTH_KEY_DUPLICATED", older.InvokeAsync(new UpdatesGetState()));

        Assert.Single(Sandbox.Faults.Violations);
    }
}
