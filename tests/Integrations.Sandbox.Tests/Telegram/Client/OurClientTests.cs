using Integrations.Mtproto;
using Integrations.Mtproto.GapRecovery;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Server;
using PeerKind = Integrations.Mtproto.GapRecovery.PeerKind;

namespace Integrations.Sandbox.Tests.Telegram.Client;

/// <summary>The client library against the sandbox, over TCP: what neither shows alone.</summary>
public sealed class OurClientTests : ServerTest
{
    private const int Rounds = 15;

    [Fact]
    public async Task A_session_that_is_ended_on_the_phone_is_heard_of_by_an_idle_client()
    {
        for (var round = 0; round < Rounds; round++)
        {
            await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
            await ours.ReceiveAsync();

            Assert.True(Anna.Terminate(Assert.Single(Anna.Devices).Hash));

            Assert.Equal("SESSION_REVOKED", (await ours.RefusedAsync()).Name);
        }
    }

    [Fact]
    public async Task A_session_that_is_ended_while_its_client_connects_is_heard_of_too()
    {
        for (var round = 0; round < Rounds; round++)
        {
            byte[] session;
            UpdateState state;
            await using (var first = await OurClient.SignedInAsync(Sandbox, "anna"))
                (session, state) = (first.Stored!, await first.Client.GetStateAsync(TestContext.Current.CancellationToken));
            var device = Assert.Single(Anna.Devices).Hash;

            await using var ours = await OurClient.ConnectAsync(Sandbox, session);
            ours.Begin(state);
            // Somewhere between the connection, the first call and the updates that follow it.
            await Task.Run(() => Anna.Terminate(device), TestContext.Current.CancellationToken);

            Assert.Equal("SESSION_REVOKED", (await ours.RefusedAsync()).Name);
        }
    }

    [Fact]
    public async Task A_session_that_ends_unseen_is_heard_of_when_the_connection_is_lost()
    {
        for (var round = 0; round < Rounds; round++)
        {
            await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
            await ours.ReceiveAsync();

            Sandbox.Faults.Add(new Fault { Kind = FaultKind.SignOut, Person = Seed.Anna });
            Sandbox.Faults.Add(new Fault { Kind = FaultKind.ResetConnection });

            Assert.Equal("AUTH_KEY_UNREGISTERED", (await ours.RefusedAsync()).Name);
        }
    }

    [Fact]
    public async Task The_data_centres_are_found_where_the_servers_say_that_they_are()
    {
        // Nobody listens where the client believes data centre 1 to be; gleb lives there.
        var servers = OurClient.ServersOf(Sandbox);
        servers = servers with { Dcs = [.. servers.Dcs.Select(dc => dc.Id == 1 ? dc with { Port = 1 } : dc)] };
        await using var ours = await OurClient.ConnectAsync(Sandbox, servers: servers);
        var gleb = Sandbox.PhoneOf("gleb").Owner;
        var cancellation = TestContext.Current.CancellationToken;
        // A question, so that the list has been asked for before the move.
        await ours.Client.ExportLoginTokenAsync([], cancellation);

        var code = await UntilItMovesAsync(() => ours.Client.SendCodeAsync(gleb.Phone, cancellation));

        Assert.IsType<LoginStep.Done>(await ours.Client.SignInAsync(gleb.Phone, code.PhoneCodeHash, gleb.Code, cancellation));
        Assert.Equal(1, ours.Client.Session!.DcId);
    }

    [Fact]
    public async Task Salts_are_stored_so_that_the_next_start_needs_no_new_ones()
    {
        await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
        await ours.ReceiveAsync();
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.RotateSalts });
        await ours.Client.GetSelfAsync(TestContext.Current.CancellationToken);

        var right = Sandbox.World.Salts(ours.Client.Session!.Key.Id, TimeProvider.System.GetUtcNow(), 2).Select(salt => salt.Salt).ToArray();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!TelegramSession.FromBytes(ours.Stored!).Salts.Any(salt => right.Contains(salt.Value)))
            await timer.WaitForNextTickAsync(limit.Token);
    }

    [Fact]
    public async Task What_is_sent_over_trouble_inside_Telegram_arrives_once()
    {
        await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
        var cancellation = TestContext.Current.CancellationToken;
        var boris = (await ours.Client.ResolveUsernameAsync("boris", cancellation)).Users.OfType<Integrations.Mtproto.Schema.User>().Single();
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.RpcError, Method = "messages.sendMessage", Code = 500, Error = "INTERNAL", Times = 2 });

        await ours.Client.SendTextAsync(new PeerKey(PeerKind.User, boris.Id), boris.AccessHash, "Through trouble", 7, null, cancellation);

        Assert.Single(Boris.Messages(PeerRef.User(Seed.Anna)), message => message.Text == "Through trouble");
    }

    [Fact]
    public async Task What_a_difference_is_too_long_to_tell_is_fetched_from_the_histories()
    {
        byte[] session;
        UpdateState state;
        await using (var first = await OurClient.SignedInAsync(Sandbox, "anna"))
        {
            await first.ReceiveAsync();
            (session, state) = (first.Stored!, await first.Client.GetStateAsync(TestContext.Current.CancellationToken));
        }

        // More than one page of one dialog, and something in others.
        string[] fromBoris = [.. Enumerable.Range(0, 120).Select(i => $"Missed {i}")];
        foreach (var text in fromBoris)
            Boris.Send(PeerRef.User(Seed.Anna), text);
        Boris.Send(PeerRef.Group(Seed.Office), "Missed in the office");
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.DifferenceTooLong, Person = Seed.Anna });

        await using var ours = await OurClient.ConnectAsync(Sandbox, session);
        await ours.ReceiveAsync(state);

        var seen = new List<string>();
        while (seen.Count < fromBoris.Length + 1)
        {
            // A little of what was had before comes once more, and the receiver knows it.
            if ((await ours.NextMessageAsync()).MessageValue is var text && text.StartsWith("Missed", StringComparison.Ordinal))
                seen.Add(text);
        }

        Assert.Equal(fromBoris, seen.Where(text => text != "Missed in the office"));
        Assert.Contains("Missed in the office", seen);
        Boris.Send(PeerRef.User(Seed.Anna), "And now");
        Assert.Equal("And now", (await ours.NextMessageAsync()).MessageValue);
    }

    [Fact]
    public async Task What_was_said_in_a_supergroup_while_the_client_was_away_is_caught_up_with()
    {
        byte[] session;
        UpdateState state;
        await using (var first = await OurClient.SignedInAsync(Sandbox, "anna"))
        {
            await first.ReceiveAsync();
            Boris.Send(PeerRef.Channel(Seed.Town), "Seen");
            Assert.Equal("Seen", (await first.NextMessageAsync()).MessageValue);
            (session, state) = (first.Stored!, first.State!);
        }

        Boris.Send(PeerRef.Channel(Seed.Town), "Meanwhile");

        await using var ours = await OurClient.ConnectAsync(Sandbox, session);
        await ours.ReceiveAsync(state);

        Assert.Equal("Meanwhile", (await ours.NextMessageAsync()).MessageValue);
    }

    [Fact]
    public async Task What_a_channels_difference_is_too_long_to_tell_is_fetched_from_its_history()
    {
        byte[] session;
        UpdateState state;
        await using (var first = await OurClient.SignedInAsync(Sandbox, "anna"))
        {
            await first.ReceiveAsync();
            Boris.Send(PeerRef.Channel(Seed.Town), "Seen");
            Assert.Equal("Seen", (await first.NextMessageAsync()).MessageValue);
            // A message said while the channels' positions were being learnt is told before them.
            state = await first.StateAsync(known => known.Channels.ContainsKey(Seed.Town));
            session = first.Stored!;
        }

        string[] missed = [.. Enumerable.Range(0, 150).Select(i => $"Missed {i}")];
        foreach (var text in missed)
            Boris.Send(PeerRef.Channel(Seed.Town), text);
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.ChannelTooLong, Person = Seed.Anna, Times = 0 });

        await using var ours = await OurClient.ConnectAsync(Sandbox, session);
        ours.Begin(state);

        var seen = new HashSet<string>();
        while (seen.Count < missed.Length || !seen.IsSupersetOf(missed))
            seen.Add((await ours.NextMessageAsync()).MessageValue);
    }

    private static async Task<T> UntilItMovesAsync<T>(Func<Task<T>> call)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException && !limit.IsCancellationRequested)
            {
                // The answer with the addresses was not read yet.
            }
        }
    }
}
