using System.IO.Compression;
using System.Text;

namespace Integrations.Web.Tests.Leaks;

/// <summary>Looks for secrets in bytes: as they are, in UTF-16, in Base64 at each of its three alignments, in hexadecimal, and encoded for URLs; also inside gzip.</summary>
internal sealed class SecretSearch(IReadOnlyDictionary<string, string> secrets)
{
    private readonly List<(string Name, byte[] Bytes)> _patterns = [.. secrets.SelectMany(secret => FormsOf(secret.Value).Select(form => ($"{secret.Key} ({form.Form})", form.Bytes)))];

    /// <summary>What was found, as its name and its form; never the secret.</summary>
    public IEnumerable<string> In(ReadOnlySpan<byte> bytes)
    {
        List<string> found = [];
        foreach (var (name, pattern) in _patterns)
        {
            if (bytes.IndexOf(pattern) >= 0)
                found.Add(name);
        }

        for (var at = bytes.IndexOf((ReadOnlySpan<byte>)[0x1f, 0x8b, 0x08]); at >= 0;)
        {
            if (Unpack(bytes[at..]) is { } inner)
                found.AddRange(In(inner).Select(name => name + " in gzip"));
            var next = bytes[(at + 1)..].IndexOf((ReadOnlySpan<byte>)[0x1f, 0x8b, 0x08]);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return found;
    }

    private static IEnumerable<(string Form, byte[] Bytes)> FormsOf(string secret)
    {
        var clear = Encoding.UTF8.GetBytes(secret);
        yield return ("clear", clear);
        yield return ("UTF-16", Encoding.Unicode.GetBytes(secret));
        yield return ("hex", Encoding.ASCII.GetBytes(Convert.ToHexString(clear)));
        yield return ("hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(clear)));
        if (Uri.EscapeDataString(secret) is var escaped && escaped != secret)
            yield return ("URL", Encoding.ASCII.GetBytes(escaped));
        for (var shift = 0; shift < 3; shift++)
        {
            // What stands before and after in the same text changes the first and the last characters; those between are the secret's alone.
            var text = Convert.ToBase64String([.. new byte[shift], .. clear]).TrimEnd('=');
            var inner = text[(shift == 0 ? 0 : 4)..^3];
            // Of a short one too little is left to be its own.
            if (inner.Length < 4)
                continue;
            yield return ("Base64", Encoding.ASCII.GetBytes(inner));
            yield return ("Base64", Encoding.ASCII.GetBytes(inner.Replace('+', '-').Replace('/', '_')));
        }
    }

    private static byte[]? Unpack(ReadOnlySpan<byte> packed)
    {
        try
        {
            using var clear = new MemoryStream();
            using var gzip = new GZipStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            gzip.CopyTo(clear);
            return clear.ToArray();
        }
        catch (InvalidDataException)
        {
            // Three bytes that only look like the beginning of one.
            return null;
        }
    }
}
