using System.Security.Cryptography;
using Integrations.Mtproto;
using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Sessions;
using Integrations.Sandbox.Telegram;
using Integrations.Sandbox.Telegram.Phone;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Bench.Mtproto;

/// <summary>The other side, in a process of its own: a sandbox whose people are logged in already and have talked.</summary>
internal static class MeasuredSandbox
{
    private const int ApiId = 4242;

    public static async Task<int> RunAsync(int accounts, int dialogs, string file, CancellationToken ct)
    {
        await using var sandbox = new SandboxTelegram(new SandboxTelegramOptions { Dc1Port = 0, Dc2Port = 0, ExtraPeople = accounts });
        await sandbox.StartAsync(ct);
        var dc = sandbox.Dcs.Single(dc => dc.Id == SandboxTelegram.MainDc);
        PersonCard[] people = [.. sandbox.People.Where(person => person.DcId == dc.Id).TakeLast(accounts)];

        // Everybody talks to the next ones in the circle, and so has as many dialogs behind as ahead.
        for (var i = 0; i < people.Length; i++)
        {
            var phone = sandbox.FindPhone(people[i].Id)!;
            for (var step = 1; step <= dialogs / 2; step++)
                phone.Send(PeerRef.User(people[(i + step) % people.Length].Id), $"Good day, this is number {step} of my letters.");
        }

        var stored = people.Select(person => SignIn(sandbox, person, dc)).ToList();
        for (var i = 0; i < people.Length; i++)
            sandbox.FindPhone(people[i].Id)!.Send(PeerRef.User(people[(i + 1) % people.Length].Id), "And this one comes while nobody is connected.");

        new MeasuredWorld(dc.Port, sandbox.PublicKeyPem, stored).Write(file);
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync(ct);
        return 0;
    }

    private static StoredAccount SignIn(SandboxTelegram sandbox, PersonCard person, DcAddress dc)
    {
        var world = sandbox.World;
        var key = new AuthKey(RandomNumberGenerator.GetBytes(AuthKey.Size));
        world.AddKey(key.Id, key.Bytes.ToArray(), dc.Id, RandomNumberGenerator.GetInt32(int.MaxValue));
        var code = world.SendCode(person.Phone, ApiId, dc.Id);
        world.SignIn(key.Id, dc.Id, person.Phone, code.Hash, code.Code, new DeviceInfo { ApiId = ApiId, DeviceModel = "Bench", Layer = 228 });
        var position = world.Position(person.Id);
        var salt = world.Salts(key.Id, TimeProvider.System.GetUtcNow(), 1)[0].Salt;
        var session = new TelegramSession(dc.Id, key, salt, person.Id);
        var telethon = new TelethonSession(dc.Id, System.Net.IPEndPoint.Parse($"{dc.Host}:{dc.Port}"), key);
        return new StoredAccount(person.Id, Convert.ToBase64String(session.ToBytes()), telethon.Export(), position.Pts, position.Date);
    }
}
