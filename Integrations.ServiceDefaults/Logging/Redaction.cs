using System.Text.RegularExpressions;

namespace Integrations.ServiceDefaults.Logging;

/// <summary>
/// Takes phones, tokens and passwords out of what is about to leave the process as a log line or a span.
/// The last net, not the first: code does not log secrets; a library's message or an address may still carry one.
/// </summary>
internal static partial class Redaction
{
    private const string Hidden = "***";

    /// <summary>The same instance when there was nothing to mask.</summary>
    public static string Text(string text)
    {
        var masked = PhoneNumber().Replace(text, match => Phone(match.Value));
        masked = UrlPassword().Replace(masked, "${before}***@");
        masked = BotAddress().Replace(masked, match => match.Groups["before"].Value + Secret(match.Groups["token"].Value));
        masked = BotToken().Replace(masked, match => Secret(match.Value));
        masked = JsonWebToken().Replace(masked, match => Secret(match.Value));
        masked = PrefixedToken().Replace(masked, match => Secret(match.Value));
        masked = Credentials().Replace(masked, "${scheme} ***");
        masked = NamedSecret().Replace(masked, "${name}***");
        return masked == text ? text : masked;
    }

    /// <summary>A logged field is masked by its name too, because a bare number or word says nothing by itself.</summary>
    public static string Field(string name, string value)
    {
        if (name.Contains("phone", StringComparison.OrdinalIgnoreCase))
            return Phone(value);

        return SecretName().IsMatch(name) ? Secret(value) : Text(value);
    }

    /// <summary>True when <see cref="Field"/> masks the whole value because of the field's name.</summary>
    public static bool IsSensitive(string name) => name.Contains("phone", StringComparison.OrdinalIgnoreCase) || SecretName().IsMatch(name);

    /// <summary>Keeps the country's beginning and the last two digits: enough to tell two callers apart, too little to call one.</summary>
    private static string Phone(string value) => value.Length >= 8 ? $"{value[..3]}{Hidden}{value[^2..]}" : Hidden;

    private static string Secret(string value) => value.Length >= 16 ? $"{value[..4]}…{value[^4..]}" : Hidden;

    /// <summary>International form with a plus (also as %2B): a bare run of digits is more often an id than a phone.</summary>
    [GeneratedRegex(@"(?:\+|%2B)[1-9](?:[ ()-]{0,2}\d){6,14}(?!\d)", RegexOptions.IgnoreCase)]
    private static partial Regex PhoneNumber();

    [GeneratedRegex(@"(?<before>://[^\s/:@]{0,256}:)[^\s/@]{1,1024}@")]
    private static partial Regex UrlPassword();

    /// <summary>Telegram's form: the bot's id, a colon and 35 characters.</summary>
    [GeneratedRegex(@"(?<!\d)\d{5,16}:[\w-]{30,64}")]
    private static partial Regex BotToken();

    /// <summary>After these words of an address anything of that form is a token, however short, escaped or not.</summary>
    [GeneratedRegex(@"(?<before>/(?:bot|webhooks/telegram/))(?<token>\d+(?::|%3A)[\w-]+)", RegexOptions.IgnoreCase)]
    private static partial Regex BotAddress();

    [GeneratedRegex(@"\beyJ[\w-]{5,}\.[\w-]{2,}\.[\w-]*")]
    private static partial Regex JsonWebToken();

    [GeneratedRegex(@"\b(?:ses|own|tkt|key|sk|pk|whsec|tok)_[\w+/=-]{12,}")]
    private static partial Regex PrefixedToken();

    [GeneratedRegex(@"\b(?<scheme>Bearer|Basic)\s+[\w.~+/=-]{8,}", RegexOptions.IgnoreCase)]
    private static partial Regex Credentials();

    /// <summary><c>password=…</c>, <c>"token": "…"</c>, <c>?access_token=…</c>, <c>X-Internal-Key: …</c>; prose such as "wrong password: try again" stays.</summary>
    [GeneratedRegex(
        @"(?<name>\b[\w-]{0,64}?(?:password|passwd|pwd|secret|(?<!PublicKey)token|api[_-]?key|internal[_-]?key|api[_-]?hash|signature)(?:=|""\s{0,4}:\s{0,4}""|'\s{0,4}:\s{0,4}'|:\s?(?=[\w+/=.~-]{12})))[^\s""'&;,<>]+",
        RegexOptions.IgnoreCase)]
    private static partial Regex NamedSecret();

    [GeneratedRegex(@"password|passwd|secret|token$|token_?value|api_?key|api_?hash|internal_?key|authorization|cookie|session_?payload|login_?code|signature",
        RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
