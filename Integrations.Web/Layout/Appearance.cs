namespace Integrations.Web.Layout;

/// <summary>Light, dark, or as the reader's system says; kept in a cookie, so that the first byte already has it.</summary>
internal static class Appearance
{
    public const string CookieName = "theme";
    public const string Auto = "auto";
    public const string Light = "light";
    public const string Dark = "dark";

    public static readonly string[] All = [Auto, Light, Dark];

    public static string Of(HttpContext? context) =>
        context?.Request.Cookies[CookieName] is { } chosen && All.Contains(chosen, StringComparer.Ordinal) ? chosen : Auto;
}
