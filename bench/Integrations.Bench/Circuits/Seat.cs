using System.Net;
using System.Text.Json.Nodes;
using Integrations.Bench.Product;

namespace Integrations.Bench.Circuits;

/// <summary>One person at work: an account of his own with one dialog, in which somebody writes to him.</summary>
internal sealed record Seat(ApiClient Api, Person Person, string Path, string Greeting)
{
    /// <summary>Connects a person's account and has a first message come into it.</summary>
    public static async Task<Seat> TakeAsync(ProductAddresses product, Guid tenant, int user, Person person, PhoneClient phone, Person writer, TimeProvider time, CancellationToken ct)
    {
        // Who connects accounts is an administrator; who sits at the console afterwards need not be.
        using var admin = new ApiClient(product.Api, ApiClient.Jwt(product.JwtSecret, tenant, user, "admin", time));
        var office = new Office(admin);
        var (login, url) = await FirstQrAsync(office, ct);
        await phone.ScanAsync(person, url, ct);
        await office.UntilLoginAsync(login, "completed", TimeSpan.FromSeconds(60), ct);

        var greeting = $"greeting {Guid.CreateVersion7(time.GetUtcNow())}";
        await phone.WriteAsync(writer, person, greeting, ct);
        var api = new ApiClient(product.Api, ApiClient.Jwt(product.JwtSecret, tenant, user, "operator", time));
        string? path = null;
        await Office.UntilAsync(
            "the dialog",
            async () =>
            {
                var page = (await api.GetAsync($"api/v1/telegram/messages?account_id={login}&limit=20", ct)).Expect(HttpStatusCode.OK);
                var items = page.Body as JsonArray ?? page.Body!["items"]!.AsArray();
                path = items.Where(item => item.OptionalText("text") == greeting).Select(item => $"dialogs/{login}/{item.Text("dialog_id")}").FirstOrDefault();
                return path is not null;
            },
            TimeSpan.FromSeconds(60),
            ct);
        return new Seat(api, person, path!, greeting);
    }

    // The first of all compiles its way through the Api, which on a busy machine takes longer than the database lets a transaction idle.
    private static async Task<(string LoginId, string QrUrl)> FirstQrAsync(Office office, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await office.StartQrAsync(ct);
            }
            catch (ScenarioException) when (attempt < 3)
            {
                // Once more, warm now.
            }
        }
    }
}
