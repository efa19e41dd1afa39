using System.Xml;
using System.Xml.Linq;

namespace Integrations.Sandbox.Twilio;

/// <summary>One verb of a TwiML answer to a message.</summary>
internal abstract record TwimlVerb;

/// <summary><c>&lt;Message to from statusCallback&gt;</c>: null is the other side, the sender that was written to, no address of its own.</summary>
internal sealed record TwimlMessage(string? To, string? From, string? StatusCallback, string Body, IReadOnlyList<string> Media) : TwimlVerb;

/// <summary><c>&lt;Redirect method&gt;</c>: ask there, with the same parameters.</summary>
internal sealed record TwimlRedirect(string Url, string Method) : TwimlVerb;

/// <summary>Reads TwiML.</summary>
internal static class Twiml
{
    /// <summary>The verbs, and whether there were elements that are none: those are left out.</summary>
    /// <exception cref="XmlException">It is no XML with the root Response.</exception>
    public static (IReadOnlyList<TwimlVerb> Verbs, bool HasUnknown) Parse(string text)
    {
        using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        var root = XDocument.Load(reader).Root!;
        if (root.Name != "Response")
            throw new XmlException($"The root is {root.Name} and not Response.");

        var verbs = new List<TwimlVerb>();
        var hasUnknown = false;
        foreach (var element in root.Elements())
        {
            switch (element.Name.LocalName)
            {
                case "Message":
                    hasUnknown |= element.Elements().Any(child => child.Name.LocalName is not ("Body" or "Media"));
                    verbs.Add(Message(element));
                    break;
                case "Redirect":
                    verbs.Add(new TwimlRedirect(element.Value.Trim(), (string?)element.Attribute("method") ?? "POST"));
                    break;
                default:
                    hasUnknown = true;
                    break;
            }
        }

        return (verbs, hasUnknown);
    }

    /// <summary>Its text stands in Body, or in the element itself.</summary>
    private static TwimlMessage Message(XElement element)
    {
        var own = string.Concat(element.Nodes().OfType<XText>().Select(node => node.Value)).Trim();
        return new TwimlMessage(
            (string?)element.Attribute("to"),
            (string?)element.Attribute("from"),
            (string?)element.Attribute("statusCallback"),
            element.Element("Body")?.Value ?? own,
            [.. element.Elements("Media").Select(media => media.Value.Trim())]);
    }
}
