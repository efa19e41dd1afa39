using System.Buffers.Binary;
using Integrations.Mtproto.Crypto;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.World;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.Telegram.World;

/// <summary>A world under a clock that stands still, with numbers that count up for chance.</summary>
internal sealed class AWorld : IDisposable
{
    public const int ApiId = 12345;

    public static readonly DeviceInfo Laptop = new() { ApiId = ApiId, DeviceModel = "Laptop", Layer = 228 };

    private long _lastKey = 500;

    public AWorld(Action<SandboxTelegramOptions>? configure = null, TestClock? clock = null)
    {
        Clock = clock ?? new TestClock();
        configure?.Invoke(Options);
        World = new TelegramWorld(Options, Clock, new CountingRandom());
        World.Subscribe(Notices.Add);
    }

    public TestClock Clock { get; }

    public SandboxTelegramOptions Options { get; } = new();

    public TelegramWorld World { get; }

    public List<WorldNotice> Notices { get; } = [];

    public static string PhoneOf(TelegramWorld world, long personId) => world.FindPerson(personId)!.Phone;

    /// <summary>A key made at a data centre, as after a handshake.</summary>
    public long NewKey(int dcId = 2)
    {
        World.AddKey(++_lastKey, new byte[256], dcId, firstSalt: 77);
        return _lastKey;
    }

    /// <summary>A key signed in as a person without a second factor.</summary>
    public long SignIn(long personId)
    {
        var person = World.FindPerson(personId)!;
        var key = NewKey(person.DcId);
        var code = World.SendCode(person.Phone, ApiId, person.DcId);
        World.SignIn(key, person.DcId, person.Phone, code.Hash, code.Code, Laptop);
        return key;
    }

    public SentMessage Say(long from, PeerRef to, string text, long? randomId = null) =>
        World.Send(from, new Draft { Peer = to, Text = text, RandomId = randomId }, null);

    public static TelegramRefusal Refused(string name, Action act)
    {
        var refusal = Assert.Throws<TelegramRefusal>(act);
        Assert.Equal(name, refusal.Name);
        return refusal;
    }

    public void Dispose() => World.Dispose();
}

/// <summary>Chance that counts up.</summary>
internal sealed class CountingRandom : IRandomSource
{
    private long _drawn;

    public void Fill(Span<byte> destination)
    {
        destination.Clear();
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, ++_drawn);
        number[..Math.Min(8, destination.Length)].CopyTo(destination);
        if (destination.Length >= 16)
            number.CopyTo(destination[^8..]);
    }
}
