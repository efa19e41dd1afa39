using System.Net;
using System.Text.Json;
using Integrations.Bench.Product;

namespace Integrations.Bench.Journey;

/// <summary>
/// Measures one account's way, unloaded: scan to active, code to active, accepted to the recipient's phone, written to the event stream.
/// </summary>
internal sealed class JourneyScenario(TimeProvider time, int rounds, string? file)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        await using var product = await ProductProcess.StartNewAsync(ct);
        var (office, _) = await Office.OpenAsync(product.Addresses, ct);
        using var phone = new PhoneClient(product.Addresses.Sandbox, product.Addresses.SandboxToken);
        var people = await phone.PeopleAsync(ct);
        await using var events = await EventStream.OpenAsync(office.Api, time, ct);

        var (qr, code, send, receive) = (new Percentiles(), new Percentiles(), new Percentiles(), new Percentiles());
        await MeasureQrAsync(office, phone, events, people["anna"], qr, ct);
        await MeasureCodeAsync(office, phone, events, people["gleb"], code, ct);
        await MeasureMessagesAsync(office, phone, events, people["anna"], people["boris"], send, receive, ct);

        var result = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["rounds"] = rounds,
            ["qr_to_active_ms"] = new { p50 = qr.At(50), p99 = qr.At(99), max = qr.At(100) },
            ["code_to_active_ms"] = new { p50 = code.At(50), p99 = code.At(99), max = code.At(100) },
            ["send_p50_ms"] = send.At(50),
            ["send_p99_ms"] = send.At(99),
            ["receive_p50_ms"] = receive.At(50),
            ["receive_p99_ms"] = receive.At(99),
        };
        var json = JsonSerializer.Serialize(result, Json.Indented);
        Console.WriteLine(json);
        if (file is not null)
            await File.WriteAllTextAsync(file, json + "\n", ct);
        return 0;
    }

    private async Task MeasureQrAsync(Office office, PhoneClient phone, EventStream events, Person person, Percentiles samples, CancellationToken ct)
    {
        string? account = null;
        for (var round = 0; round < rounds; round++)
        {
            (account, var url) = await office.StartQrAsync(ct, account);
            var started = time.GetTimestamp();
            await phone.ScanAsync(person, url, ct);
            samples.Add(time.GetElapsedTime(started, await ActiveAsync(events, account, started, ct)));
            await DisconnectAsync(office, account, ct);
        }
    }

    private async Task MeasureCodeAsync(Office office, PhoneClient phone, EventStream events, Person person, Percentiles samples, CancellationToken ct)
    {
        var number = person.Phone.StartsWith('+') ? person.Phone : "+" + person.Phone;
        for (var round = 0; round < rounds; round++)
        {
            var before = await phone.NewestCodeSentAtAsync(person, ct);
            var session = (await office.Api.PostAsync("api/v1/telegram/connect", new { phone = number }, ct)).Expect(HttpStatusCode.OK).Body.Text("session_id");
            await Office.UntilAsync("the code", async () => await phone.NewestCodeSentAtAsync(person, ct) != before, Limit, ct);
            var code = await phone.NewestCodeAsync(person, ct);
            var started = time.GetTimestamp();
            (await office.Api.PostAsync("api/v1/telegram/connect", new { phone = number, code }, ct)).Expect(HttpStatusCode.OK);
            samples.Add(time.GetElapsedTime(started, await ActiveAsync(events, session, started, ct)));
            await DisconnectAsync(office, session, ct);
        }
    }

    private async Task MeasureMessagesAsync(
        Office office, PhoneClient phone, EventStream events, Person from, Person to, Percentiles send, Percentiles receive, CancellationToken ct)
    {
        var (account, url) = await office.StartQrAsync(ct);
        var scanned = time.GetTimestamp();
        await phone.ScanAsync(from, url, ct);
        await ActiveAsync(events, account, scanned, ct);
        for (var round = 0; round < rounds; round++)
        {
            var there = $"there {round} {Guid.CreateVersion7()}";
            await office.SendAsync(account, to, there, there, ct);
            var accepted = time.GetTimestamp();
            await Office.UntilAsync("the message is on the recipient's phone", async () => await phone.CountAsync(to, from, there, ct) == 1, Limit, ct);
            send.Add(time.GetElapsedTime(accepted));

            var back = $"back {round} {Guid.CreateVersion7()}";
            var written = time.GetTimestamp();
            await phone.WriteAsync(to, from, back, ct);
            var arrived = await events.WaitAsync("the answer", e => e.Type == "message.created" && e.Data.OptionalText("text") == back, Limit, ct);
            receive.Add(time.GetElapsedTime(written, arrived.ArrivedAt));
        }
    }

    /// <summary>When the event came; one that came before the scan belongs to the round before.</summary>
    private static async Task<long> ActiveAsync(EventStream events, string account, long since, CancellationToken ct) =>
        (await events.WaitAsync("active", e => e.ArrivedAt >= since && e.Type == "account.updated" && e.Data.OptionalText("id") == account && e.Data.OptionalText("status") == "active", Limit, ct)).ArrivedAt;

    private static async Task DisconnectAsync(Office office, string account, CancellationToken ct)
    {
        await office.Api.DeleteAsync($"api/v1/telegram/accounts/{account}", ct);
        await Office.UntilAsync("disconnected", async () => (await office.AccountAsync(account, ct)).Body.OptionalText("status") == "disconnected", Limit, ct);
    }
}
