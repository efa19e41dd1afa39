using System.Net;

namespace Integrations.Mtproto.Text;

/// <summary>The HTML of core.telegram.org/bots/api#html-style: a few tags, closed in order; everything else is an error and never dropped.</summary>
internal sealed class HtmlParser(string source)
{
    private readonly EntityBuilder _builder = new();

    /// <summary>The names of open tags, with whether each made a mark (the <c>code</c> in a <c>pre</c> does not).</summary>
    private readonly Stack<(string Name, int Source, bool HasMark, bool Collapsed)> _tags = new();

    private int _at;

    public FormattedText Parse()
    {
        while (_at < source.Length)
        {
            switch (source[_at])
            {
                case '<':
                    Tag();
                    break;
                case '&':
                    Reference();
                    break;
                case '>':
                    throw new TextFormatException(_at, "> stands alone. Write &gt; for the character itself.");
                default:
                    _builder.Append(source[_at++]);
                    break;
            }
        }

        if (_tags.TryPeek(out var open))
            throw new TextFormatException(open.Source, $"<{open.Name}> is not closed. Write </{open.Name}> after it.");
        return _builder.Build();
    }

    private void Reference()
    {
        var end = source.IndexOf(';', _at);
        var reference = end < 0 ? "" : source[_at..(end + 1)];
        var text = WebUtility.HtmlDecode(reference);
        if (reference.Length < 3 || text == reference)
            throw new TextFormatException(_at, "& begins no character reference. Write &amp; for the character itself.");
        _builder.Append(text);
        _at = end + 1;
    }

    private void Tag()
    {
        var start = _at++;
        var isEnd = _at < source.Length && source[_at] == '/';
        if (isEnd)
            _at++;
        var name = Word();
        if (name.Length == 0)
            throw new TextFormatException(start, "< begins no tag. Write &lt; for the character itself.");
        if (isEnd)
        {
            SkipBlanks();
            if (_at >= source.Length || source[_at++] != '>')
                throw new TextFormatException(start, $"</{name} is not ended by >.");
            End(name, start);
            return;
        }

        Begin(name, Attributes(name, start), start);
    }

    private void End(string name, int start)
    {
        if (!_tags.TryPop(out var open))
            throw new TextFormatException(start, $"</{name}> closes nothing.");
        if (open.Name != name)
            throw new TextFormatException(start, $"</{name}> comes before </{open.Name}>. Close the tags in the order in which they were opened, the last one first.");
        if (open.HasMark)
            _builder.End(collapsed: open.Collapsed);
    }

    private void Begin(string name, Dictionary<string, string> attributes, int start)
    {
        var collapsed = false;
        (MarkKind Kind, string? Argument)? mark = name switch
        {
            "b" or "strong" => (MarkKind.Bold, null),
            "i" or "em" => (MarkKind.Italic, null),
            "u" or "ins" => (MarkKind.Underline, null),
            "s" or "strike" or "del" => (MarkKind.Strike, null),
            "tg-spoiler" => (MarkKind.Spoiler, null),
            "span" when attributes.GetValueOrDefault("class") == "tg-spoiler" => (MarkKind.Spoiler, null),
            "code" when InPre() => LanguageOfBlock(attributes, start),
            "code" => (MarkKind.Code, null),
            "pre" => (MarkKind.Pre, Language(start)),
            "a" when attributes.GetValueOrDefault("href") is { Length: > 0 } address => (MarkKind.Link, address),
            "a" => throw new TextFormatException(start, "<a> has no address. Write <a href=\"https://…\">."),
            "tg-emoji" when attributes.GetValueOrDefault("emoji-id") is { } number => (MarkKind.Emoji, number),
            "tg-emoji" => throw new TextFormatException(start, "<tg-emoji> has no number. Write <tg-emoji emoji-id=\"…\">."),
            "blockquote" => (MarkKind.Quote, null),
            _ => throw new TextFormatException(start, $"Telegram has no tag <{name}>. Write &lt; for the character itself."),
        };
        if (name == "blockquote")
        {
            collapsed = attributes.ContainsKey("expandable");
            if (_builder.IsOpen(MarkKind.Quote))
                throw new TextFormatException(start, "a quote cannot stand inside a quote.");
        }

        if (mark is { } opened)
            _builder.Begin(opened.Kind, start, opened.Argument);
        _tags.Push((name, start, mark is not null, collapsed));
    }

    private bool InPre() => _builder.Top is { Kind: MarkKind.Pre } pre && pre.Start == _builder.Length;

    private static (MarkKind, string?)? LanguageOfBlock(Dictionary<string, string> attributes, int start) =>
        attributes.Count == 0 || attributes.GetValueOrDefault("class")?.StartsWith("language-", StringComparison.Ordinal) == true
            ? null
            : throw new TextFormatException(start, "the language of a block is written <pre><code class=\"language-…\">.");

    /// <summary>The language stands in a tag inside, but belongs to the block; so it is looked for ahead.</summary>
    private string Language(int start)
    {
        const string Ahead = "<code class=\"language-";
        var rest = source.AsSpan(_at);
        if (!rest.StartsWith(Ahead, StringComparison.Ordinal))
            return "";
        var end = rest[Ahead.Length..].IndexOf('"');
        return end >= 0
            ? WebUtility.HtmlDecode(rest.Slice(Ahead.Length, end).ToString())
            : throw new TextFormatException(start, "the language of the block is not closed by a quotation mark.");
    }

    private Dictionary<string, string> Attributes(string tag, int start)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            SkipBlanks();
            if (_at >= source.Length)
                throw new TextFormatException(start, $"<{tag} is not ended by >.");
            if (source[_at] == '>')
            {
                _at++;
                return attributes;
            }

            var name = Word();
            if (name.Length == 0)
                throw new TextFormatException(_at, $"'{source[_at]}' cannot stand in <{tag}>.");
            attributes[name] = Value(tag);
        }
    }

    private string Value(string tag)
    {
        SkipBlanks();
        if (_at >= source.Length || source[_at] != '=')
            return "";
        _at++;
        SkipBlanks();
        if (_at >= source.Length || source[_at] is not ('"' or '\''))
            throw new TextFormatException(_at, $"a value in <{tag}> stands in quotation marks.");
        var end = source.IndexOf(source[_at], _at + 1);
        if (end < 0)
            throw new TextFormatException(_at, $"a value in <{tag}> is not closed by its quotation mark.");
        var value = WebUtility.HtmlDecode(source[(_at + 1)..end]);
        _at = end + 1;
        return value;
    }

    /// <summary>Letters, digits and hyphens, in lower case.</summary>
    private string Word()
    {
        var start = _at;
        while (_at < source.Length && (char.IsAsciiLetterOrDigit(source[_at]) || source[_at] == '-'))
            _at++;
        return source[start.._at].ToLowerInvariant();
    }

    private void SkipBlanks()
    {
        while (_at < source.Length && char.IsWhiteSpace(source[_at]))
            _at++;
    }
}
