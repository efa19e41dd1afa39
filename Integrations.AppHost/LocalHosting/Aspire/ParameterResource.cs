using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>How a parameter that nobody set gets its value.</summary>
public abstract class ParameterDefault
{
    public abstract string GetDefaultValue();
}

/// <summary>A random value from the allowed kinds of characters.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    /// <summary>Characters in the value.</summary>
    public int MinLength { get; set; } = 22;

    public bool Lower { get; set; } = true;

    public bool Upper { get; set; } = true;

    public bool Numeric { get; set; } = true;

    public bool Special { get; set; } = true;

    public override string GetDefaultValue()
    {
        // No look-alikes, and no special character that a connection string or a URI would have to escape.
        var alphabet = (Lower ? "abcdefghjkmnpqrstuvwxyz" : "") + (Upper ? "ABCDEFGHJKMNPQRSTUVWXYZ" : "")
            + (Numeric ? "0123456789" : "") + (Special ? "-_" : "");
        return RandomNumberGenerator.GetString(alphabet, MinLength);
    }
}

/// <summary>A value from outside: configuration <c>Parameters:{name}</c>, or its default.</summary>
public class ParameterResource : Resource, IExpressionValue
{
    private readonly Lazy<string> _value;

    public ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false)
        : base(name)
    {
        _value = new Lazy<string>(() => callback(Default));
        Secret = secret;
    }

    public ParameterDefault? Default { get; set; }

    /// <summary>Whether the value must never be shown.</summary>
    public bool Secret { get; }

    public string ValueExpression => $"{{{Name}.value}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => new(_value.Value);
}
