using System.Globalization;
using Integrations.Api.Authentication;
using Integrations.Api.Http;
using Integrations.Api.RateLimits;
using Integrations.Core.Errors;
using Integrations.Core.Privacy;
using Integrations.Core.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Api.Privacy;

/// <summary>What people may ask about their data: to agree first, to get it, to have it erased, and to have that in writing.</summary>
internal static class PrivacyEndpoints
{
    /// <summary>A receipt has some fifty numbers and three sentences.</summary>
    private const int MaxReceipt = 20_000;

    private static readonly WordParameter Language = new("language", "The language of the text.", Consents.Languages[0], [.. Consents.Languages]);

    public static RouteGroupBuilder MapPrivacy(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/privacy").WithTags("Privacy").WithMetadata(new ShapedMetadata()).LimitedAs(RouteClass.Status);
        group.MapGet("/consent", ReadConsentAsync).WithName("GetConsent").RequireAuthorization(Policies.Read)
            .WithSummary("What there is to agree to, and whether the caller has")
            .WithQuery(Language);
        group.MapPost("/consent", GiveConsentAsync).WithName("GiveConsent").RequireAuthorization(Policies.Connect)
            .WithSummary("Agree to how connected accounts are processed")
            .WithDescription("Needed once before the first login, and again when the text changes. A login that begins can say the same with its field consent.")
            .Refuses(ErrorCodes.ValidationFailed);
        group.MapDelete("/consent", WithdrawConsentAsync).WithName("WithdrawConsent").RequireAuthorization(Policies.Connect)
            .WithSummary("Take the consent back")
            .WithDescription("No login begins any more. What is connected stays connected until it is disconnected, and what is kept stays until it is erased: nothing ends unseen.");

        group.MapPost("/exports/me", ExportOwnAsync).WithName("ExportOwnData").RequireAuthorization(Policies.OwnAccount)
            .WithSummary("Everything that is kept about the caller")
            .WithDescription(
                "A ZIP of JSON files, one for each kind of data, sent while it is read and kept nowhere. manifest.json comes last and tells rows, bytes and SHA-256 of each file: "
                + "an archive without it was cut off. One export of a caller runs at a time.")
            .Produces<string>(StatusCodes.Status200OK, "application/zip")
            .Refuses(ErrorCodes.Conflict, ErrorCodes.ServiceUnavailable);
        group.MapPost("/exports", ExportAsync).WithName("ExportData").RequireAuthorization(Policies.ManagePrivacy)
            .WithSummary("Everything that is kept about a user, a person outside or the tenant")
            .WithDescription("For owners. As the export of one's own data; it stands in the log and in the audit.")
            .Produces<string>(StatusCodes.Status200OK, "application/zip")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.Conflict, ErrorCodes.ServiceUnavailable);

        group.MapPost("/erasures", EraseAsync).WithName("RequestErasure").RequireAuthorization(Policies.ManagePrivacy)
            .WithSummary("Erase a user, a person outside or the tenant for good")
            .WithDescription(
                "For owners. The subject cannot sign in from now on; sessions at Telegram are ended, rows taken out, and of a tenant the wrapping key is destroyed, in the background and "
                + "whatever is restarted meanwhile. The end is a signed receipt. Keep the token: it is the only way to the receipt once the tenant is gone.")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.NotFound, ErrorCodes.LastOwner, ErrorCodes.Conflict, ErrorCodes.SecretsUnavailable);
        group.MapGet("/erasures", ListErasuresAsync).WithName("ListErasures").RequireAuthorization(Policies.ManagePrivacy)
            .WithSummary("The erasures, the newest first").WithDescription("For owners. They name nobody.");
        group.MapGet("/erasures/{id}", FindErasureAsync).WithName("GetErasure").RequireAuthorization(Policies.ManagePrivacy)
            .WithSummary("How far an erasure is, and its receipt");

        group.MapPost("/receipts", ReadReceiptAsync).WithName("GetErasureByToken").AllowAnonymous().LimitedAs(RouteClass.Anonymous)
            .WithSummary("How far an erasure is, and its receipt, by the erasure's token")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.NotFound);
        group.MapPost("/receipts/verify", VerifyReceiptAsync).WithName("VerifyReceipt").AllowAnonymous().LimitedAs(RouteClass.Anonymous)
            .WithSummary("Whether this installation has signed a receipt")
            .Refuses(ErrorCodes.ValidationFailed, ErrorCodes.SecretsUnavailable);
        group.MapGet("/receipts/key", ReceiptKeyAsync).WithName("GetReceiptKey").AllowAnonymous().LimitedAs(RouteClass.Anonymous)
            .WithSummary("The public key by which anybody verifies receipts")
            .Refuses(ErrorCodes.SecretsUnavailable);
        return group;
    }

    private static async Task<Ok<ConsentResponse>> ReadConsentAsync(HttpContext context, Caller caller, Consents consents, CancellationToken cancellationToken) =>
        TypedResults.Ok(ConsentResponse.From(await consents.ReadAsync(caller.Principal, Language.Read(context)!, cancellationToken)));

    private static async Task<Ok<ConsentResponse>> GiveConsentAsync(Body<ConsentRequest> body, Caller caller, Consents consents, CancellationToken cancellationToken)
    {
        var (version, language) = (body.Value.Version, body.Value.Language ?? Consents.Languages[0]);
        var errors = new FieldErrors();
        if (version != consents.Version)
            errors.Add("version", $"Must be {consents.Version}, the version of the text that is in force.");
        if (!Consents.Languages.Contains(language, StringComparer.Ordinal))
            errors.Add("language", $"Must be one of: {string.Join(", ", Consents.Languages)}.");
        errors.ThrowIfAny();
        return TypedResults.Ok(ConsentResponse.From(await consents.GiveAsync(caller.Principal, version!, language, cancellationToken)));
    }

    private static async Task<NoContent> WithdrawConsentAsync(Caller caller, Consents consents, CancellationToken cancellationToken)
    {
        await consents.WithdrawAsync(caller.Principal, cancellationToken);
        return TypedResults.NoContent();
    }

    private static Task ExportOwnAsync(HttpContext context, Caller caller, ExportData export, TimeProvider time, CancellationToken cancellationToken) =>
        SendAsync(context, caller, export, time, new(SubjectKind.User, UserId: caller.Principal.UserId), cancellationToken);

    private static async Task ExportAsync(HttpContext context, Body<ExportRequest> body, Caller caller, ExportData export, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var subject = body.Value.Check(errors);
        errors.ThrowIfAny();
        await SendAsync(context, caller, export, time, subject!, cancellationToken);
    }

    private static Task SendAsync(HttpContext context, Caller caller, ExportData export, TimeProvider time, Subject subject, CancellationToken cancellationToken) =>
        export.ExecuteAsync(
            caller.Principal,
            subject,
            () =>
            {
                // No name in the name: it stays behind in lists of downloads.
                var day = time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
                Download.Begin(context.Response, "application/zip", $"{subject.Kind.ToString().ToLowerInvariant()}-{day}.zip");
                return context.Response.Body;
            },
            cancellationToken);

    private static async Task<Accepted<BegunErasureResponse>> EraseAsync(
        Body<ErasureRequest> body, Caller caller, RequestErasure request, TokenUsers tokens, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var subject = body.Value.Check(errors);
        if (string.IsNullOrEmpty(body.Value.Confirm))
            errors.Add("confirm", "Required.");
        errors.ThrowIfAny();
        var token = SecretToken.New(SecretToken.ErasurePrefix);
        var erasure = await request.ExecuteAsync(caller.Principal, subject!, body.Value.Confirm!, SecretToken.Hash(token), cancellationToken);
        tokens.Forget(caller.Principal.Tenant, subject!.UserId);
        return TypedResults.Accepted($"/api/v1/privacy/erasures/{erasure.Id}", new BegunErasureResponse(ErasureResponse.From(erasure), token));
    }

    private static async Task<Ok<ErasureResponse[]>> ListErasuresAsync(Caller caller, ReadErasures read, CancellationToken cancellationToken) =>
        TypedResults.Ok((await read.ListAsync(caller.Principal.Tenant, cancellationToken)).Select(ErasureResponse.From).ToArray());

    private static async Task<Ok<ErasureResponse>> FindErasureAsync(Guid id, Caller caller, ReadErasures read, CancellationToken cancellationToken) =>
        TypedResults.Ok(ErasureResponse.From(await read.FindAsync(caller.Principal.Tenant, id, cancellationToken)));

    private static async Task<Ok<ErasureResponse>> ReadReceiptAsync(Body<ReceiptTokenRequest> body, ReadErasures read, CancellationToken cancellationToken)
    {
        if (!SecretToken.HasForm(body.Value.Token, SecretToken.ErasurePrefix))
            throw FieldErrors.One("token", "Must be the token that the request to erase was answered with.");
        return TypedResults.Ok(ErasureResponse.From(await read.FindAsync(SecretToken.Hash(body.Value.Token!), cancellationToken)));
    }

    private static async Task<Ok<ReceiptVerdictResponse>> VerifyReceiptAsync(Body<ReceiptRequest> body, Receipts receipts, CancellationToken cancellationToken)
    {
        var (receipt, signature) = (body.Value.Receipt, new byte[256]);
        var errors = new FieldErrors();
        if (receipt is not { Length: > 0 and <= MaxReceipt })
            errors.Add("receipt", string.Create(CultureInfo.InvariantCulture, $"Must have 1 to {MaxReceipt} characters."));
        if (!Convert.TryFromBase64String(body.Value.Signature ?? "", signature, out var length) || length == 0)
            errors.Add("signature", "Must be the signature in Base64.");
        errors.ThrowIfAny();
        return TypedResults.Ok(new ReceiptVerdictResponse(await receipts.VerifyAsync(receipt!, signature[..length], cancellationToken)));
    }

    private static async Task<Ok<ReceiptKeyResponse>> ReceiptKeyAsync(Receipts receipts, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ReceiptKeyResponse(await receipts.PublicKeyAsync(cancellationToken)));
}
