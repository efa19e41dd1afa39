using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Integrations.Sandbox.Twilio;

/// <summary>A template of the Content API.</summary>
public sealed partial class TwilioContent
{
    internal TwilioContent(TwilioAccount account, string friendlyName, string language, JsonObject variables, JsonObject types, DateTimeOffset now) =>
        (Account, FriendlyName, Language, Variables, Types, CreatedAt, UpdatedAt) = (account, friendlyName, language, variables, types, now, now);

    /// <summary><c>HX…</c></summary>
    public string Sid { get; } = TwilioSid.New("HX");

    public TwilioAccount Account { get; }

    public string FriendlyName { get; }

    public string Language { get; }

    /// <summary><c>unsubmitted</c>, <c>received</c>, <c>pending</c>, <c>approved</c>, <c>rejected</c>, <c>paused</c> or <c>disabled</c>.</summary>
    public string ApprovalStatus { get; internal set; } = "unsubmitted";

    public string RejectionReason { get; internal set; } = "";

    internal string? ApprovalName { get; set; }

    /// <summary><c>UTILITY</c>, <c>MARKETING</c> or <c>AUTHENTICATION</c>.</summary>
    internal string? Category { get; set; }

    /// <summary>Values of variables that a message does not name.</summary>
    internal JsonObject Variables { get; }

    /// <summary>By <c>twilio/text</c> and the like.</summary>
    internal JsonObject Types { get; }

    internal DateTimeOffset CreatedAt { get; }

    internal DateTimeOffset UpdatedAt { get; set; }

    internal string Type => Types.First().Key;

    /// <summary>The text and the media addresses with their variables filled in, and whether a variable stayed empty.</summary>
    internal (string Text, IReadOnlyList<string> MediaUrls, bool LacksVariables) Fill(JsonObject given)
    {
        var form = Types.First().Value as JsonObject ?? [];
        var lacks = false;
        var text = Fill((string?)form["body"] ?? (string?)form["title"] ?? "");
        var media = form["media"] is JsonArray array ? array.Select(url => Fill((string?)url ?? "")).ToList() : [];
        return (text, media, lacks);

        string Fill(string pattern) => Variable().Replace(pattern, match =>
        {
            var name = match.Groups[1].Value;
            if ((given[name] ?? Variables[name])?.ToString() is { } value)
                return value;
            lacks = true;
            return match.Value;
        });
    }

    [GeneratedRegex(@"\{\{(\w+)\}\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();
}
