using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Integrations.Sandbox.Google.Calendar;
using Integrations.Sandbox.Google.Faults;
using Integrations.Sandbox.Telegram.Phone;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Sandbox.Google;

/// <summary>The knobs over HTTP, below <c>/sandbox/google</c>, behind the sandbox's token.</summary>
internal static class GoogleControl
{
    public static IServiceCollection AddGoogleControl(this IServiceCollection services) => services.ConfigureHttpJsonOptions(options =>
    {
        options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
    });

    public static IEndpointRouteBuilder MapGoogleControl(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/sandbox/google").AddEndpointFilter(RefuseAsync);
        all.MapGet("/accounts", (SandboxGoogle google) => google.Accounts);
        all.MapPost("/accounts", (NewAccount account, SandboxGoogle google) => google.AddAccount(account.Email, account.Name, account.TimeZone));
        all.MapGet("/clients", (SandboxGoogle google) => google.Clients);
        all.MapPost("/clients", (GoogleClient client, SandboxGoogle google) => google.AddClient(client));
        all.MapPost("/calendars", (NewCalendar calendar, SandboxGoogle google) => new CalendarId(google.AddCalendar(calendar.Owner, calendar.Summary, calendar.TimeZone)));
        all.MapPut("/shares", Share);
        all.MapPost("/access-tokens", (NewToken token, SandboxGoogle google) => new AccessToken(google.IssueAccessToken(token.Email, token.ClientId, token.Scopes)));
        all.MapDelete("/access-tokens", ExpireAccessTokens);
        all.MapDelete("/grants", RevokeGrant);
        all.MapDelete("/sync-tokens", InvalidateSyncTokens);
        all.MapGet("/settings", (SandboxGoogle google) => google.Settings);
        all.MapPatch("/settings", Change);
        all.MapGet("/calls", (SandboxGoogle google) => google.Calls);
        all.MapGet("/faults", (SandboxGoogle google) => google.Faults.Active);
        all.MapPost("/faults", (GoogleFault fault, SandboxGoogle google) => google.Faults.Add(fault));
        all.MapDelete("/faults", ClearFaults);
        return routes;
    }

    private static NoContent Share(NewShare share, SandboxGoogle google)
    {
        google.Share(share.CalendarId, share.Email, share.Role);
        return TypedResults.NoContent();
    }

    private static NoContent ExpireAccessTokens(SandboxGoogle google)
    {
        google.ExpireAccessTokens();
        return TypedResults.NoContent();
    }

    private static Results<NoContent, NotFound> RevokeGrant(string email, string clientId, SandboxGoogle google) =>
        google.RevokeGrant(email, clientId) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static NoContent InvalidateSyncTokens(string calendarId, SandboxGoogle google)
    {
        google.InvalidateSyncTokens(calendarId);
        return TypedResults.NoContent();
    }

    /// <summary>What is sent is changed, the rest stays.</summary>
    private static GoogleSettings Change(SettingsChange change, SandboxGoogle google)
    {
        var settings = google.Settings;
        settings.Rotation = change.Rotation ?? settings.Rotation;
        settings.QuotaStatus = change.QuotaStatus ?? settings.QuotaStatus;
        settings.UserRequestsPerMinute = change.UserRequestsPerMinute ?? settings.UserRequestsPerMinute;
        settings.ProjectRequestsPerMinute = change.ProjectRequestsPerMinute ?? settings.ProjectRequestsPerMinute;
        settings.AccessTokenLifetime = change.AccessTokenLifetime ?? settings.AccessTokenLifetime;
        settings.SyncTokenLifetime = change.SyncTokenLifetime ?? settings.SyncTokenLifetime;
        settings.ChannelLifetime = change.ChannelLifetime ?? settings.ChannelLifetime;
        return settings;
    }

    private static NoContent ClearFaults(SandboxGoogle google)
    {
        google.Faults.Clear();
        return TypedResults.NoContent();
    }

    private static async ValueTask<object?> RefuseAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Exception e) when (e is ArgumentException or ValidationException or GoogleRefusal)
        {
            return PhoneProblem.Create(StatusCodes.Status400BadRequest, "SANDBOX_GOOGLE", e.Message);
        }
    }

    private sealed record NewAccount(string Email, string Name, string TimeZone = "UTC");

    private sealed record NewCalendar(string Owner, string Summary, string TimeZone = "UTC");

    private sealed record CalendarId(string Id);

    private sealed record NewShare(string CalendarId, string Email, CalendarRole? Role);

    private sealed record NewToken(string Email, string ClientId, IReadOnlyList<string> Scopes);

    private sealed record AccessToken(string Token);

    private sealed record SettingsChange(
        RefreshTokenRotation? Rotation, int? QuotaStatus, int? UserRequestsPerMinute, int? ProjectRequestsPerMinute, TimeSpan? AccessTokenLifetime,
        TimeSpan? SyncTokenLifetime, TimeSpan? ChannelLifetime);
}
