using Integrations.Mtproto.GapRecovery;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Server;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>The client library with perfect forward secrecy, against the sandbox, over TCP.</summary>
public sealed class OurClientSecrecyTests : ServerTest
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_login_is_kept_and_messages_flow_both_ways()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna", keyLifetime: Day);
        await anna.ReceiveAsync();
        var key = anna.Client.Session!.Key.Id;
        await SendAsync(anna, "There", 1);
        Boris.Send(PeerRef.User(Seed.Anna), "And back");
        Assert.Equal("And back", await HeardAsync(anna));
        await anna.Client.DisposeAsync();

        await using var again = await OurClient.ConnectAsync(Sandbox, anna.Stored, keyLifetime: Day);

        Assert.Equal(Seed.Anna, (await again.Client.GetSelfAsync(Token)).Id);
        Assert.Equal([key], Sandbox.World.KeysOf(Seed.Anna));
        Assert.Equal(2, Sandbox.Bindings);
        Assert.Equal(["There"], Said());
    }

    [Fact]
    public async Task A_session_that_was_made_without_goes_on_with_it_and_back()
    {
        byte[] stored;
        await using (var before = await OurClient.SignedInAsync(Sandbox, "anna"))
            stored = before.Stored!;
        Assert.Equal(0, Sandbox.Bindings);
        await using (var secret = await OurClient.ConnectAsync(Sandbox, stored, keyLifetime: Day))
            Assert.Equal(Seed.Anna, (await secret.Client.GetSelfAsync(Token)).Id);
        Assert.Equal(1, Sandbox.Bindings);

        await using var after = await OurClient.ConnectAsync(Sandbox, stored);

        Assert.Equal(Seed.Anna, (await after.Client.GetSelfAsync(Token)).Id);
        Assert.Single(Anna.Devices);
    }

    [Theory]
    [InlineData(FaultKind.ForgetTemporaryKeys)]
    [InlineData(FaultKind.ForgetBindings)]
    public async Task What_the_server_forgets_is_made_good_and_the_permanent_key_stays(FaultKind forgotten)
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna", keyLifetime: Day);
        await anna.ReceiveAsync();
        var key = anna.Client.Session!.Key.Id;

        for (var round = 1; round <= 3; round++)
        {
            Sandbox.Faults.Add(new Fault { Kind = forgotten });
            await SendAsync(anna, $"Round {round}", round);
            Assert.Equal(1 + round, Sandbox.Bindings);
        }

        Assert.Equal(key, anna.Client.Session!.Key.Id);
        Assert.Equal([key], Sandbox.World.KeysOf(Seed.Anna));
        Boris.Send(PeerRef.User(Seed.Anna), "Still there?");
        Assert.Equal("Still there?", await HeardAsync(anna));
        Assert.Equal(["Round 1", "Round 2", "Round 3"], Said());
    }

    [Fact]
    public async Task Keys_are_renewed_under_load_and_nothing_is_lost_or_doubled()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna", keyLifetime: TimeSpan.FromSeconds(2));
        await anna.ReceiveAsync();
        var sent = 0;

        // Until the third key, and with calls under way all the time.
        while (Sandbox.Bindings < 3)
        {
            Assert.True(sent < 90_000, "The key is not renewed.");
            Boris.Send(PeerRef.User(Seed.Anna), $"To {sent}");
            await Task.WhenAll(SendAsync(anna, $"From {sent}", 1 + sent++), anna.Client.GetSelfAsync(Token));
        }

        var received = new List<string>();
        while (received.Count < sent)
            received.Add(await HeardAsync(anna));

        Assert.Equal(Enumerable.Range(0, sent).Select(i => $"To {i}"), received);
        Assert.Equal(Enumerable.Range(0, sent).Select(i => $"From {i}"), Said().Where(text => text.StartsWith("From", StringComparison.Ordinal)));
        Assert.Empty(Sandbox.Faults.Violations);
    }

    [Fact]
    public async Task A_login_moves_to_another_data_centre_with_keys_of_its_own()
    {
        await using var gleb = await OurClient.SignedInAsync(Sandbox, "gleb", keyLifetime: Day);

        Assert.Equal(1, gleb.Client.Session!.DcId);
        Assert.Equal([gleb.Client.Session.Key.Id], Sandbox.World.KeysOf(gleb.Client.Session.UserId));
    }

    [Fact]
    public async Task A_session_that_is_ended_on_the_phone_is_heard_of()
    {
        await using var anna = await OurClient.SignedInAsync(Sandbox, "anna", keyLifetime: Day);
        await anna.ReceiveAsync();

        Assert.True(Anna.Terminate(Assert.Single(Anna.Devices).Hash));

        Assert.Equal("SESSION_REVOKED", (await anna.RefusedAsync()).Name);
    }

    private Task<Mtproto.SentId> SendAsync(OurClient client, string text, long randomId)
    {
        var hash = Sandbox.World.AccessHash(Seed.Anna, PeerRef.User(Seed.Boris));
        return client.Client.SendTextAsync(new PeerKey(PeerKind.User, Seed.Boris), hash, text, randomId, null, Token);
    }

    /// <summary>The next message of somebody else.</summary>
    private static async Task<string> HeardAsync(OurClient client)
    {
        while (true)
        {
            var message = await client.NextMessageAsync();
            if (!message.Out)
                return message.MessageValue;
        }
    }

    /// <summary>What anna has said to boris from here, as boris has it.</summary>
    private List<string> Said() =>
        [.. Sandbox.World.MessagesAfter(Seed.Boris, PeerRef.User(Seed.Anna), 0, 100_000)
            .Where(message => message.FromId == Seed.Anna && (message.Text.StartsWith("From", StringComparison.Ordinal)
                || message.Text.StartsWith("Round", StringComparison.Ordinal) || message.Text == "There"))
            .Select(message => message.Text)];
}
