using System.Net.Http.Headers;
using System.Security.Claims;
using Integrations.Web.Api;
using Integrations.Web.SignIn;

namespace Integrations.Web.Layout;

/// <summary>What the palette offers besides the pages: the accounts whose dialogs the reader may read, and the dialogs last used in them.</summary>
internal static class PaletteEndpoint
{
    // More is found by the search on the dialogs' own page.
    private const int Dialogs = 100;

    public static void MapPalette(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/account/palette", ListAsync).RequireAuthorization();

    private static async Task<IResult> ListAsync(ClaimsPrincipal user, HttpContext context, IHttpClientFactory clients, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient(nameof(IntegrationsApi));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", user.FindFirstValue(SessionAuthentication.TokenClaim));
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            var inboxes = await http.GetFromJsonAsync<Inbox[]>("api/v1/telegram/inboxes", IntegrationsApi.Json, cancellationToken) ?? [];
            var dialogs = await http.GetFromJsonAsync<DialogPage>($"api/v1/telegram/dialogs?limit={Dialogs}", IntegrationsApi.Json, cancellationToken);
            return Results.Json(new[]
            {
                inboxes.Select(inbox => new Place("account", inbox.Name ?? inbox.Username ?? inbox.Phone ?? "", $"/dialogs/{inbox.Id}")),
                (dialogs?.Items ?? []).Select(dialog => new Place(
                    "dialog", dialog.Title ?? dialog.Username ?? dialog.Phone ?? "", $"/dialogs/{dialog.InboxId}/{dialog.Id}")),
            }.SelectMany(places => places).Where(place => place.Name.Length > 0));
        }
        catch (HttpRequestException)
        {
            // The pages are there without the Api; the palette says no more than it knows.
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    private sealed record Place(string Kind, string Name, string Href);
}
