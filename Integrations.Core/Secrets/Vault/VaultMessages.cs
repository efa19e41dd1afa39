using System.Text.Json;
using System.Text.Json.Serialization;

namespace Integrations.Core.Secrets.Vault;

/// <summary>Vault's envelope, as far as it is read.</summary>
internal sealed record VaultAnswer<T>(T? Data, VaultAuthAnswer? Auth, VaultWrapAnswer? WrapInfo, IReadOnlyList<string>? Errors);

internal sealed record VaultAuthAnswer(string ClientToken, IReadOnlyList<string>? Policies, int LeaseDuration, bool Renewable);

internal sealed record VaultWrapAnswer(string Token);

/// <summary>Answers of which nothing is read.</summary>
internal sealed record VaultNothing;

internal sealed record AppRoleLogin(string RoleId, string SecretId);

internal sealed record KubernetesLogin(string Role, string Jwt);

internal sealed record TokenRenewal(string Increment);

/// <param name="Ttl">Seconds.</param>
/// <param name="ExpireTime">Null for a token that does not expire.</param>
internal sealed record TokenDescription(int Ttl, string? ExpireTime, bool Renewable, IReadOnlyList<string>? Policies);

internal sealed record UnwrappedSecretId(string SecretId);

internal sealed record CapabilitiesQuestion(IReadOnlyList<string> Paths);

internal sealed record TransitKeyCreation(string Type);

internal sealed record TransitKeyConfiguration(bool DeletionAllowed);

/// <param name="Plaintext">Base64, as is everything here but the ciphertext.</param>
internal sealed record TransitEncryption(string Plaintext, string AssociatedData);

internal sealed record TransitCiphertext(string Ciphertext);

internal sealed record TransitDecryptions(IReadOnlyList<TransitDecryption> BatchInput);

internal sealed record TransitDecryption(string Ciphertext, string AssociatedData);

internal sealed record TransitPlaintexts(IReadOnlyList<TransitPlaintext>? BatchResults);

/// <param name="Plaintext">Base64; null when it did not open.</param>
internal sealed record TransitPlaintext(string? Plaintext, string? Error);

/// <param name="Data">Null for a version that was deleted or destroyed.</param>
internal sealed record KvSecret(Dictionary<string, JsonElement>? Data);

internal sealed record KvWrite(KvWriteOptions Options, Dictionary<string, string> Data);

internal sealed record KvWriteOptions(int Cas);

internal sealed record VaultHealthAnswer(bool Initialized, bool Sealed);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(VaultAnswer<VaultNothing>))]
[JsonSerializable(typeof(VaultAnswer<TokenDescription>))]
[JsonSerializable(typeof(VaultAnswer<UnwrappedSecretId>))]
[JsonSerializable(typeof(VaultAnswer<TransitCiphertext>))]
[JsonSerializable(typeof(VaultAnswer<TransitPlaintexts>))]
[JsonSerializable(typeof(VaultAnswer<KvSecret>))]
[JsonSerializable(typeof(VaultAnswer<Dictionary<string, JsonElement>>))]
[JsonSerializable(typeof(AppRoleLogin))]
[JsonSerializable(typeof(KubernetesLogin))]
[JsonSerializable(typeof(TokenRenewal))]
[JsonSerializable(typeof(CapabilitiesQuestion))]
[JsonSerializable(typeof(TransitKeyCreation))]
[JsonSerializable(typeof(TransitKeyConfiguration))]
[JsonSerializable(typeof(TransitEncryption))]
[JsonSerializable(typeof(TransitDecryptions))]
[JsonSerializable(typeof(KvWrite))]
[JsonSerializable(typeof(VaultHealthAnswer))]
internal sealed partial class VaultJson : JsonSerializerContext;
