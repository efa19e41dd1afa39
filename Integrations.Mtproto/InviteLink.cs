namespace Integrations.Mtproto;

/// <summary>The forms in which people pass invite links on (core.telegram.org/api/links#chat-invite-links).</summary>
public static class InviteLink
{
    private static readonly string[] Beginnings = ["https://t.me/+", "https://t.me/joinchat/", "https://telegram.me/+", "https://telegram.me/joinchat/", "tg://join?invite=", "+"];

    /// <summary>The part that Telegram asks for.</summary>
    /// <exception cref="FormatException">No invite link. The text is not quoted: whoever has it may join.</exception>
    public static string HashOf(string link)
    {
        ArgumentNullException.ThrowIfNull(link);
        var text = link.Trim();
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            text = "https://" + text["http://".Length..];
        else if (text.StartsWith("t.me/", StringComparison.OrdinalIgnoreCase) || text.StartsWith("telegram.me/", StringComparison.OrdinalIgnoreCase))
            text = "https://" + text;
        foreach (var beginning in Beginnings)
        {
            if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            {
                text = text[beginning.Length..];
                break;
            }
        }

        var hash = text.Split('?', '&', '#', '/')[0];
        return hash.Length > 0 && hash.Length == text.TrimEnd('/').Split('?', '&', '#')[0].Length && hash.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? hash
            : throw new FormatException("This is no invite link. Write https://t.me/+… as Telegram shows it.");
    }
}
