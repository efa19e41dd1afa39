using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Integrations.Core.Secrets.Vault;

/// <summary>The few calls to Vault that this service makes, each with the host's own token. Made once per host.</summary>
/// <remarks>Source: the HTTP API of HashiCorp Vault and OpenBao, which share paths, headers and the form of ciphertexts.</remarks>
internal sealed class VaultClient(VaultTransport transport, VaultLogin login, VaultOptions options)
{
    private const string InstallationPath = "integrations/installation";

    /// <summary>Makes the key unless it exists.</summary>
    public Task CreateKeyAsync(string name, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, Key(name), JsonContent.Create(new TransitKeyCreation("aes256-gcm96"), VaultJson.Default.TransitKeyCreation), VaultJson.Default.VaultAnswerVaultNothing, ct);

    public async Task<bool> KeyExistsAsync(string name, CancellationToken ct)
    {
        try
        {
            await SendAsync(HttpMethod.Get, Key(name), null, VaultJson.Default.VaultAnswerVaultNothing, ct);
            return true;
        }
        catch (VaultException e) when (e.Failure is VaultFailure.Absent)
        {
            return false;
        }
    }

    public Task RotateKeyAsync(string name, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, $"{Key(name)}/rotate", null, VaultJson.Default.VaultAnswerVaultNothing, ct);

    /// <summary>For good. A key that is not there is gone already.</summary>
    public async Task DeleteKeyAsync(string name, CancellationToken ct)
    {
        if (!await KeyExistsAsync(name, ct))
            return;

        await SendAsync(
            HttpMethod.Post, $"{Key(name)}/config", JsonContent.Create(new TransitKeyConfiguration(DeletionAllowed: true), VaultJson.Default.TransitKeyConfiguration),
            VaultJson.Default.VaultAnswerVaultNothing, ct);
        await SendAsync(HttpMethod.Delete, Key(name), null, VaultJson.Default.VaultAnswerVaultNothing, ct);
    }

    /// <returns><c>vault:vN:…</c></returns>
    public async Task<string> EncryptAsync(string name, ReadOnlyMemory<byte> clear, byte[] associated, CancellationToken ct)
    {
        var body = JsonContent.Create(
            new TransitEncryption(Convert.ToBase64String(clear.Span), Convert.ToBase64String(associated)), VaultJson.Default.TransitEncryption);
        var answer = await SendAsync(HttpMethod.Post, $"{options.Mount}/encrypt/{name}", body, VaultJson.Default.VaultAnswerTransitCiphertext, ct);
        return answer.Data?.Ciphertext ?? throw new VaultException(VaultFailure.Unreachable, "Vault's answer has no ciphertext in it.");
    }

    /// <summary>All in one request. Null for an item that does not open.</summary>
    public async Task<IReadOnlyList<byte[]?>> DecryptAsync(string name, IReadOnlyList<(string Ciphertext, byte[] Associated)> items, CancellationToken ct)
    {
        var body = JsonContent.Create(
            new TransitDecryptions([.. items.Select(item => new TransitDecryption(item.Ciphertext, Convert.ToBase64String(item.Associated)))]),
            VaultJson.Default.TransitDecryptions);
        var answer = await SendAsync(HttpMethod.Post, $"{options.Mount}/decrypt/{name}", body, VaultJson.Default.VaultAnswerTransitPlaintexts, ct);
        return answer.Data?.BatchResults is { } results && results.Count == items.Count
            ? [.. results.Select(result => result.Error is { Length: > 0 } || result.Plaintext is null ? null : Convert.FromBase64String(result.Plaintext))]
            : throw new VaultException(VaultFailure.Unreachable, "Vault's answer does not have as many items as the question.");
    }

    /// <summary>A secret of the key-value engine; null when there is none, or its newest version was deleted.</summary>
    public async Task<IReadOnlyDictionary<string, string>?> ReadSecretAsync(string path, CancellationToken ct)
    {
        try
        {
            var answer = await SendAsync(HttpMethod.Get, $"{options.KvMount}/data/{path}", null, VaultJson.Default.VaultAnswerKvSecret, ct);
            return answer.Data?.Data?.ToDictionary(pair => pair.Key, pair => pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString()! : pair.Value.GetRawText());
        }
        catch (VaultException e) when (e.Failure is VaultFailure.Absent)
        {
            return null;
        }
    }

    /// <summary>The key of the installation's own secrets, in Base64.</summary>
    public async Task<string?> ReadInstallationKeyAsync(CancellationToken ct) =>
        await ReadSecretAsync(InstallationPath, ct) is { } secret && secret.TryGetValue("key", out var key) ? key : null;

    /// <summary>Only if there was never one: a deleted version counts.</summary>
    /// <exception cref="VaultException"><see cref="VaultFailure.Refused"/> when there was.</exception>
    public Task WriteInstallationKeyAsync(string key, CancellationToken ct) =>
        SendAsync(
            HttpMethod.Post, $"{options.KvMount}/data/{InstallationPath}",
            JsonContent.Create(new KvWrite(new KvWriteOptions(Cas: 0), new() { ["key"] = key }), VaultJson.Default.KvWrite),
            VaultJson.Default.VaultAnswerVaultNothing, ct);

    /// <summary>Which of the capabilities that the host needs its token does not have: <c>update transit/encrypt/…</c>.</summary>
    public async Task<IReadOnlyList<string>> MissingCapabilitiesAsync(CancellationToken ct)
    {
        var probe = options.KeyPrefix + Guid.Empty.ToString("D");
        (string Path, string Capability)[] needed =
        [
            ($"{options.Mount}/encrypt/{probe}", "update"),
            ($"{options.Mount}/decrypt/{probe}", "update"),
            ($"{options.Mount}/keys/{probe}", "read"),
            ($"{options.Mount}/keys/{probe}", "update"),
            ($"{options.KvMount}/data/{InstallationPath}", "read"),
            ($"{options.KvMount}/data/{InstallationPath}", "create"),
        ];
        var question = JsonContent.Create(new CapabilitiesQuestion([.. needed.Select(need => need.Path).Distinct()]), VaultJson.Default.CapabilitiesQuestion);
        var answer = await SendAsync(HttpMethod.Post, "sys/capabilities-self", question, VaultJson.Default.VaultAnswerDictionaryStringJsonElement, ct);
        return [.. needed.Where(need => !Has(answer.Data, need.Path, need.Capability)).Select(need => $"{need.Capability} {need.Path}")];

        static bool Has(Dictionary<string, JsonElement>? data, string path, string capability) =>
            data is not null && data.TryGetValue(path, out var words)
            && words.EnumerateArray().Any(word => word.ValueEquals(capability) || word.ValueEquals("root"));
    }

    /// <summary>Asks how Vault stands, without a token.</summary>
    public async Task<VaultState> StateAsync(CancellationToken ct)
    {
        try
        {
            return await transport.ProbeAsync("sys/health?standbyok=true&perfstandbyok=true", ct) switch
            {
                HttpStatusCode.OK => VaultState.Ok,
                // 501: nobody has set it up yet, which to us is the same.
                HttpStatusCode.ServiceUnavailable or HttpStatusCode.NotImplemented => VaultState.Sealed,
                _ => VaultState.Unreachable,
            };
        }
        catch (VaultException)
        {
            return VaultState.Unreachable;
        }
    }

    private string Key(string name) => $"{options.Mount}/keys/{name}";

    private async Task<VaultAnswer<T>> SendAsync<T>(HttpMethod method, string path, JsonContent? body, JsonTypeInfo<VaultAnswer<T>> answer, CancellationToken ct)
    {
        var lease = await login.CurrentAsync(ct);
        try
        {
            return await transport.SendAsync(method, path, lease.Token, body, answer, ct);
        }
        catch (VaultException e) when (e.Failure is VaultFailure.Denied)
        {
            // A revoked token and a missing capability look the same; a fresh token tells them apart.
            lease = await login.ReplaceAsync(lease, ct);
            return await transport.SendAsync(method, path, lease.Token, body, answer, ct);
        }
    }
}
