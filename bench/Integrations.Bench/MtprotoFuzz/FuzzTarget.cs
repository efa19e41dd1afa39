namespace Integrations.Bench.MtprotoFuzz;

/// <summary>A part of the wire that reads what somebody else has written.</summary>
internal abstract class FuzzTarget
{
    public abstract string Name { get; }

    /// <summary>Its part of all inputs, beside the weights of the others: what is cheap to try is tried more often.</summary>
    public abstract int Weight { get; }

    /// <summary>Makes one input that passes the first check of its length.</summary>
    public abstract byte[] Make(Mutator mutator);

    /// <summary>Reads it. Only the exceptions of <see cref="IsDocumented"/> may leave.</summary>
    public abstract void Read(byte[] input);

    /// <summary>Whether the reader says that it refuses like this.</summary>
    public abstract bool IsDocumented(Exception exception);

    /// <summary>The memory that reading may take, in bytes.</summary>
    public virtual long Allowance(int length) => FuzzLimits.Fixed + ((long)length * FuzzLimits.PerByte);
}

/// <summary>What reading may take.</summary>
internal static class FuzzLimits
{
    /// <summary>The exception with its trace, and places for items that did not come.</summary>
    public const long Fixed = 256 * 1024;

    /// <summary>
    /// An object of the schema is larger in memory than on the wire: a constructor of four bytes without fields is an object of 24, and one
    /// whose flags are empty has all its fields nevertheless.
    /// </summary>
    public const long PerByte = 64;

    /// <summary>Reading for so long is a hang, when it happens at every try.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(2);

    public const int Tries = 3;
}
