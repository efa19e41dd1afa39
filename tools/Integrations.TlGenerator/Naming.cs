using System.Text;

namespace Integrations.TlGenerator;

/// <summary>C# names of TL names.</summary>
public static class Naming
{
    // Members that every class has already.
    private static readonly HashSet<string> Inherited = ["ConstructorId", "TlName", "FirstLayer", "Write", "ToBytes", "ToString", "Equals", "GetType", "ReadBody"];

    /// <summary><c>messages.sendMessage</c> → <c>MessagesSendMessage</c>, <c>p_q_inner_data</c> → <c>PQInnerData</c>.</summary>
    public static string Pascal(string name)
    {
        var text = new StringBuilder(name.Length);
        var upper = true;
        foreach (var c in name)
        {
            if (c is '.' or '_')
            {
                upper = true;
                continue;
            }

            text.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = false;
        }

        return text.ToString();
    }

    /// <summary>A member may not bear its class's name, nor hide an inherited one: it gets the suffix <c>Value</c>.</summary>
    public static string Property(string className, TlField field)
    {
        var name = Pascal(field.Name);
        return name == className || Inherited.Contains(name) ? name + "Value" : name;
    }

    /// <summary>A local variable; the prefix keeps it clear of keywords.</summary>
    public static string Local(TlField field) => field.IsFlags ? field.Name : "v" + Pascal(field.Name);
}
