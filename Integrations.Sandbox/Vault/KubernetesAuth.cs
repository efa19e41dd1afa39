using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>A service account that the simulated cluster knows.</summary>
public sealed record VaultServiceAccount(string Namespace, string Name);

/// <summary>The method <c>kubernetes</c>. The cluster's token review is a list of tokens that stand for a service account.</summary>
internal sealed class KubernetesAuth(VaultTokens tokens, string mount, IReadOnlyDictionary<string, VaultServiceAccount> cluster, TimeProvider time) : VaultEngine
{
    private readonly SortedDictionary<string, (TokenTerms Terms, IReadOnlyList<string> Names, IReadOnlyList<string> Namespaces)> _roles = new(StringComparer.Ordinal);
    private JsonObject? _config;

    public override string Type => "kubernetes";

    public override bool IsOpen(string path) => path == "login";

    public override VaultAnswer Handle(VaultRequest request, string path) => (request.Verb, path.Split('/')) switch
    {
        (VaultVerb.Write, ["login"]) => Login(request),
        (VaultVerb.Write, ["config"]) => Configure(request),
        (VaultVerb.Read, ["config"]) => _config is null ? VaultAnswer.NotFound : VaultAnswer.Data(_config.DeepClone().AsObject()),
        (VaultVerb.List, ["role"] or ["role", ""]) => VaultAnswer.Keys(_roles.Keys),
        (VaultVerb.Write, ["role", var name]) => Put(request, name),
        (VaultVerb.Read, ["role", var name]) => _roles.ContainsKey(name) ? VaultAnswer.Data(Describe(name)) : VaultAnswer.NotFound,
        (VaultVerb.Delete, ["role", var name]) => Remove(name),
        _ => VaultAnswer.NotFound,
    };

    private VaultAnswer Configure(VaultRequest request)
    {
        if (request.Text("kubernetes_host") is not { Length: > 0 } host)
            return VaultAnswer.Refuse(400, "no host provided");

        _config = new JsonObject { ["kubernetes_host"] = host, ["disable_local_ca_jwt"] = request.Flag("disable_local_ca_jwt") ?? false };
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Put(VaultRequest request, string name)
    {
        var (names, namespaces) = (request.Words("bound_service_account_names"), request.Words("bound_service_account_namespaces"));
        if (names.Count == 0)
            return VaultAnswer.Refuse(400, "\"bound_service_account_names\" can not be empty");
        if (namespaces.Count == 0)
            return VaultAnswer.Refuse(400, "\"bound_service_account_namespaces\" can not be empty");

        _roles[name] = (TokenTerms.Read(request), names, namespaces);
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Remove(string name)
    {
        _roles.Remove(name);
        return VaultAnswer.NoContent;
    }

    private JsonObject Describe(string name)
    {
        var (terms, names, namespaces) = _roles[name];
        var data = new JsonObject
        {
            ["bound_service_account_names"] = new JsonArray([.. names.Select(word => (JsonNode)word)]),
            ["bound_service_account_namespaces"] = new JsonArray([.. namespaces.Select(word => (JsonNode)word)]),
        };
        terms.Describe(data);
        return data;
    }

    private VaultAnswer Login(VaultRequest request)
    {
        if (request.Text("role") is not { Length: > 0 } name)
            return VaultAnswer.Refuse(400, "missing role");
        if (request.Text("jwt") is not { Length: > 0 } jwt)
            return VaultAnswer.Refuse(400, "missing jwt");
        if (!_roles.TryGetValue(name, out var role))
            return VaultAnswer.Refuse(400, $"invalid role name \"{name}\"");
        if (!cluster.TryGetValue(jwt, out var account))
            return VaultAnswer.Denied;
        if (!role.Names.Any(allowed => allowed == "*" || allowed == account.Name))
            return VaultAnswer.Refuse(403, "service account name not authorized");
        if (!role.Namespaces.Any(allowed => allowed == "*" || allowed == account.Namespace))
            return VaultAnswer.Refuse(403, "namespace not authorized");

        var metadata = new JsonObject
        {
            ["role"] = name,
            ["service_account_name"] = account.Name,
            ["service_account_namespace"] = account.Namespace,
            ["service_account_uid"] = $"{account.Namespace}-{account.Name}",
            ["service_account_secret_name"] = "",
        };
        return VaultAnswer.Login(tokens.Issue($"auth/{mount}/login", role.Terms, metadata).Auth(time.GetUtcNow()));
    }
}
