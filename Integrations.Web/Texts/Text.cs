namespace Integrations.Web.Texts;

/// <summary>Names the resource set of the console: <c>Text.resx</c> (English), <c>Text.ru.resx</c>, <c>Text.uk.resx</c>.</summary>
internal sealed class Text;
