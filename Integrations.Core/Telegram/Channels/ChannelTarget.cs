using System.Globalization;
using System.Text.RegularExpressions;

namespace Integrations.Core.Telegram.Channels;

/// <summary>How somebody names a channel or group: exactly one of these is set.</summary>
/// <param name="Username">Without the @.</param>
/// <param name="Invite">The secret part of an invite link.</param>
/// <param name="Id">As the Bot API writes a chat.</param>
public sealed partial record ChannelTarget(string? Username, string? Invite, long? Id)
{
    private const int LongestText = 200;

    /// <summary>Reads <c>@name</c>, <c>name</c>, <c>t.me/name</c>, <c>t.me/+invite</c>, <c>t.me/c/123/4</c> and a negative id; null for anything else.</summary>
    public static ChannelTarget? Parse(string? text)
    {
        var given = text?.Trim() ?? "";
        if (given.Length is 0 or > LongestText)
            return null;
        if (long.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id))
            return id < 0 ? new(null, null, id) : null;

        var link = Link().Match(given);
        var rest = link.Success ? given[link.Length..] : given;
        if (Invitation().Match(rest) is { Success: true } invitation && (link.Success || rest[0] == '+'))
            return new(null, invitation.Groups[1].Value, null);
        if (link.Success && Private().Match(rest) is { Success: true } hidden)
            return new(null, null, Bots.BotChat.IdOf(new(Dialogs.PeerKind.Channel, long.Parse(hidden.Groups[1].Value, CultureInfo.InvariantCulture))));
        return Public().Match(rest) is { Success: true } name ? new(name.Groups[1].Value, null, null) : null;
    }

    /// <summary>As it can be parsed again.</summary>
    public string AsText() => Username is not null ? "@" + Username : Invite is not null ? "+" + Invite : Id!.Value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me)/", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex(@"^(?:\+|joinchat/)([A-Za-z0-9_-]{5,64})/?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Invitation();

    [GeneratedRegex(@"^c/([0-9]{1,15})(?:/[0-9/]*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Private();

    [GeneratedRegex(@"^@?(?:s/)?([A-Za-z][A-Za-z0-9_]{3,31})(?:/[0-9/]*)?/?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Public();
}
