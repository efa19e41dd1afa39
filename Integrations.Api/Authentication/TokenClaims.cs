using System.Text.Json;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;

namespace Integrations.Api.Authentication;

/// <summary>Whom a verified token of the customer's user service speaks for.</summary>
/// <param name="Tenant">Claim <c>tenant_id</c>.</param>
/// <param name="Subject">Claim <c>sub</c>, or <c>user_id</c> where there is no <c>sub</c>.</param>
/// <param name="UserId">Claim <c>user_id</c>, or <c>sub</c> where that is a whole number; null when the service names users by text.</param>
/// <param name="Role">Claim <c>role</c>.</param>
/// <param name="ExpiresAt">Claim <c>exp</c>.</param>
internal sealed record TokenClaims(
    TenantId Tenant, string Subject, int? UserId, Role Role, string? Email, string? DisplayName, DateTimeOffset ExpiresAt)
{
    /// <summary>How far the issuer's clock may be off.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    /// <summary>Numbers above are given by this service: to users named by text, and to the console's own.</summary>
    public const int MaxUserId = 1_000_000_000;

    /// <summary>The tenant that a token names which nobody has verified; null where it names none.</summary>
    public static Guid? ClaimedTenant(string text)
    {
        if (SignedToken.Read(text) is not { } token)
            return null;
        using var document = SignedToken.Parse(token.Payload);
        return document is not null && Guid.TryParseExact(Text(document.RootElement, "tenant_id"), "D", out var tenant) ? tenant : null;
    }

    /// <summary>Reads the claims (RFC 7519 section 4.1). The problem says which claim is wrong; it never repeats a value.</summary>
    /// <param name="issuer">What <c>iss</c> must say; empty asks for none.</param>
    /// <param name="audience">What <c>aud</c> must name, alone or among others; empty asks for none.</param>
    public static TokenClaims? Read(byte[] payload, DateTimeOffset now, string issuer, string audience, out string problem)
    {
        using var document = SignedToken.Parse(payload);
        if (document is null)
        {
            problem = "The token's claims are not one JSON object.";
            return null;
        }

        var root = document.RootElement;
        if (!TryReadDate(root, "exp", out var expires) || expires is null)
        {
            problem = "The token needs the claim exp, a number of seconds since 1970.";
            return null;
        }

        if (now >= expires.Value + Skew)
        {
            problem = "The token has expired. Ask the user service for a new one.";
            return null;
        }

        if (!TryReadDate(root, "nbf", out var notBefore) || now < notBefore - Skew)
        {
            problem = "The token is not valid yet (claim nbf).";
            return null;
        }

        if (!TryReadDate(root, "iat", out var issued) || now < issued - Skew)
        {
            problem = "The token was issued in the future (claim iat).";
            return null;
        }

        if (issuer.Length > 0 && !string.Equals(SignedToken.Text(root, "iss"), issuer, StringComparison.Ordinal))
        {
            problem = "The token is of another issuer (claim iss).";
            return null;
        }

        if (audience.Length > 0 && !Names(root, audience))
        {
            problem = "The token is for another service (claim aud).";
            return null;
        }

        if (!Guid.TryParseExact(Text(root, "tenant_id"), "D", out var tenant) || tenant == Guid.Empty)
        {
            problem = "The token needs the claim tenant_id, a uuid.";
            return null;
        }

        if (!Words.TryRead<Role>(Text(root, "role"), out var role))
        {
            problem = "The token needs the claim role: owner, admin, operator or viewer.";
            return null;
        }

        var subject = TextOrNumber(root, "sub");
        var user = TextOrNumber(root, "user_id");
        if ((subject ?? user) is not { Length: > 0 and <= 200 } name || name.Any(char.IsControl))
        {
            problem = "The token needs the claim sub or user_id, of at most 200 characters and none of them a control character.";
            return null;
        }

        // Such subjects are the console's own users; a token of another issuer must not become one of them.
        if (name.StartsWith("console:", StringComparison.Ordinal))
        {
            problem = "The claim sub names a user of the console.";
            return null;
        }

        // A user_id that is no number is an error of its issuer; the number of sub might be somebody else's.
        var number = WholeNumber(user ?? subject);
        var numbered = root.TryGetProperty("user_id", out var given) && given.ValueKind is not JsonValueKind.Null;
        if (number is < 1 or > MaxUserId || (numbered && (user is null || number is null)))
        {
            problem = $"The claim user_id must be a whole number from 1 to {MaxUserId}.";
            return null;
        }

        problem = "";
        return new(new(tenant), name, (int?)number, role, Short(Text(root, "email"), 254), Short(Text(root, "name"), 200), expires.Value);
    }

    /// <summary>A NumericDate may have a fraction (RFC 7519 section 2). Absent is fine here; present and unreadable is not.</summary>
    private static bool TryReadDate(JsonElement root, string name, out DateTimeOffset? value)
    {
        value = null;
        if (!root.TryGetProperty(name, out var claim))
            return true;

        // The bounds are those of a DateTimeOffset with room for the skew.
        if (claim.ValueKind is not JsonValueKind.Number || !claim.TryGetDouble(out var seconds) || seconds is not (>= 0 and < 253_402_300_000))
            return false;

        value = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        return true;
    }

    /// <summary>One audience is a text, several are an array of texts (RFC 7519 section 4.1.3).</summary>
    private static bool Names(JsonElement root, string audience) =>
        root.TryGetProperty("aud", out var claim) && claim.ValueKind switch
        {
            JsonValueKind.Array => claim.EnumerateArray().Any(one => SignedToken.Text(one) == audience),
            _ => SignedToken.Text(claim) == audience,
        };

    private static string? Text(JsonElement root, string name) => SignedToken.Text(root, name);

    private static string? TextOrNumber(JsonElement root, string name) =>
        root.TryGetProperty(name, out var claim) && claim.ValueKind is JsonValueKind.Number ? claim.GetRawText() : Text(root, name);

    private static long? WholeNumber(string? text) =>
        long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Short(string? text, int length) => text is { Length: > 0 } && text.Length <= length && !text.Any(char.IsControl) ? text : null;
}
