using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Integrations.Api.Tests.Authentication;

/// <summary>A customer's user service, as far as we see it: it signs tokens and publishes its keys on a real address.</summary>
internal sealed class UserService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _fetches;

    private UserService(WebApplication app)
    {
        _app = app;
        Answer = context => context.Response.WriteAsync(Set());
        app.Run(async context =>
        {
            Interlocked.Increment(ref _fetches);
            await Answer(context);
        });
    }

    public RSA Rsa { get; } = RSA.Create(2048);

    public ECDsa Curve { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>What is answered to whoever asks for the keys.</summary>
    public RequestDelegate Answer { get; set; }

    public int Fetches => Volatile.Read(ref _fetches);

    public Uri Address { get; private set; } = null!;

    public static async Task<UserService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var service = new UserService(builder.Build());
        await service._app.StartAsync(TestContext.Current.CancellationToken);
        service.Address = new Uri(service._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single() + "/keys");
        return service;
    }

    /// <summary>The set with both keys, named <paramref name="rsa"/> and <paramref name="curve"/>.</summary>
    public string Set(string? rsa = "rsa 1", string? curve = "curve 1") => SetOf(Jwk(Rsa, rsa), Jwk(Curve, curve));

    public static string SetOf(params JsonObject[] keys) => new JsonObject { ["keys"] = new JsonArray([.. keys]) }.ToJsonString();

    public static JsonObject Jwk(RSA rsa, string? id)
    {
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        return Named(id, new() { ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent) });
    }

    public static JsonObject Jwk(ECDsa curve, string? id)
    {
        var point = curve.ExportParameters(includePrivateParameters: false).Q;
        return Named(id, new() { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) });
    }

    public string TokenByRsa(JsonObject claims, string? keyId) =>
        Token("RS256", keyId, claims, input => Rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public string TokenByCurve(JsonObject claims, string? keyId) => Token("ES256", keyId, claims, input => Curve.SignData(input, HashAlgorithmName.SHA256));

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Rsa.Dispose();
        Curve.Dispose();
    }

    private static string Token(string algorithm, string? keyId, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var header = Named(keyId, new() { ["alg"] = algorithm, ["typ"] = "JWT" });
        var input = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{input}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    private static JsonObject Named(string? id, JsonObject of)
    {
        if (id is not null)
            of["kid"] = id;
        return of;
    }
}
