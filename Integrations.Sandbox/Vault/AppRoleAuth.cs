using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>The method <c>approle</c>: a role's id, which is no secret, and a secret id, which is.</summary>
internal sealed class AppRoleAuth(VaultTokens tokens, string mount, TimeProvider time) : VaultEngine
{
    private readonly SortedDictionary<string, Role> _roles = new(StringComparer.Ordinal);

    public override string Type => "approle";

    public override bool IsOpen(string path) => path == "login";

    public override bool? Exists(string path) => path.Split('/') is ["role", var name] ? _roles.ContainsKey(name) : null;

    public override VaultAnswer Handle(VaultRequest request, string path) => (request.Verb, path.Split('/')) switch
    {
        (VaultVerb.Write, ["login"]) => Login(request),
        (VaultVerb.List, ["role"] or ["role", ""]) => VaultAnswer.Keys(_roles.Keys),
        (VaultVerb.Write, ["role", var name]) => Put(request, name),
        (VaultVerb.Delete, ["role", var name]) => Remove(name),
        (var verb, ["role", var name, .. var rest]) when _roles.TryGetValue(name, out var role) => OfRole(verb, request, role, rest),
        _ => VaultAnswer.NotFound,
    };

    private VaultAnswer OfRole(VaultVerb verb, VaultRequest request, Role role, string[] rest) => (verb, rest) switch
    {
        (VaultVerb.Read, []) => VaultAnswer.Data(role.Describe()),
        (VaultVerb.Read, ["role-id"]) => VaultAnswer.Data(new JsonObject { ["role_id"] = role.Id }),
        (VaultVerb.Write, ["role-id"]) => SetId(role, request),
        (VaultVerb.Write, ["secret-id"]) => NewSecret(role, request, VaultTokens.NewId("")),
        (VaultVerb.Write, ["custom-secret-id"]) => NewSecret(role, request, request.Text("secret_id") ?? ""),
        (VaultVerb.List, ["secret-id"] or ["secret-id", ""]) => VaultAnswer.Keys(role.Secrets.Values.Select(secret => secret.Accessor)),
        (VaultVerb.Write, ["secret-id", "lookup"]) =>
            role.Secrets.TryGetValue(request.Text("secret_id") ?? "", out var secret) ? VaultAnswer.Data(secret.Describe()) : VaultAnswer.NoContent,
        (VaultVerb.Write, ["secret-id", "destroy"]) => Destroy(role, request),
        _ => VaultAnswer.NotFound,
    };

    private VaultAnswer Put(VaultRequest request, string name)
    {
        var id = _roles.TryGetValue(name, out var there) ? there.Id : VaultTokens.NewId("");
        var role = new Role(name, request.Text("role_id") ?? id, TokenTerms.Read(request), request.Duration("secret_id_ttl") ?? TimeSpan.Zero, request.Number("secret_id_num_uses") ?? 0);
        foreach (var (secretId, secret) in there?.Secrets ?? [])
            role.Secrets.Add(secretId, secret);
        _roles[name] = role;
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Remove(string name)
    {
        _roles.Remove(name);
        return VaultAnswer.NoContent;
    }

    private static VaultAnswer SetId(Role role, VaultRequest request)
    {
        role.Id = request.Text("role_id") ?? role.Id;
        return VaultAnswer.NoContent;
    }

    private VaultAnswer NewSecret(Role role, VaultRequest request, string id)
    {
        if (id.Length == 0)
            return VaultAnswer.Refuse(400, "secret_id is required");

        var ttl = request.Duration("ttl") ?? role.SecretTtl;
        var uses = request.Number("num_uses") ?? role.SecretUses;
        var metadata = request.Text("metadata") is { } json ? JsonNode.Parse(json)!.AsObject() : [];
        var secret = new SecretId(VaultTokens.NewId(""), ttl > TimeSpan.Zero ? time.GetUtcNow() + ttl : null, metadata) { UsesLeft = uses, Ttl = ttl };
        role.Secrets[id] = secret;
        return VaultAnswer.Data(new JsonObject
        {
            ["secret_id"] = id,
            ["secret_id_accessor"] = secret.Accessor,
            ["secret_id_ttl"] = (long)ttl.TotalSeconds,
            ["secret_id_num_uses"] = uses,
        });
    }

    private static VaultAnswer Destroy(Role role, VaultRequest request)
    {
        role.Secrets.Remove(request.Text("secret_id") ?? "");
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Login(VaultRequest request)
    {
        if (request.Text("role_id") is not { Length: > 0 } roleId)
            return VaultAnswer.Refuse(400, "missing role_id");
        if (request.Text("secret_id") is not { Length: > 0 } secretId)
            return VaultAnswer.Refuse(400, "missing secret_id");

        var role = _roles.Values.FirstOrDefault(role => role.Id == roleId);
        if (role is null || !role.Secrets.TryGetValue(secretId, out var secret) || secret.ExpiresAt <= time.GetUtcNow())
            return VaultAnswer.Refuse(400, "invalid role or secret ID");

        if (secret.UsesLeft > 0 && --secret.UsesLeft == 0)
            role.Secrets.Remove(secretId);
        var metadata = secret.Metadata.DeepClone().AsObject();
        metadata["role_name"] = role.Name;
        return VaultAnswer.Login(tokens.Issue($"auth/{mount}/login", role.Terms, metadata).Auth(time.GetUtcNow()));
    }

    private sealed class Role(string name, string id, TokenTerms terms, TimeSpan secretTtl, int secretUses)
    {
        public string Name => name;

        public string Id { get; set; } = id;

        public TokenTerms Terms => terms;

        public TimeSpan SecretTtl => secretTtl;

        public int SecretUses => secretUses;

        public Dictionary<string, SecretId> Secrets { get; } = new(StringComparer.Ordinal);

        public JsonObject Describe()
        {
            var data = new JsonObject { ["bind_secret_id"] = true, ["secret_id_ttl"] = (long)secretTtl.TotalSeconds, ["secret_id_num_uses"] = secretUses };
            terms.Describe(data);
            return data;
        }
    }

    private sealed class SecretId(string accessor, DateTimeOffset? expiresAt, JsonObject metadata)
    {
        public string Accessor => accessor;

        public DateTimeOffset? ExpiresAt => expiresAt;

        public JsonObject Metadata => metadata;

        public TimeSpan Ttl { get; init; }

        public int UsesLeft { get; set; }

        public JsonObject Describe() => new()
        {
            ["secret_id_accessor"] = accessor,
            ["secret_id_num_uses"] = UsesLeft,
            ["secret_id_ttl"] = (long)Ttl.TotalSeconds,
            ["expiration_time"] = expiresAt?.UtcDateTime.ToString("O"),
            ["metadata"] = metadata.DeepClone(),
        };
    }
}
