using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>The transit engine: keys that never leave it, and what is done with them.</summary>
internal sealed class TransitEngine(TimeProvider time) : VaultEngine
{
    private static readonly TimeSpan ShortestRotation = TimeSpan.FromHours(1);

    private readonly Dictionary<string, TransitKey> _keys = new(StringComparer.Ordinal);
    private bool _upsertDisabled;

    public override string Type => "transit";

    public override VaultAnswer Handle(VaultRequest request, string path) => (request.Verb, path.Split('/')) switch
    {
        (VaultVerb.List, ["keys"] or ["keys", ""]) => VaultAnswer.Keys(_keys.Keys),
        (VaultVerb.Write, ["config", "keys"]) => Configure(request),
        (VaultVerb.Read, ["keys", var name]) => _keys.TryGetValue(name, out var key) ? VaultAnswer.Data(key.Describe()) : VaultAnswer.NotFound,
        (VaultVerb.Write, ["keys", var name]) => Create(request, name),
        (VaultVerb.Delete, ["keys", var name]) => Delete(name),
        (VaultVerb.Write, ["keys", var name, "config"]) => ConfigureKey(request, name),
        (VaultVerb.Write, ["keys", var name, "rotate"]) => Rotate(name),
        (VaultVerb.Write, ["encrypt", var name]) => Batch(request, Encrypt, ForEncryption(request, name)),
        (VaultVerb.Write, ["decrypt", var name]) => Batch(request, Decrypt, Key(name)),
        (VaultVerb.Write, ["rewrap", var name]) => Batch(request, Rewrap, Key(name)),
        (VaultVerb.Write, ["datakey", "plaintext" or "wrapped", var name]) => DataKey(request, Key(name), withPlaintext: path.StartsWith("datakey/plaintext/", StringComparison.Ordinal)),
        (VaultVerb.Write, ["random", var length]) => Random(length),
        _ => VaultAnswer.NotFound,
    };

    /// <summary>Encrypting under a name that does not exist yet would create the key, so it needs another capability.</summary>
    public override bool? Exists(string path) => path.Split('/') is ["encrypt", var name] ? _keys.ContainsKey(name) : null;

    private VaultAnswer Configure(VaultRequest request)
    {
        _upsertDisabled = request.Flag("disable_upsert") ?? _upsertDisabled;
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Create(VaultRequest request, string name)
    {
        if (request.Text("type") is { } type && type != TransitKey.Type)
            return VaultAnswer.Refuse(400, $"unknown key type {type}");

        var rotation = RotationOf(request);
        if (_keys.TryGetValue(name, out var there))
            return VaultAnswer.Data(there.Describe(), warning: $"key {name} already existed");

        var key = new TransitKey(name, request.Flag("derived") ?? false, time) { AutoRotate = rotation ?? TimeSpan.Zero };
        _keys.Add(name, key);
        return VaultAnswer.Data(key.Describe());
    }

    private VaultAnswer Delete(string name)
    {
        if (!_keys.TryGetValue(name, out var key))
            return VaultAnswer.Refuse(400, $"could not delete key; not found");
        if (!key.DeletionAllowed)
            return VaultAnswer.Refuse(400, $"error deleting policy {name}: deletion is not allowed for this key");

        _keys.Remove(name);
        return VaultAnswer.NoContent;
    }

    private VaultAnswer ConfigureKey(VaultRequest request, string name)
    {
        if (!_keys.TryGetValue(name, out var key))
            return VaultAnswer.Refuse(400, $"no existing key named {name} could be found");

        var decryption = request.Number("min_decryption_version") is { } least and > 0 ? least : key.MinDecryption;
        var encryption = request.Number("min_encryption_version") ?? key.MinEncryption;
        if (decryption > key.Latest)
            return VaultAnswer.Refuse(400, $"cannot set min decryption version of {decryption}, latest key version is {key.Latest}");
        if (encryption > key.Latest)
            return VaultAnswer.Refuse(400, $"cannot set min encryption version of {encryption}, latest key version is {key.Latest}");
        if (encryption > 0 && encryption < decryption)
            return VaultAnswer.Refuse(400, "min encryption version should be greater than or equal to min decryption version");

        (key.MinDecryption, key.MinEncryption) = (decryption, encryption);
        key.DeletionAllowed = request.Flag("deletion_allowed") ?? key.DeletionAllowed;
        key.AutoRotate = RotationOf(request) ?? key.AutoRotate;
        return VaultAnswer.Data(key.Describe());
    }

    private static TimeSpan? RotationOf(VaultRequest request)
    {
        var period = request.Duration("auto_rotate_period");
        return period is { } wanted && wanted != TimeSpan.Zero && wanted < ShortestRotation
            ? throw new VaultRefusal(400, "auto rotate period must be 0 to disable or at least an hour")
            : period;
    }

    private VaultAnswer Rotate(string name)
    {
        if (!_keys.TryGetValue(name, out var key))
            return VaultAnswer.Refuse(400, "key not found");

        key.Rotate();
        return VaultAnswer.Data(key.Describe());
    }

    private TransitKey Key(string name) => _keys.TryGetValue(name, out var key) ? key : throw new VaultRefusal(400, "encryption key not found");

    private TransitKey ForEncryption(VaultRequest request, string name)
    {
        if (_keys.TryGetValue(name, out var key))
            return key;
        if (_upsertDisabled)
            throw new VaultRefusal(400, "encryption key not found");

        return _keys[name] = new TransitKey(name, request.Text("context") is not null, time);
    }

    /// <summary>One item, or a list whose order is kept. A list that fails in part is answered as a list, whatever the status.</summary>
    private static VaultAnswer Batch(VaultRequest request, Func<TransitKey, VaultRequest, JsonObject> one, TransitKey key)
    {
        if (request.Body["batch_input"] is not JsonArray batch)
            return VaultAnswer.Data(one(key, request));
        if (batch.Count == 0)
            throw new VaultRefusal(400, "missing batch input to process");

        List<VaultRequest> items = [.. batch.Select(item => request with { Body = item!.AsObject() })];
        if (items.Select(item => item.Text("context") is not null).Distinct().Count() > 1)
            throw new VaultRefusal(400, "context should be set either in all the request blocks or in none");

        var results = new JsonArray();
        var failed = 0;
        foreach (var item in items)
        {
            JsonObject result;
            try
            {
                result = one(key, item);
            }
            catch (VaultRefusal refusal)
            {
                failed++;
                result = new JsonObject { ["error"] = refusal.Answer.Body!["errors"]![0]!.DeepClone() };
            }

            result["reference"] = item.Text("reference") ?? "";
            results.Add((JsonNode)result);
        }

        var status = failed == 0 ? 200 : failed < items.Count ? request.Number("partial_failure_response_code") ?? 400 : 400;
        return VaultAnswer.Data(new JsonObject { ["batch_results"] = results }, status);
    }

    private static JsonObject Encrypt(TransitKey key, VaultRequest item)
    {
        if (item.Text("plaintext") is not { } plaintext)
            throw new VaultRefusal(400, "missing plaintext to encrypt");

        var clear = TransitKey.Base64(plaintext, "plaintext");
        var (ciphertext, version) = key.Encrypt(clear, Context(item), Associated(item), item.Number("key_version") ?? 0);
        return new JsonObject { ["ciphertext"] = ciphertext, ["key_version"] = version };
    }

    private static JsonObject Decrypt(TransitKey key, VaultRequest item) =>
        new() { ["plaintext"] = Convert.ToBase64String(key.Decrypt(Ciphertext(item), Context(item), Associated(item))) };

    /// <summary>Takes no associated data, and so cannot open what was encrypted with some.</summary>
    private static JsonObject Rewrap(TransitKey key, VaultRequest item)
    {
        var (ciphertext, version) = key.Encrypt(key.Decrypt(Ciphertext(item), Context(item), []), Context(item), [], item.Number("key_version") ?? 0);
        return new JsonObject { ["ciphertext"] = ciphertext, ["key_version"] = version };
    }

    private static VaultAnswer DataKey(VaultRequest request, TransitKey key, bool withPlaintext)
    {
        var bits = request.Number("bits") ?? 256;
        if (bits is not (128 or 256 or 512))
            return VaultAnswer.Refuse(400, "invalid bit length");

        var clear = RandomNumberGenerator.GetBytes(bits / 8);
        var (ciphertext, version) = key.Encrypt(clear, Context(request), Associated(request), 0);
        var data = new JsonObject { ["ciphertext"] = ciphertext, ["key_version"] = version };
        if (withPlaintext)
            data["plaintext"] = Convert.ToBase64String(clear);
        return VaultAnswer.Data(data);
    }

    private static VaultAnswer Random(string length) =>
        int.TryParse(length, out var bytes) && bytes is > 0 and <= 4096
            ? VaultAnswer.Data(new JsonObject { ["random_bytes"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(bytes)) })
            : VaultAnswer.Refuse(400, "\"bytes\" cannot be less than 1");

    private static string Ciphertext(VaultRequest item) => item.Text("ciphertext") is { Length: > 0 } text ? text : throw new VaultRefusal(400, "missing ciphertext to decrypt");

    private static byte[]? Context(VaultRequest item) => item.Text("context") is { } text ? TransitKey.Base64(text, "context") : null;

    private static byte[] Associated(VaultRequest item) => TransitKey.Base64(item.Text("associated_data"), "associated_data");
}
