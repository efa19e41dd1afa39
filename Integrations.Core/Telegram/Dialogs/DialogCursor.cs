using System.Globalization;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>A place in the order of dialogs. It names the place and not the dialog there, so it stays where it is when that one moves.</summary>
public readonly record struct DialogCursor(DateTimeOffset At, Guid Id)
{
    public static DialogCursor Of(Dialog dialog)
    {
        ArgumentNullException.ThrowIfNull(dialog);
        // A dialog without messages stands where it was opened.
        return new(dialog.LastMessageAt ?? dialog.CreatedAt, dialog.Id);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks:x16}{Id:N}");

    public static bool TryParse(string? text, out DialogCursor cursor)
    {
        cursor = default;
        if (text is not { Length: 48 }
            || !long.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks)
            || ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks
            || !Guid.TryParseExact(text.AsSpan(16), "N", out var id))
        {
            return false;
        }

        cursor = new(new DateTimeOffset(ticks, TimeSpan.Zero), id);
        return true;
    }
}
