using System.Net;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Sessions;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;
using Integrations.Sandbox.Tests.Telegram.Client;
using Integrations.Sandbox.Tests.Telegram.Server;

namespace Integrations.Sandbox.Tests.Telethon;

/// <summary>The sandbox as Telethon 1.25.1 sees it: layer 144, the older RSA padding, and every transport that it has.</summary>
public sealed class TelethonTests : ServerTest
{
    [Theory]
    [InlineData("full")]
    [InlineData("intermediate")]
    [InlineData("abridged")]
    [InlineData("obfuscated")]
    public async Task It_signs_in_by_code_sends_and_receives(string transport)
    {
        await using var telethon = Journey.Start(Sandbox, "code", transport, "anna");
        await telethon.HearAsync("wrong_code");
        Assert.Equal(Seed.Anna, (long)(await telethon.HearAsync("signed_in"))["id"]!);
        Assert.Equal("Telethon", Assert.Single(Anna.Devices).DeviceModel);
        await telethon.HearAsync("listening");

        await telethon.OrderAsync(new { order = "send", to = "boris", text = "Hello from Telethon" });
        await telethon.HearAsync("sent");
        var question = Assert.Single(Boris.Messages(PeerRef.User(Seed.Anna)));
        Assert.Equal("Hello from Telethon", question.Text);

        Boris.Send(PeerRef.User(Seed.Anna), "Hello from Boris", question.Id);
        var received = await telethon.HearAsync("received");
        Assert.Equal(("Hello from Boris", Seed.Boris), ((string?)received["text"], (long)received["sender"]!));
        Assert.NotNull(received["reply_to"]);
        Boris.Send(PeerRef.User(Seed.Anna), "And again, in short");
        Assert.Equal("And again, in short", (string?)(await telethon.HearAsync("received"))["text"]);

        await telethon.OrderAsync(new { order = "log_out" });
        await telethon.HearAsync("logged_out");
        await telethon.EndAsync();
        Assert.Empty(Anna.Devices);
        Assert.Empty(Sandbox.Faults.Violations);
    }

    [Fact]
    public async Task Its_string_session_is_read_and_one_that_we_write_is_its_own()
    {
        string text;
        await using (var telethon = Journey.Start(Sandbox, "code", "full", "anna"))
        {
            await telethon.HearAsync("listening");
            await telethon.OrderAsync(new { order = "session" });
            text = (string)(await telethon.HearAsync("session"))["text"]!;
            await telethon.OrderAsync(new { order = "stop" });
            await telethon.EndAsync();
        }

        Assert.True(TelethonSession.TryParse(text, out var session));
        Assert.Equal((SandboxTelegram.MainDc, Sandbox.Dcs.Single(dc => dc.Id == SandboxTelegram.MainDc).Port), (session.DcId, session.Address.Port));
        Assert.Equal(text, session.Export());

        await using var again = Journey.Start(Sandbox, "none", "full", session: (session with { Address = new IPEndPoint(IPAddress.Parse("127.0.0.1"), session.Address.Port) }).Export());
        Assert.Equal(Seed.Anna, (long)(await again.HearAsync("signed_in"))["id"]!);
        Assert.Single(Anna.Devices);
    }

    [Fact]
    public async Task It_signs_in_with_a_second_factor()
    {
        await using var telethon = Journey.Start(Sandbox, "code", "full", "vera");
        await telethon.HearAsync("password_needed");
        await telethon.HearAsync("wrong_password");

        Assert.Equal(Seed.Vera, (long)(await telethon.HearAsync("signed_in"))["id"]!);
    }

    [Theory]
    [InlineData("anna", 2)]
    [InlineData("gleb", 1)]
    public async Task It_signs_in_by_qr_also_at_another_data_centre(string username, int dcId)
    {
        await using var telethon = Journey.Start(Sandbox, "qr", "intermediate");
        Sandbox.PhoneOf(username).Scan((string)(await telethon.HearAsync("qr"))["url"]!);

        var signedIn = await telethon.HearAsync("signed_in");
        Assert.Equal((Sandbox.PhoneOf(username).Owner.Id, dcId), ((long)signedIn["id"]!, (int)signedIn["dc"]!));
    }

    [Fact]
    public async Task It_signs_in_by_qr_with_a_second_factor()
    {
        await using var telethon = Journey.Start(Sandbox, "qr", "full", "vera");
        Sandbox.PhoneOf("vera").Scan((string)(await telethon.HearAsync("qr"))["url"]!);
        await telethon.HearAsync("password_needed");

        Assert.Equal(Seed.Vera, (long)(await telethon.HearAsync("signed_in"))["id"]!);
    }

    [Fact]
    public async Task It_reads_groups_channels_and_histories()
    {
        await using var telethon = await SignedInAsync("boris", BorissPhone);
        Anna.Send(PeerRef.Group(Seed.Office), "In the office");
        Assert.Equal("In the office", (string?)(await telethon.HearAsync("received"))["text"]);
        Anna.Send(PeerRef.Channel(Seed.Town), "In the town");
        Assert.Equal("In the town", (string?)(await telethon.HearAsync("received"))["text"]);
        Anna.Send(PeerRef.Channel(Seed.News), "In the news");
        Assert.Equal("In the news", (string?)(await telethon.HearAsync("received"))["text"]);

        await telethon.OrderAsync(new { order = "dialogs" });
        var names = (await telethon.HearAsync("dialogs"))["names"]!.AsArray().Select(name => (string?)name);
        Assert.Superset(new HashSet<string?> { "Office", "Town square", "Town news" }, names.ToHashSet());
        await telethon.OrderAsync(new { order = "history", of = "town_square", limit = 2 });
        Assert.Equal("In the town", (string?)(await telethon.HearAsync("history"))["texts"]![0]);
        await telethon.OrderAsync(new { order = "send", to = "town_square", text = "To the town" });
        await telethon.HearAsync("sent");
        Assert.Equal("To the town", Anna.Messages(PeerRef.Channel(Seed.Town))[^1].Text);
        await telethon.OrderAsync(new { order = "people", name = "+" + AnnasPhone });
        Assert.Equal("Anna", (string?)(await telethon.HearAsync("person"))["name"]);
    }

    [Fact]
    public async Task A_message_of_a_client_at_layer_228_reaches_it_and_its_answer_comes_back()
    {
        var ours = await base.SignedInAsync(AnnasPhone);
        await ours.InvokeAsync(new UpdatesGetState());
        await using var telethon = await SignedInAsync("boris", BorissPhone);

        await ours.InvokeAsync(Message(PeerOf(Seed.Anna, Seed.Boris), "From layer 228"));
        Assert.Equal("From layer 228", (string?)(await telethon.HearAsync("received"))["text"]);
        await telethon.OrderAsync(new { order = "send", to = "+" + AnnasPhone, text = "From layer 144" });
        await telethon.HearAsync("sent");

        var update = Assert.IsType<UpdateNewMessage>(Assert.Single((await ours.NextAsync<Updates>()).UpdatesValue));
        Assert.Equal("From layer 144", ((Message)update.Message).MessageValue);
    }

    [Theory]
    [InlineData("boris")]
    [InlineData("vera")]
    public async Task Our_client_and_it_write_to_each_other(string username)
    {
        var person = Sandbox.PhoneOf(username).Owner;
        await using var ours = await OurClient.SignedInAsync(Sandbox, "anna");
        await ours.ReceiveAsync();
        await using var telethon = Journey.Start(Sandbox, "code", "full", username);
        Assert.Equal(person.Id, (long)(await telethon.HearAsync("signed_in"))["id"]!);
        await telethon.HearAsync("listening");

        var cancellation = TestContext.Current.CancellationToken;
        var peer = (await ours.Client.ResolveUsernameAsync(username, cancellation)).Users.OfType<User>().Single();
        var key = new Integrations.Mtproto.GapRecovery.PeerKey(Integrations.Mtproto.GapRecovery.PeerKind.User, peer.Id);
        await ours.Client.SendTextAsync(key, peer.AccessHash, "From our client", 11, null, cancellation);
        Assert.Equal("From our client", (string?)(await telethon.HearAsync("received"))["text"]);
        await telethon.OrderAsync(new { order = "send", to = "+" + AnnasPhone, text = "From Telethon" });
        await telethon.HearAsync("sent");

        Message answer;
        do
            answer = await ours.NextMessageAsync();
        while (answer.Out);
        Assert.Equal("From Telethon", answer.MessageValue);
        Assert.Empty(Sandbox.Faults.Violations);
    }

    [Fact]
    public async Task It_recovers_from_a_bad_salt_a_reset_and_a_forgotten_session()
    {
        await using var telethon = await SignedInAsync("boris", BorissPhone);
        foreach (var kind in new[] { FaultKind.BadSalt, FaultKind.RotateSalts, FaultKind.ForgetSessions })
        {
            Sandbox.Faults.Add(new Fault { Kind = kind });
            await telethon.OrderAsync(new { order = "send", to = "+" + AnnasPhone, text = $"After {kind}" });
            await telethon.HearAsync("sent");
            Assert.Equal($"After {kind}", Anna.Messages(PeerRef.User(Seed.Boris))[^1].Text);
        }
        Assert.Empty(Sandbox.Faults.Violations);
    }

    private async Task<Journey> SignedInAsync(string username, string phone)
    {
        var telethon = Journey.Start(Sandbox, "code", "full", username);
        Assert.Equal(phone, (string?)(await telethon.HearAsync("signed_in"))["phone"]);
        await telethon.HearAsync("listening");
        return telethon;
    }
}
