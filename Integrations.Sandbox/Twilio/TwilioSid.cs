using System.Security.Cryptography;

namespace Integrations.Sandbox.Twilio;

/// <summary>Twilio's ids: two letters that tell the kind, and 32 hexadecimal digits.</summary>
internal static class TwilioSid
{
    public static string New(string kind) => kind + Secret();

    /// <summary>32 hexadecimal digits, the form of auth tokens as well.</summary>
    public static string Secret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
