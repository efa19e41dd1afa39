using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>One request that the simulated Vault got: for tests that count.</summary>
/// <param name="Path">Without <c>/v1/</c> and without the query.</param>
public sealed record VaultCall(string Method, string Path, int Status);

/// <summary>
/// A simulated Vault: transit, KV v2, AppRole, Kubernetes, tokens with leases, policies, sealing and response wrapping, with Vault's own
/// status codes and error texts. It holds its state in memory and forgets it with the process: a tool for tests and trials, no store.
/// </summary>
/// <remarks>It begins as <c>vault server -dev</c> does: unsealed, KV v2 at <c>secret/</c>; transit besides, at <c>transit/</c>.</remarks>
public sealed class SandboxVault
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly List<VaultCall> _calls = [];
    private readonly Dictionary<string, VaultServiceAccount> _cluster = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (JsonObject Answer, string Path, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)> _wrapped = new(StringComparer.Ordinal);
    private readonly VaultSystem _system;

    /// <param name="rootToken">The root token, and the one key that unseals.</param>
    public SandboxVault(string rootToken, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(rootToken);
        _time = time ?? TimeProvider.System;
        Tokens = new VaultTokens(_time);
        Tokens.Root(rootToken);
        Seal = new VaultSeal([rootToken]);
        Engines = new(StringComparer.Ordinal)
        {
            ["auth/token/"] = Tokens,
            ["secret/"] = new KvEngine(_time),
            ["transit/"] = new TransitEngine(_time),
        };
        _system = new VaultSystem(this);
    }

    /// <summary>Status that every request but those of <c>sys/</c> gets instead of an answer; null for the truth.</summary>
    public int? Fault { get; set; }

    /// <summary>Every request so far.</summary>
    public IReadOnlyList<VaultCall> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    internal VaultTokens Tokens { get; }

    internal VaultPolicies Policies { get; } = new();

    internal VaultSeal Seal { get; }

    /// <summary>By the path of the mount, with a slash at its end.</summary>
    internal SortedDictionary<string, VaultEngine> Engines { get; }

    internal TimeProvider Time => _time;

    /// <summary>As an operator does in an emergency.</summary>
    public void SealNow()
    {
        lock (_lock)
            Seal.Close();
    }

    public void UnsealNow()
    {
        lock (_lock)
            Seal.Open();
    }

    /// <summary>The cluster vouches for this token from now on.</summary>
    public void AddServiceAccount(string jwt, VaultServiceAccount account)
    {
        lock (_lock)
            _cluster[jwt] = account;
    }

    /// <summary>Ends every token but the root's, as a restored backup or a zealous operator does.</summary>
    public void RevokeTokens()
    {
        lock (_lock)
            Tokens.Revoke(token => !token.IsRoot);
    }

    /// <summary>Forgets the calls so far.</summary>
    public void ForgetCalls()
    {
        lock (_lock)
            _calls.Clear();
    }

    internal VaultAnswer Answer(string method, VaultRequest request)
    {
        lock (_lock)
        {
            VaultAnswer answer;
            try
            {
                answer = Fault is { } status && !request.Path.StartsWith("sys/", StringComparison.Ordinal)
                    ? VaultAnswer.Refuse(status, "a fault on request")
                    : Wrap(request, Route(request));
            }
            catch (VaultRefusal refusal)
            {
                answer = refusal.Answer;
            }

            _calls.Add(new VaultCall(method, request.Path, answer.Status));
            return answer;
        }
    }

    internal VaultEngine? EngineFor(string type, string mount) => type switch
    {
        "kv" or "kv-v2" => new KvEngine(_time),
        "transit" => new TransitEngine(_time),
        "approle" => new AppRoleAuth(Tokens, mount, _time),
        "kubernetes" => new KubernetesAuth(Tokens, mount, _cluster, _time),
        _ => null,
    };

    /// <summary>What was kept back under a wrapping token, once.</summary>
    internal JsonObject Unwrap(string token) =>
        _wrapped.Remove(token, out var kept) && kept.ExpiresAt > _time.GetUtcNow()
            ? kept.Answer
            : throw new VaultRefusal(400, "wrapping token is not valid or does not exist");

    internal JsonObject LookUpWrapped(string token) =>
        _wrapped.TryGetValue(token, out var kept) && kept.ExpiresAt > _time.GetUtcNow()
            ? new JsonObject
            {
                ["creation_path"] = kept.Path,
                ["creation_time"] = kept.CreatedAt.UtcDateTime.ToString("O"),
                ["creation_ttl"] = (long)(kept.ExpiresAt - kept.CreatedAt).TotalSeconds,
            }
            : throw new VaultRefusal(400, "wrapping token is not valid or does not exist");

    private VaultAnswer Route(VaultRequest request)
    {
        if (VaultSystem.IsOpen(request.Path))
            return _system.Handle(request, request.Path["sys/".Length..]);
        if (!Seal.IsInitialized || Seal.IsSealed)
            return VaultAnswer.Refuse(503, "Vault is sealed");

        var (mount, engine) = Engines.FirstOrDefault(engine => request.Path.StartsWith(engine.Key, StringComparison.Ordinal));
        var below = engine is null ? "" : request.Path[mount.Length..];
        if (engine?.IsOpen(below) == true)
            return engine.Handle(request, below);
        // Whoever has the wrapping token needs no other; a used one is told so, and not that it lacks a permission.
        if (request.Path == "sys/wrapping/unwrap")
            return _system.Handle(request, "wrapping/unwrap");

        if (Tokens.Use(request.Token) is not { } token || !IsAllowed(token, request, engine?.Exists(below)))
            return VaultAnswer.Denied;
        if (request.Path.StartsWith("sys/", StringComparison.Ordinal))
            return _system.Handle(request, request.Path["sys/".Length..], token);

        return engine is null
            ? VaultAnswer.Refuse(404, $"no handler for route \"{request.Path}\". route entry not found.")
            : engine.Handle(request, below);
    }

    private bool IsAllowed(VaultToken token, VaultRequest request, bool? exists)
    {
        var capabilities = Policies.Capabilities(token.Policies, request.Path);
        if (capabilities is ["root"])
            return true;

        var wanted = request.Verb switch
        {
            VaultVerb.Read => "read",
            VaultVerb.List => "list",
            VaultVerb.Delete => "delete",
            VaultVerb.Patch => "patch",
            _ => exists == false ? "create" : "update",
        };
        return capabilities.Contains(wanted) && (!VaultSystem.NeedsSudo(request.Path) || capabilities.Contains("sudo"));
    }

    private VaultAnswer Wrap(VaultRequest request, VaultAnswer answer)
    {
        if (request.WrapFor is not { } ttl || answer is not { Status: 200, Body: { } body })
            return answer;

        var now = _time.GetUtcNow();
        var token = "hvs." + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        _wrapped[token] = (body, request.Path, now, now + ttl);
        return new VaultAnswer(200, VaultAnswer.Envelope(wrap: new JsonObject
        {
            ["token"] = token,
            ["accessor"] = VaultTokens.NewId(""),
            ["ttl"] = (long)ttl.TotalSeconds,
            ["creation_time"] = now.UtcDateTime.ToString("O"),
            ["creation_path"] = request.Path,
        }));
    }
}
