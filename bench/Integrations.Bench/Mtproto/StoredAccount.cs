using System.Text.Json;
using System.Text.Json.Serialization;

namespace Integrations.Bench.Mtproto;

/// <summary>A logged-in account as one of the measured clients takes it up.</summary>
/// <param name="UserId">Whose session it is.</param>
/// <param name="Session">Our stored form, base64.</param>
/// <param name="Telethon">The same session as Telethon's string.</param>
/// <param name="Pts">Where its updates stood before the last message came.</param>
/// <param name="Date">The server's time of that.</param>
internal sealed record StoredAccount(long UserId, string Session, string Telethon, int Pts, int Date);

/// <summary>What a measured client is told: where the sandbox is, and who it is.</summary>
internal sealed record MeasuredWorld(int Port, string PublicKey, IReadOnlyList<StoredAccount> Accounts)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict };

    public static MeasuredWorld Read(string path) => JsonSerializer.Deserialize<MeasuredWorld>(File.ReadAllText(path), Options)!;

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Options));
}
