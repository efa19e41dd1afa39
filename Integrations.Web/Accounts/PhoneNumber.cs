namespace Integrations.Web.Accounts;

/// <summary>Phone numbers as people type them.</summary>
internal static class PhoneNumber
{
    /// <summary>Without what is only there for the eye, and with the + of the international form. Whether it is a number, the Api says.</summary>
    public static string Normalise(string? typed)
    {
        var number = string.Concat((typed ?? "").Where(c => !char.IsWhiteSpace(c) && c is not ('-' or '(' or ')' or '.')));
        if (number.StartsWith("00", StringComparison.Ordinal))
            number = string.Concat("+", number.AsSpan(2));
        return number.Length > 0 && char.IsAsciiDigit(number[0]) ? "+" + number : number;
    }
}
