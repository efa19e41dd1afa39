using System.Collections.Frozen;
using System.Globalization;
using Integrations.Core.Connectors;

namespace Integrations.Core.WhatsApp;

/// <summary>What Twilio's codes mean for a message, at once or in a status callback (https://www.twilio.com/docs/api/errors), and what to do.</summary>
public static class TwilioErrors
{
    private static readonly FrozenDictionary<int, Func<string, ConnectorOutcome>> Known = Table().ToFrozenDictionary();

    /// <param name="status">Of HTTP; null in a callback.</param>
    /// <param name="code">Twilio's own; null where the answer had none.</param>
    /// <param name="wait">As long as Twilio asked to be left alone.</param>
    public static ConnectorOutcome Of(int? status, int? code, TimeSpan? wait = null)
    {
        if (code is { } number && Known.TryGetValue(number, out var meaning))
            return meaning(Text(number)) is ConnectorOutcome.RateLimited limited ? limited with { Wait = wait } : meaning(Text(number));

        var name = Text(code ?? status ?? 0);
        return status switch
        {
            401 or 403 => new ConnectorOutcome.AuthLost(name, "Twilio does not take these credentials. Enter the account's current auth token."),
            429 => new ConnectorOutcome.RateLimited(name, "Twilio takes no more for now. It is tried again.", wait),
            // Without a code it need not be Twilio that answered, and not before it was done.
            >= 500 when code is null => new ConnectorOutcome.Unknown(name, "Twilio failed in answering. It may have been done there; it is looked for before it is done again."),
            >= 500 => new ConnectorOutcome.Transient(name, "Twilio failed. It is tried again."),
            >= 200 and <= 299 => new ConnectorOutcome.Unknown(name, "Twilio's answer cannot be read. It may have been done there; it is looked for before it is done again."),
            _ => new ConnectorOutcome.Permanent(name, $"Twilio refused it with {name}: https://www.twilio.com/docs/errors/{name}"),
        };
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<int, Func<string, ConnectorOutcome>> Table()
    {
        Dictionary<int, Func<string, ConnectorOutcome>> table = [];
        Auth("Twilio does not take these credentials. Enter the account's current auth token.", 20003);
        Auth("The account is not active. Look into Twilio's console.", 20005, 30002);
        Limited("Twilio takes no more for now. It is tried again.", 20429);
        Limited("More waits at Twilio for this sender than it sends in four hours. It is tried again later.", 21611, 30001);
        Limited("WhatsApp takes no more from this sender for now. It is tried again.", 63017, 63018);
        Limited("The account has reached its limit of messages of a day. It is tried again later.", 63038);
        Transient("Twilio is not available. It is tried again.", 20503);
        Transient("WhatsApp failed. It is tried again.", 63009, 63010, 63012);
        Bad("The text is missing.", 21602);
        Bad("The text has more than 1600 characters. Divide it.", 21617);
        Bad("Twilio cannot make this message. Look at its content.", 21619);
        Bad("The address of the file is not taken: it has to be a public one.", 21620);
        Bad("WhatsApp takes one file per message.", 21623);
        Bad("The template is missing or is not known. Choose an approved one.", 21654, 21655);
        Bad("The template's values are not JSON of numbers and texts.", 21656);
        Bad("The person has not written within 24 hours: only an approved template is taken now.", 63016);
        Bad("WhatsApp does not take this content.", 63005, 63006, 63013, 63021);
        Bad("The file could not be fetched, or has more than 16 MB.", 11751, 63019, 63034);
        Bad("The template is not there in this language, or its values do not fit it.", 63027, 63028, 63029);
        Bad("WhatsApp has rejected, paused or disabled the template. Choose another one.", 63040, 63041, 63042);
        Gone("The number is none that can be reached.", 21211, 21604, 21614);
        Gone("The person is not on WhatsApp.", 63003, 63024);
        Gone("The person does not want messages from this number.", 21610, 63014, 63033);
        Gone("WhatsApp did not deliver it to this person.", 63032, 63049, 30003, 30005, 30007, 30008);
        Gone("The person has not joined Twilio's sandbox.", 63015);
        Gone("The sender is not set up for WhatsApp. Check the number in Twilio's console.", 21212, 21603, 21606, 63001, 63002, 63007);
        Gone("The account may not send into this country. Allow it in Twilio's console.", 21408);
        Gone("The messaging service has no sender, or is not there.", 21703, 21705);
        Gone("Meta has locked the business or its name. Look into Meta's Business Manager.", 63020, 63022, 63051);
        return table;

        void Auth(string detail, params int[] codes) => Put(codes, code => new ConnectorOutcome.AuthLost(code, detail));
        void Limited(string detail, params int[] codes) => Put(codes, code => new ConnectorOutcome.RateLimited(code, detail, null));
        void Transient(string detail, params int[] codes) => Put(codes, code => new ConnectorOutcome.Transient(code, detail));
        void Bad(string detail, params int[] codes) => Put(codes, code => new ConnectorOutcome.BadContent(code, detail));
        void Gone(string detail, params int[] codes) => Put(codes, code => new ConnectorOutcome.Permanent(code, detail));

        void Put(int[] codes, Func<string, ConnectorOutcome> meaning)
        {
            foreach (var code in codes)
                table.Add(code, meaning);
        }
    }
}
