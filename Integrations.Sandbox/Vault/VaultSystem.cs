using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>Everything under <c>sys/</c>.</summary>
internal sealed class VaultSystem(SandboxVault vault)
{
    private const string Version = "1.20.0+sandbox";

    /// <summary>Paths that answer without a token, and while sealed.</summary>
    public static bool IsOpen(string path) => path is "sys/health" or "sys/seal-status" or "sys/init" or "sys/unseal" or "sys/leader";

    public static bool NeedsSudo(string path) => path is "sys/seal" or "sys/rotate" || path.StartsWith("sys/audit", StringComparison.Ordinal);

    public VaultAnswer Handle(VaultRequest request, string path, VaultToken? token = null) => (request.Verb, path.Split('/', 3)) switch
    {
        (VaultVerb.Read, ["health"]) => Health(request),
        (VaultVerb.Read, ["seal-status"]) => new VaultAnswer(200, SealStatus()),
        (VaultVerb.Read, ["init"]) => new VaultAnswer(200, new JsonObject { ["initialized"] = vault.Seal.IsInitialized }),
        (VaultVerb.Write, ["init"]) => Initialize(request),
        (VaultVerb.Write, ["unseal"]) => Unseal(request),
        (VaultVerb.Read, ["leader"]) => new VaultAnswer(200, new JsonObject { ["ha_enabled"] = false, ["is_self"] = false, ["leader_address"] = "" }),
        (VaultVerb.Write, ["seal"]) => Close(),
        (VaultVerb.Write, ["capabilities-self"]) => Capabilities(request, token!),
        (VaultVerb.Write, ["wrapping", "unwrap"]) => new VaultAnswer(200, vault.Unwrap(request.Text("token") ?? request.Token ?? "")),
        (VaultVerb.Write, ["wrapping", "lookup"]) => VaultAnswer.Data(vault.LookUpWrapped(request.Text("token") ?? "")),
        (VaultVerb.Read, ["mounts"]) => Mounts("", engine => engine is not (VaultTokens or AppRoleAuth or KubernetesAuth)),
        (VaultVerb.Write, ["mounts", ..]) => Mount(request, path["mounts/".Length..].TrimEnd('/') + "/", auth: false),
        (VaultVerb.Delete, ["mounts", ..]) => Unmount(path["mounts/".Length..].TrimEnd('/') + "/"),
        (VaultVerb.Read, ["auth"]) => Mounts("auth/", engine => engine is VaultTokens or AppRoleAuth or KubernetesAuth),
        (VaultVerb.Write, ["auth", ..]) => Mount(request, path.TrimEnd('/') + "/", auth: true),
        (VaultVerb.Delete, ["auth", ..]) => Unmount(path.TrimEnd('/') + "/"),
        (VaultVerb.Read, ["policy"]) or (VaultVerb.List, ["policies", "acl"] or ["policies", "acl/"]) => VaultAnswer.Keys(vault.Policies.Names),
        (VaultVerb.Read, ["policy", var name]) => Policy(name, "rules"),
        (VaultVerb.Read, ["policies", "acl", var name]) => Policy(name, "policy"),
        (VaultVerb.Write, ["policy", ..] or ["policies", "acl", _]) => PutPolicy(request, path[(path.LastIndexOf('/') + 1)..]),
        (VaultVerb.Delete, ["policy", ..] or ["policies", "acl", _]) => RemovePolicy(path[(path.LastIndexOf('/') + 1)..]),
        _ => VaultAnswer.NotFound,
    };

    private VaultAnswer Health(VaultRequest request)
    {
        var seal = vault.Seal;
        var status = !seal.IsInitialized ? Code("uninitcode", 501) : seal.IsSealed ? Code("sealedcode", 503) : Code("activecode", 200);
        return new VaultAnswer(status, new JsonObject
        {
            ["initialized"] = seal.IsInitialized,
            ["sealed"] = seal.IsSealed,
            ["standby"] = false,
            ["performance_standby"] = false,
            ["replication_performance_mode"] = seal.IsSealed ? "unknown" : "disabled",
            ["replication_dr_mode"] = seal.IsSealed ? "unknown" : "disabled",
            ["server_time_utc"] = vault.Time.GetUtcNow().ToUnixTimeSeconds(),
            ["version"] = Version,
            ["cluster_name"] = "sandbox",
            ["cluster_id"] = "00000000-0000-4000-8000-000000000000",
        });

        int Code(string name, int otherwise) =>
            !request.Query.TryGetValue(name, out var text) ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code
            : throw new VaultRefusal(400, $"bad value for {name}");
    }

    private JsonObject SealStatus() => new()
    {
        ["type"] = "shamir",
        ["initialized"] = vault.Seal.IsInitialized,
        ["sealed"] = vault.Seal.IsSealed,
        ["t"] = vault.Seal.Threshold,
        ["n"] = vault.Seal.Shares,
        ["progress"] = vault.Seal.Progress,
        ["nonce"] = "",
        ["version"] = Version,
        ["migration"] = false,
        ["recovery_seal"] = false,
        ["storage_type"] = "inmem",
    };

    private VaultAnswer Initialize(VaultRequest request)
    {
        if (vault.Seal.IsInitialized)
            return VaultAnswer.Refuse(400, "Vault is already initialized");

        var (count, threshold) = (request.Number("secret_shares") ?? 0, request.Number("secret_threshold") ?? 0);
        if (count < 1 || threshold < 1 || threshold > count || (count > 1 && threshold == 1))
            return VaultAnswer.Refuse(400, "invalid seal configuration: threshold must be greater than one for multiple shares and no more than their number");

        List<string> shares = [.. Enumerable.Range(0, count).Select(_ => VaultTokens.NewId(""))];
        vault.Seal.Initialize(shares, threshold);
        return new VaultAnswer(200, new JsonObject
        {
            ["keys"] = new JsonArray([.. shares.Select(share => (JsonNode)share)]),
            ["keys_base64"] = new JsonArray([.. shares.Select(share => (JsonNode)Convert.ToBase64String(Convert.FromHexString(share)))]),
            ["root_token"] = vault.Tokens.Root(VaultTokens.NewId("hvs.")).Id,
        });
    }

    private VaultAnswer Unseal(VaultRequest request)
    {
        if (request.Flag("reset") == true)
            vault.Seal.Reset();
        else if (vault.Seal.IsSealed && !vault.Seal.Give(request.Text("key") ?? ""))
            return VaultAnswer.Refuse(400, "'key' must be a valid hex or base64 string");

        return new VaultAnswer(200, SealStatus());
    }

    private VaultAnswer Close()
    {
        vault.Seal.Close();
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Capabilities(VaultRequest request, VaultToken token)
    {
        var paths = request.Words("paths") is { Count: > 0 } many ? many : request.Words("path");
        var data = new JsonObject();
        foreach (var path in paths)
            data[path] = new JsonArray([.. vault.Policies.Capabilities(token.Policies, path).Select(word => (JsonNode)word)]);
        if (paths is [var only])
            data["capabilities"] = data[only]!.DeepClone();

        // Vault repeats the answer at the top level.
        var body = VaultAnswer.Envelope(data: data);
        foreach (var (path, words) in data)
            body[path] = words!.DeepClone();
        return new VaultAnswer(200, body);
    }

    private VaultAnswer Mounts(string prefix, Func<VaultEngine, bool> which) => VaultAnswer.Data(new JsonObject(
        vault.Engines.Where(engine => which(engine.Value)).Select(engine => KeyValuePair.Create(
            engine.Key[prefix.Length..],
            (JsonNode?)new JsonObject { ["type"] = engine.Value.Type, ["description"] = "", ["options"] = engine.Value is KvEngine ? new JsonObject { ["version"] = "2" } : null }))));

    private VaultAnswer Mount(VaultRequest request, string mount, bool auth)
    {
        if (vault.Engines.ContainsKey(mount))
            return VaultAnswer.Refuse(400, $"path is already in use at {mount}");

        var type = request.Text("type") ?? "";
        var name = (auth ? mount["auth/".Length..] : mount).TrimEnd('/');
        if (vault.EngineFor(type, name) is not { } engine || engine is AppRoleAuth or KubernetesAuth != auth)
            return VaultAnswer.Refuse(400, $"plugin not found in the catalog: {type}");
        if (type == "kv" && (request with { Body = request.Body["options"] as JsonObject ?? [] }).Text("version") != "2")
            return VaultAnswer.Refuse(400, "only version 2 of the engine is simulated; send options.version \"2\"");

        vault.Engines.Add(mount, engine);
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Unmount(string mount)
    {
        vault.Engines.Remove(mount);
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Policy(string name, string field) =>
        vault.Policies.Find(name) is { } text ? VaultAnswer.Data(new JsonObject { ["name"] = name, [field] = text }) : VaultAnswer.NotFound;

    private VaultAnswer PutPolicy(VaultRequest request, string name)
    {
        if (name == "root")
            return VaultAnswer.Refuse(400, "cannot update \"root\" policy");
        if ((request.Text("policy") ?? request.Text("rules")) is not { } text)
            return VaultAnswer.Refuse(400, "'policy' parameter not supplied or empty");

        vault.Policies.Put(name, text);
        return VaultAnswer.NoContent;
    }

    private VaultAnswer RemovePolicy(string name)
    {
        if (name is "root" or "default")
            return VaultAnswer.Refuse(400, $"cannot delete \"{name}\" policy");

        vault.Policies.Remove(name);
        return VaultAnswer.NoContent;
    }
}
