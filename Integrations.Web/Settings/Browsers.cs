namespace Integrations.Web.Settings;

/// <summary>What people call a browser, read from what it calls itself.</summary>
internal static class Browsers
{
    // In this order: most of them also name those that they descend from.
    private static readonly (string Mark, string Name)[] Kinds =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("YaBrowser/", "Yandex Browser"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];

    private static readonly (string Mark, string Name)[] Systems =
        [("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

    /// <summary>For example "Firefox · Windows"; the first words of an unknown one; null for none.</summary>
    public static string? NameOf(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
            return null;

        var found = new[] { Find(Kinds, userAgent), Find(Systems, userAgent) }.Where(name => name is not null).ToArray();
        return found.Length > 0 ? string.Join(" · ", found) : userAgent.Split(' ')[0];
    }

    private static string? Find((string Mark, string Name)[] known, string userAgent) =>
        Array.Find(known, pair => userAgent.Contains(pair.Mark, StringComparison.Ordinal)).Name;
}
