using Integrations.Api.ApiKeys;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.People;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.People;

/// <summary>What is a person's own: name, password, sessions, preferences. Nothing of it is for keys.</summary>
internal static class OwnAccountEndpoints
{
    private static readonly string[] Languages = ["en", "ru", "uk"];
    private static readonly string[] Themes = ["auto", "light", "dark"];

    public static void MapOwnAccount(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/me").WithTags("Own account").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapPatch("", RenameAsync).WithName("RenameMe").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Change one's own name").Refuses(ErrorCodes.ValidationFailed);
        group.MapPost("/password", ChangePasswordAsync).WithName("ChangePassword").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Change one's own password")
            .WithDescription("Takes the current one. All other sessions of the caller end.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.PasswordWrong, ErrorCodes.RateLimited, ErrorCodes.Conflict);
        group.MapGet("/sessions", ListSessionsAsync).WithName("ListMySessions").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Where the caller is signed in, the last used first");
        group.MapDelete("/sessions/{id}", EndSessionAsync).WithName("EndMySession").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("End one of the caller's sessions").WithDescription("Event streams that it opened end.");
        group.MapGet("/preferences", PreferencesAsync).WithName("GetPreferences").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("How the caller likes the console");
        group.MapPatch("/preferences", ChangePreferencesAsync).WithName("ChangePreferences").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Change how the caller likes the console").Refuses(ErrorCodes.ValidationFailed);
        routes.MapSecondFactor();
        routes.MapApiKeys();
    }

    private static async Task<Ok<PersonResponse>> RenameAsync(Body<RenameRequest> body, Caller caller, ChangeOwnAccount change, TokenUsers tokens, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        if (body.Value.DisplayName is null)
            errors.Add("display_name", "Required.");
        Texts.CheckName("display_name", body.Value.DisplayName, errors);
        errors.ThrowIfAny();
        var user = await change.RenameAsync(caller.Principal, Texts.Named(body.Value.DisplayName), cancellationToken);
        tokens.Forget(caller.Principal.Tenant, user.UserId);
        return TypedResults.Ok(PersonResponse.From(user));
    }

    private static async Task<NoContent> ChangePasswordAsync(
        Body<ChangePasswordRequest> body, Caller caller, HttpContext context, CallerAddress address, ChangeOwnAccount change, OwnPasswords own, Passwords passwords,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(request.CurrentPassword) || request.CurrentPassword.Length > Passwords.MaxLength)
            errors.Add("current_password", $"Must have 1 to {Passwords.MaxLength} characters.");
        AuthEndpoints.CheckNewPassword(request.NewPassword, errors, "new_password");
        errors.ThrowIfAny();

        var old = await own.RequireAsync(caller.Credential, request.CurrentPassword!, address.Of(context), cancellationToken);
        var replacement = await passwords.HashAsync(request.NewPassword!, cancellationToken);
        await change.ReplacePasswordAsync(caller.Principal, old, replacement, caller.Credential.SessionHash, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<OwnSessionResponse[]>> ListSessionsAsync(Caller caller, OwnSessions sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok((await sessions.ListAsync(caller.Credential, cancellationToken)).Select(OwnSessionResponse.From).ToArray());

    private static async Task<NoContent> EndSessionAsync(Guid id, Caller caller, OwnSessions sessions, CancellationToken cancellationToken)
    {
        await sessions.EndAsync(caller.Principal, id, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<PreferencesResponse>> PreferencesAsync(Caller caller, OwnPreferences preferences, CancellationToken cancellationToken) =>
        TypedResults.Ok(PreferencesResponse.From(await preferences.ReadAsync(caller.Principal, cancellationToken)));

    private static async Task<Ok<PreferencesResponse>> ChangePreferencesAsync(
        Body<PreferencesRequest> body, Caller caller, OwnPreferences preferences, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        CheckWord("language", request.Language, Languages);
        CheckWord("theme", request.Theme, Themes);
        if (request.TimeZone is { Length: > 0 } zone && !IsZone(zone))
            errors.Add("time_zone", "Must be a zone of the IANA database, for example Europe/Berlin.");
        errors.ThrowIfAny();
        return TypedResults.Ok(PreferencesResponse.From(
            await preferences.ChangeAsync(caller.Principal, new(request.Language, request.Theme, request.TimeZone), cancellationToken)));

        void CheckWord(string field, string? word, string[] known)
        {
            if (word is { Length: > 0 } && !known.Contains(word, StringComparer.Ordinal))
                errors.Add(field, $"Must be one of: {string.Join(", ", known)}.");
        }
    }

    // The framework also knows Windows' names, and reads whatever file of the system's has such a name.
    private static bool IsZone(string name) =>
        name.Length <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+')
        && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId;
}
