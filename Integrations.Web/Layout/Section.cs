namespace Integrations.Web.Layout;

/// <summary>A page of the console that the navigation, the palette and the window's title know.</summary>
/// <param name="Href">Its address; the first segment tells which section an address belongs to.</param>
/// <param name="Text">The key of its name.</param>
/// <param name="Icon">One of the shapes of <see cref="Layout.Icon"/>.</param>
/// <param name="Main">Shown in the bar of a telephone; the others stand behind "More" there.</param>
/// <param name="Roles">Who is offered it, by role; null for everybody.</param>
internal sealed record Section(string Href, string Text, string Icon, bool Main = false, string? Roles = null)
{
    private const string Administrators = "owner,admin";

    /// <summary>In the order in which they are offered.</summary>
    public static readonly IReadOnlyList<Section> All =
    [
        new("/", "Overview", "gauge", Main: true),
        new("/dialogs", "Dialogs", "chat", Main: true),
        new("/accounts", "Accounts", "accounts", Main: true),
        new("/bots", "Bots", "bot"),
        new("/channels", "Channels", "channel"),
        new("/activity", "Activity", "log", Main: true),
        new("/projects", "Projects", "folder"),
        new("/people", "People", "group", Roles: Administrators),
        new("/audit", "Audit", "shield", Roles: Administrators),
        new("/refusals", "Refusals", "alert", Roles: Administrators),
        new("/system", "System", "server", Roles: Administrators),
        new("/settings", "YourSettings", "settings"),
    ];

    /// <summary>The section of an address relative to the base; null for pages outside them all.</summary>
    public static Section? Of(string relative)
    {
        var first = "/" + relative.Split('/', '?', '#')[0];
        return All.FirstOrDefault(section => section.Href == first);
    }
}
