using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Vault;

/// <summary>The key-value engine, version 2: every write is a version, and deleting is not destroying.</summary>
internal sealed class KvEngine(TimeProvider time) : VaultEngine
{
    private const int DefaultMaxVersions = 10;

    private readonly SortedDictionary<string, Secret> _secrets = new(StringComparer.Ordinal);
    private bool _casRequired;
    private int _maxVersions;

    public override string Type => "kv";

    public override VaultAnswer Handle(VaultRequest request, string path)
    {
        var (what, name) = path.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? (path[..slash], path[(slash + 1)..]) : (path, "");
        return (request.Verb, what) switch
        {
            (VaultVerb.Read, "config") => VaultAnswer.Data(new JsonObject { ["max_versions"] = _maxVersions, ["cas_required"] = _casRequired, ["delete_version_after"] = "0s" }),
            (VaultVerb.Write, "config") => Configure(request),
            (VaultVerb.List, "metadata") => List(name),
            (_, "data" or "metadata" or "delete" or "undelete" or "destroy") when name.Length == 0 => VaultAnswer.NotFound,
            (VaultVerb.Read, "data") => Read(request, name),
            (VaultVerb.Write, "data") => Write(request, name),
            (VaultVerb.Patch, "data") => Patch(request, name),
            (VaultVerb.Delete, "data") => Change(name, secret => [secret.Current], version => version.DeletedAt ??= time.GetUtcNow()),
            (VaultVerb.Write, "delete") => Change(name, _ => Versions(request), version => version.DeletedAt ??= time.GetUtcNow()),
            (VaultVerb.Write, "undelete") => Change(name, _ => Versions(request), version => version.DeletedAt = null),
            (VaultVerb.Write, "destroy") => Change(name, _ => Versions(request), version => (version.Data, version.IsDestroyed) = (null, true)),
            (VaultVerb.Read, "metadata") => _secrets.TryGetValue(name, out var secret) ? VaultAnswer.Data(Metadata(secret)) : VaultAnswer.NotFound,
            (VaultVerb.Write, "metadata") => Describe(request, name),
            (VaultVerb.Delete, "metadata") => Forget(name),
            _ => VaultAnswer.Unsupported,
        };
    }

    public override bool? Exists(string path) => path.StartsWith("data/", StringComparison.Ordinal) ? _secrets.ContainsKey(path["data/".Length..]) : null;

    private VaultAnswer Configure(VaultRequest request)
    {
        _casRequired = request.Flag("cas_required") ?? _casRequired;
        _maxVersions = request.Number("max_versions") ?? _maxVersions;
        return VaultAnswer.NoContent;
    }

    private VaultAnswer List(string prefix)
    {
        prefix = prefix.Length == 0 || prefix.EndsWith('/') ? prefix : prefix + "/";
        return VaultAnswer.Keys(_secrets.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(key => key[prefix.Length..]).Select(rest => rest.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? rest[..(slash + 1)] : rest).Distinct());
    }

    private VaultAnswer Read(VaultRequest request, string name)
    {
        if (!_secrets.TryGetValue(name, out var secret) || secret.Current == 0)
            return VaultAnswer.NotFound;

        var wanted = request.Query.TryGetValue("version", out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : secret.Current;
        if (!secret.Versions.TryGetValue(wanted, out var version))
            return VaultAnswer.NotFound;

        // Deleted and destroyed ones are not found, but say so with their metadata.
        var gone = version.IsDestroyed || version.DeletedAt is not null;
        return VaultAnswer.Data(
            new JsonObject { ["data"] = gone ? null : version.Data!.DeepClone(), ["metadata"] = Metadata(secret, wanted, version) }, gone ? 404 : 200);
    }

    private VaultAnswer Write(VaultRequest request, string name)
    {
        if (request.Body["data"] is not JsonObject data)
            return VaultAnswer.Refuse(400, "no data provided");

        _secrets.TryGetValue(name, out var secret);
        var options = request with { Body = request.Body["options"] as JsonObject ?? [] };
        var cas = options.Number("cas");
        if (cas is null && (_casRequired || secret?.CasRequired == true))
            return VaultAnswer.Refuse(400, "check-and-set parameter required for this call");
        if (cas is { } expected && expected != (secret?.Current ?? 0))
            return VaultAnswer.Refuse(400, "check-and-set parameter did not match the current version");

        return Put(secret ?? (_secrets[name] = new Secret(time.GetUtcNow())), data);
    }

    private VaultAnswer Patch(VaultRequest request, string name)
    {
        if (!_secrets.TryGetValue(name, out var secret) || !secret.Versions.TryGetValue(secret.Current, out var version) || version.Data is null || version.DeletedAt is not null)
            return VaultAnswer.NotFound;

        var options = request with { Body = request.Body["options"] as JsonObject ?? [] };
        if (options.Number("cas") is { } cas && cas != secret.Current)
            return VaultAnswer.Refuse(400, "check-and-set parameter did not match the current version");

        var merged = version.Data.DeepClone().AsObject();
        foreach (var (key, value) in request.Body["data"] as JsonObject ?? [])
        {
            if (value is null)
                merged.Remove(key);
            else
                merged[key] = value.DeepClone();
        }

        return Put(secret, merged);
    }

    private VaultAnswer Put(Secret secret, JsonObject data)
    {
        secret.Current++;
        secret.UpdatedAt = time.GetUtcNow();
        var version = secret.Versions[secret.Current] = new Version(time.GetUtcNow()) { Data = data.DeepClone().AsObject() };
        var most = secret.MaxVersions > 0 ? secret.MaxVersions : _maxVersions > 0 ? _maxVersions : DefaultMaxVersions;
        foreach (var old in secret.Versions.Keys.Where(number => number <= secret.Current - most).ToList())
            secret.Versions.Remove(old);

        return VaultAnswer.Data(Metadata(secret, secret.Current, version));
    }

    private VaultAnswer Change(string name, Func<Secret, IReadOnlyList<int>> which, Action<Version> change)
    {
        if (_secrets.TryGetValue(name, out var secret))
        {
            foreach (var number in which(secret))
            {
                if (secret.Versions.TryGetValue(number, out var version))
                    change(version);
            }
        }

        return VaultAnswer.NoContent;
    }

    private VaultAnswer Describe(VaultRequest request, string name)
    {
        if (!_secrets.TryGetValue(name, out var secret))
            secret = _secrets[name] = new Secret(time.GetUtcNow());

        secret.MaxVersions = request.Number("max_versions") ?? secret.MaxVersions;
        secret.CasRequired = request.Flag("cas_required") ?? secret.CasRequired;
        secret.Custom = request.Body["custom_metadata"]?.DeepClone().AsObject() ?? secret.Custom;
        return VaultAnswer.NoContent;
    }

    private VaultAnswer Forget(string name)
    {
        _secrets.Remove(name);
        return VaultAnswer.NoContent;
    }

    private static IReadOnlyList<int> Versions(VaultRequest request) =>
        request.Body["versions"] is JsonArray array ? [.. array.Select(item => int.Parse(item!.ToString(), CultureInfo.InvariantCulture))] : throw new VaultRefusal(400, "No version number provided");

    private static JsonObject Metadata(Secret secret, int number, Version version) => new()
    {
        ["created_time"] = Time(version.CreatedAt),
        ["custom_metadata"] = secret.Custom?.DeepClone(),
        ["deletion_time"] = version.DeletedAt is { } at ? Time(at) : "",
        ["destroyed"] = version.IsDestroyed,
        ["version"] = number,
    };

    private static JsonObject Metadata(Secret secret) => new()
    {
        ["cas_required"] = secret.CasRequired,
        ["created_time"] = Time(secret.CreatedAt),
        ["current_version"] = secret.Current,
        ["custom_metadata"] = secret.Custom?.DeepClone(),
        ["delete_version_after"] = "0s",
        ["max_versions"] = secret.MaxVersions,
        ["oldest_version"] = secret.Versions.Keys.FirstOrDefault(),
        ["updated_time"] = Time(secret.UpdatedAt),
        ["versions"] = new JsonObject(secret.Versions.Select(version => KeyValuePair.Create(
            version.Key.ToString(CultureInfo.InvariantCulture),
            (JsonNode?)new JsonObject
            {
                ["created_time"] = Time(version.Value.CreatedAt),
                ["deletion_time"] = version.Value.DeletedAt is { } at ? Time(at) : "",
                ["destroyed"] = version.Value.IsDestroyed,
            }))),
    };

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private sealed class Secret(DateTimeOffset createdAt)
    {
        public DateTimeOffset CreatedAt { get; } = createdAt;

        public DateTimeOffset UpdatedAt { get; set; } = createdAt;

        public SortedDictionary<int, Version> Versions { get; } = [];

        public int Current { get; set; }

        public int MaxVersions { get; set; }

        public bool CasRequired { get; set; }

        public JsonObject? Custom { get; set; }
    }

    private sealed class Version(DateTimeOffset createdAt)
    {
        public DateTimeOffset CreatedAt => createdAt;

        public JsonObject? Data { get; set; }

        public DateTimeOffset? DeletedAt { get; set; }

        public bool IsDestroyed { get; set; }
    }
}
