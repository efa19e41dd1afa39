using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Tests.Telegram.Server;

/// <summary>A sandbox of its own for each test, and clients to it.</summary>
public abstract class ServerTest : IAsyncLifetime
{
    protected const string AnnasPhone = "9996620001";
    protected const string BorissPhone = "9996620002";
    protected const string VerasPhone = "9996620003";
    protected const string GlebsPhone = "9996610004";
    protected const string DanasPhone = "9996620005";

    private readonly List<RawClient> _clients = [];
    private SandboxTelegram? _sandbox;

    internal SandboxTelegram Sandbox => _sandbox!;

    internal TelegramPhone Anna => Sandbox.PhoneOf("anna");

    internal TelegramPhone Boris => Sandbox.PhoneOf("boris");

    public async ValueTask InitializeAsync()
    {
        var options = new SandboxTelegramOptions { Dc1Port = 0, Dc2Port = 0 };
        Configure(options);
        _sandbox = new SandboxTelegram(options, CreateClock());
        await _sandbox.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        await Sandbox.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual void Configure(SandboxTelegramOptions options)
    {
    }

    protected virtual TimeProvider CreateClock() => TimeProvider.System;

    internal async Task<RawClient> ConnectAsync(int dcId = SandboxTelegram.MainDc) => Own(await RawClient.WithKeyAsync(Sandbox, dcId));

    internal RawClient Own(RawClient client)
    {
        _clients.Add(client);
        return client;
    }

    /// <summary>A connection signed in as somebody without a second factor, at layer 228 unless another is named.</summary>
    internal async Task<RawClient> SignedInAsync(string phone, int? layer = null)
    {
        var client = await ConnectAsync(phone[5] - '0');
        client.Layer = layer ?? client.Layer;
        await client.SignInAsync(phone);
        return client;
    }

    internal static async Task<RpcFailure> RefusedAsync(string name, Task call)
    {
        var failure = await Assert.ThrowsAsync<RpcFailure>(() => call);
        Assert.Equal(name, failure.Name);
        return failure;
    }

    /// <summary>A person as a signed-in client may address it.</summary>
    internal InputPeerUser PeerOf(long viewerId, long personId) =>
        new() { UserId = personId, AccessHash = Sandbox.World.AccessHash(viewerId, PeerRef.User(personId)) };

    internal InputChannel ChannelOf(long viewerId, long channelId) =>
        new() { ChannelId = channelId, AccessHash = Sandbox.World.AccessHash(viewerId, PeerRef.Channel(channelId)) };

    internal static MessagesSendMessage Message(InputPeer peer, string text, long? randomId = null) =>
        new() { Peer = peer, Message = text, RandomId = randomId ?? Random.Shared.NextInt64(1, long.MaxValue) };
}
