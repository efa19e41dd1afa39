namespace Integrations.Sandbox.Vault;

/// <summary>What is mounted at a path: a secrets engine or an auth method.</summary>
internal abstract class VaultEngine
{
    /// <summary>Its type, as <c>sys/mounts</c> calls it.</summary>
    public abstract string Type { get; }

    /// <param name="path">The path below the mount.</param>
    public abstract VaultAnswer Handle(VaultRequest request, string path);

    /// <summary>Whether anybody may ask without a token.</summary>
    public virtual bool IsOpen(string path) => false;

    /// <summary>Null where the engine does not tell creating from updating: then every write is an update.</summary>
    public virtual bool? Exists(string path) => null;
}
