namespace Integrations.Sandbox.Telegram.World;

/// <summary>Buttons under a message of a bot.</summary>
internal sealed record InlineKeyboard(InlineButton[][] Rows)
{
    public bool IsSameAs(InlineKeyboard? other) =>
        other is not null && Rows.Length == other.Rows.Length && Rows.Zip(other.Rows).All(pair => pair.First.SequenceEqual(pair.Second));
}

/// <summary>One of them: exactly one of the other three is set.</summary>
/// <param name="Data">What the bot is told when it is pressed: 1 to 64 bytes of UTF-8.</param>
/// <param name="Url">What it opens.</param>
/// <param name="Copies">What it copies to the clipboard.</param>
internal sealed record InlineButton(string Text, string? Data, string? Url, string? Copies);
