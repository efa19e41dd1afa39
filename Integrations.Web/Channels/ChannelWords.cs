using System.Text.RegularExpressions;

namespace Integrations.Web.Channels;

/// <summary>Reads the Api's words about channels.</summary>
internal static partial class ChannelWords
{
    /// <summary>The right that a refusal names; the right to post where it names none that is known here.</summary>
    public static string RightIn(string? detail) => Right().Match(detail ?? "") is { Success: true } named ? named.Value : "post_messages";

    [GeneratedRegex("administrator(?=\\))|post_messages|edit_messages|delete_messages|pin_messages", RegexOptions.CultureInvariant)]
    private static partial Regex Right();
}
