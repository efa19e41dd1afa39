using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Extensions;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>
/// Keeps the phone to its own machine. A loopback address alone is not enough: any web page that the developer visits can send requests
/// to 127.0.0.1, either under its own Origin or, after rebinding its DNS name, under its own Host.
/// </summary>
internal sealed class PhoneGuard(RequestDelegate next, SandboxToken token)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        var refusal = Check(context);
        if (refusal is null)
        {
            await next(context);
            return;
        }
        if (refusal.Value.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        await PhoneProblem.Create(refusal.Value.Status, refusal.Value.Code, refusal.Value.Detail).ExecuteAsync(context);
    }

    private (int Status, string Code, string Detail)? Check(HttpContext context)
    {
        var request = context.Request;
        if (context.Connection.RemoteIpAddress is { } address && !IPAddress.IsLoopback(address))
            return (StatusCodes.Status403Forbidden, "SANDBOX_LOOPBACK_ONLY", "The sandbox answers only on its own machine.");
        if (!IsLoopbackName(request.Host.Host))
            return (StatusCodes.Status403Forbidden, "SANDBOX_HOST", "The Host header must name 127.0.0.1, ::1 or localhost.");
        // Browsers send Origin with every request that could do harm from another page; other clients send none.
        if (request.Headers.Origin is [{ } origin, ..] && origin != UriHelper.BuildAbsolute(request.Scheme, request.Host).TrimEnd('/'))
            return (StatusCodes.Status403Forbidden, "SANDBOX_ORIGIN", "The phone takes requests from its own page only.");
        if (NeedsToken(request) && !HasToken(request))
            return (StatusCodes.Status401Unauthorized, "SANDBOX_TOKEN", "Send 'Authorization: Bearer' with the value of SANDBOX_TOKEN.");
        return null;
    }

    private static bool NeedsToken(HttpRequest request) =>
        request.Path.StartsWithSegments("/sandbox", StringComparison.OrdinalIgnoreCase) && request.Path != "/sandbox/telegram";

    private bool HasToken(HttpRequest request) =>
        request.Headers.Authorization is [{ } header]
        && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && token.Matches(header[Scheme.Length..]);

    private static bool IsLoopbackName(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}

/// <summary>The secret that opens the phone.</summary>
internal sealed class SandboxToken
{
    private const int LeastLength = 16;

    private readonly byte[] _hash;

    public SandboxToken(string? value)
    {
        if (value is null || value.Length < LeastLength)
            throw new InvalidOperationException($"SANDBOX_TOKEN must be set to a secret of at least {LeastLength} characters.");
        _hash = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    public bool Matches(string candidate) => CryptographicOperations.FixedTimeEquals(_hash, SHA256.HashData(Encoding.UTF8.GetBytes(candidate)));
}
