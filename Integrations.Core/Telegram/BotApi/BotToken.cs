using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Integrations.Core.Telegram.BotApi;

/// <summary>What BotFather gives for a bot: <c>id:secret</c>. It shows itself masked wherever it is written out.</summary>
public sealed partial class BotToken
{
    /// <summary>Of the whole, as Telegram's own server has it.</summary>
    public const int MaxLength = 80;

    private BotToken(string value) => Value = value;

    /// <summary>The secret itself: for the address of a call and for sealing, nothing else.</summary>
    public string Value { get; }

    /// <summary>Enough to tell two tokens apart: <c>1234…wxyz</c>.</summary>
    public string Masked => Value.Length >= 16 ? $"{Value[..4]}…{Value[^4..]}" : "***";

    /// <summary>Checks the form alone; whether it is a bot's, Telegram says.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out BotToken? token)
    {
        token = text is { Length: <= MaxLength } && Form().IsMatch(text) ? new BotToken(text) : null;
        return token is not null;
    }

    /// <summary>For one that was checked before it was stored.</summary>
    /// <exception cref="FormatException">It is none; the message does not show it.</exception>
    public static BotToken Parse(string text) => TryParse(text, out var token) ? token : throw new FormatException("Not the token of a bot.");

    public override string ToString() => Masked;

    [GeneratedRegex(@"^[0-9]+:[A-Za-z0-9_-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
