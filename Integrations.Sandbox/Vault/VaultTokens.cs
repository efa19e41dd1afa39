using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>A token: what it may do, and until when.</summary>
internal sealed class VaultToken(string id, string accessor, string path, IReadOnlyList<string> policies, JsonObject metadata, DateTimeOffset createdAt)
{
    public string Id => id;

    public string Accessor => accessor;

    /// <summary>Where it was given out: <c>auth/approle/login</c>.</summary>
    public string Path => path;

    public IReadOnlyList<string> Policies => policies;

    public JsonObject Metadata => metadata;

    public DateTimeOffset CreatedAt => createdAt;

    public TimeSpan Ttl { get; set; }

    /// <summary>Null for one that does not expire: a root token.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>What no renewal passes.</summary>
    public DateTimeOffset? MaxExpiresAt { get; init; }

    /// <summary>A periodic token is renewed by its period, for ever.</summary>
    public TimeSpan? Period { get; init; }

    public bool IsRenewable { get; init; }

    /// <summary>0 for any number of uses.</summary>
    public int UsesLeft { get; set; }

    public bool IsRoot => policies.Contains("root");

    /// <summary>The <c>auth</c> part of the answer that hands it out.</summary>
    public JsonObject Auth(DateTimeOffset now) => new()
    {
        ["client_token"] = id,
        ["accessor"] = accessor,
        ["policies"] = Words(policies),
        ["token_policies"] = Words(policies),
        ["metadata"] = metadata.DeepClone(),
        ["lease_duration"] = Remaining(now),
        ["renewable"] = IsRenewable,
        ["entity_id"] = "",
        ["token_type"] = "service",
        ["orphan"] = true,
        ["num_uses"] = UsesLeft,
    };

    public JsonObject Describe(DateTimeOffset now) => new()
    {
        ["id"] = id,
        ["accessor"] = accessor,
        ["path"] = path,
        ["policies"] = Words(policies),
        ["meta"] = metadata.DeepClone(),
        ["display_name"] = path.Split('/') is [_, var method, ..] ? method : "root",
        ["creation_time"] = createdAt.ToUnixTimeSeconds(),
        ["creation_ttl"] = (long)Ttl.TotalSeconds,
        ["ttl"] = Remaining(now),
        ["expire_time"] = ExpiresAt is { } at ? at.UtcDateTime.ToString("O") : null,
        ["explicit_max_ttl"] = 0,
        ["renewable"] = IsRenewable,
        ["num_uses"] = UsesLeft,
        ["orphan"] = true,
        ["type"] = "service",
        ["entity_id"] = "",
    };

    private long Remaining(DateTimeOffset now) => ExpiresAt is { } at ? (long)Math.Ceiling(Math.Max(0, (at - now).TotalSeconds)) : 0;

    private static JsonArray Words(IEnumerable<string> words) => [.. words.Select(word => (JsonNode)word)];
}

/// <summary>What a role says of the tokens that are given out under it: <c>token_policies</c>, <c>token_ttl</c>, <c>token_max_ttl</c>, <c>token_period</c>.</summary>
internal sealed record TokenTerms(IReadOnlyList<string> Policies, TimeSpan Ttl, TimeSpan MaxTtl, TimeSpan Period, int Uses)
{
    private static readonly TimeSpan DefaultTtl = TimeSpan.FromDays(32);

    public static TokenTerms Read(VaultRequest request) => new(
        request.Words("token_policies") is { Count: > 0 } policies ? policies : request.Words("policies"),
        request.Duration("token_ttl") ?? TimeSpan.Zero,
        request.Duration("token_max_ttl") ?? TimeSpan.Zero,
        request.Duration("token_period") ?? TimeSpan.Zero,
        request.Number("token_num_uses") ?? 0);

    public TimeSpan FirstTtl => Period > TimeSpan.Zero ? Period : Ttl > TimeSpan.Zero ? Ttl : DefaultTtl;

    public void Describe(JsonObject data)
    {
        data["token_policies"] = new JsonArray([.. Policies.Select(policy => (JsonNode)policy)]);
        data["token_ttl"] = (long)Ttl.TotalSeconds;
        data["token_max_ttl"] = (long)MaxTtl.TotalSeconds;
        data["token_period"] = (long)Period.TotalSeconds;
        data["token_num_uses"] = Uses;
    }
}

/// <summary>The method <c>token</c>, which every Vault has: tokens are made, looked up, renewed and revoked.</summary>
internal sealed class VaultTokens(TimeProvider time) : VaultEngine
{
    private readonly Dictionary<string, VaultToken> _tokens = new(StringComparer.Ordinal);

    public override string Type => "token";

    /// <summary>A token that is good now, with one of its uses taken; null otherwise.</summary>
    public VaultToken? Use(string? id)
    {
        if (id is null || !_tokens.TryGetValue(id, out var token))
            return null;

        if (token.ExpiresAt <= time.GetUtcNow())
        {
            _tokens.Remove(id);
            return null;
        }

        if (token.UsesLeft > 0 && --token.UsesLeft == 0)
            _tokens.Remove(id);
        return token;
    }

    public VaultToken Root(string id)
    {
        var token = new VaultToken(id, NewId(""), "auth/token/root", ["root"], [], time.GetUtcNow());
        _tokens[id] = token;
        return token;
    }

    public VaultToken Issue(string path, TokenTerms terms, JsonObject metadata, bool withDefault = true, bool renewable = true)
    {
        var now = time.GetUtcNow();
        IReadOnlyList<string> policies = [.. (withDefault ? terms.Policies.Prepend("default") : terms.Policies).Distinct()];
        DateTimeOffset? most = terms.MaxTtl > TimeSpan.Zero ? now + terms.MaxTtl : null;
        var expires = now + terms.FirstTtl;
        var token = new VaultToken(NewId("hvs."), NewId(""), path, policies, metadata, now)
        {
            Ttl = terms.FirstTtl,
            ExpiresAt = most < expires ? most : expires,
            MaxExpiresAt = most,
            Period = terms.Period > TimeSpan.Zero ? terms.Period : null,
            IsRenewable = renewable,
            UsesLeft = terms.Uses,
        };
        _tokens.Add(token.Id, token);
        return token;
    }

    public void Revoke(Func<VaultToken, bool> which)
    {
        foreach (var token in _tokens.Values.Where(which).ToList())
            _tokens.Remove(token.Id);
    }

    public override VaultAnswer Handle(VaultRequest request, string path) => (request.Verb, path) switch
    {
        (VaultVerb.Write, "create" or "create-orphan") => Create(request),
        (VaultVerb.Read, "lookup-self") => Lookup(request.Token),
        (VaultVerb.Write, "lookup") => Lookup(request.Text("token")),
        (VaultVerb.Write, "renew-self") => Renew(request, request.Token),
        (VaultVerb.Write, "renew") => Renew(request, request.Text("token")),
        (VaultVerb.Write, "revoke-self") => Revoked(token => token.Id == request.Token),
        (VaultVerb.Write, "revoke" or "revoke-orphan") => Revoked(token => token.Id == request.Text("token")),
        (VaultVerb.Write, "revoke-accessor") => Revoked(token => token.Accessor == request.Text("accessor")),
        (VaultVerb.List, "accessors" or "accessors/") => VaultAnswer.Keys(_tokens.Values.Select(token => token.Accessor)),
        _ => VaultAnswer.NotFound,
    };

    internal static string NewId(string prefix) => prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    private VaultAnswer Create(VaultRequest request)
    {
        var creator = _tokens[request.Token!];
        IReadOnlyList<string> policies = request.Words("policies") is { Count: > 0 } named ? named : creator.Policies;
        if (!creator.IsRoot && policies.Except(creator.Policies).Any())
            return VaultAnswer.Refuse(400, "child policies must be subset of parent");

        var now = time.GetUtcNow();
        if (policies.Contains("root") && request.Duration("ttl") is null)
            return VaultAnswer.Login(Root(NewId("hvs.")).Auth(now));

        var terms = new TokenTerms(
            policies, request.Duration("ttl") ?? TimeSpan.Zero, request.Duration("explicit_max_ttl") ?? TimeSpan.Zero,
            request.Duration("period") ?? TimeSpan.Zero, request.Number("num_uses") ?? 0);
        var token = Issue(
            "auth/token/create", terms, request.Body["meta"]?.DeepClone().AsObject() ?? [], request.Flag("no_default_policy") != true && !policies.Contains("root"),
            request.Flag("renewable") ?? true);
        return VaultAnswer.Login(token.Auth(now));
    }

    private VaultAnswer Lookup(string? id) =>
        id is not null && _tokens.TryGetValue(id, out var token) && !(token.ExpiresAt <= time.GetUtcNow())
            ? VaultAnswer.Data(token.Describe(time.GetUtcNow()))
            : VaultAnswer.Refuse(403, "bad token");

    private VaultAnswer Renew(VaultRequest request, string? id)
    {
        var now = time.GetUtcNow();
        if (id is null || !_tokens.TryGetValue(id, out var token) || token.ExpiresAt <= now)
            return VaultAnswer.Refuse(403, "bad token");
        if (!token.IsRenewable || token.ExpiresAt is null)
            return VaultAnswer.Refuse(400, "lease is not renewable");

        // The increment is a wish; a period is not negotiable, and nothing passes the maximum.
        var expires = now + (token.Period ?? request.Duration("increment") ?? token.Ttl);
        token.ExpiresAt = token.MaxExpiresAt < expires ? token.MaxExpiresAt : expires;
        return VaultAnswer.Login(token.Auth(now));
    }

    private VaultAnswer Revoked(Func<VaultToken, bool> which)
    {
        Revoke(which);
        return VaultAnswer.NoContent;
    }
}
