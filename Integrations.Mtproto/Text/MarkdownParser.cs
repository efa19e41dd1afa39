namespace Integrations.Mtproto.Text;

/// <summary>Telegram's Markdown (core.telegram.org/bots/api#markdownv2-style), but a character that means nothing where it stands need not be escaped.</summary>
internal sealed class MarkdownParser(string source)
{
    private const string EmojiAddress = "tg://emoji?id=";
    private readonly EntityBuilder _builder = new();
    private int _at;

    public FormattedText Parse()
    {
        var atLineStart = true;
        while (_at < source.Length)
        {
            if (atLineStart && IsQuoteMark() is > 0 and var mark)
            {
                if (!_builder.IsOpen(MarkKind.Quote))
                {
                    RequireNothingOpen("a quote");
                    _builder.Begin(MarkKind.Quote, _at);
                }

                _at += mark;
            }

            atLineStart = source[_at..] is ['\n', ..];
            if (atLineStart)
                EndLine();
            else if (_at < source.Length)
                Next();
        }

        if (_builder.IsOpen(MarkKind.Quote))
            EndQuote(collapsed: false);
        RequireNothingOpen("the text");
        return _builder.Build();
    }

    /// <summary>Characters of the mark of a quoted line; <c>**&gt;</c> begins another quote right after one.</summary>
    private int IsQuoteMark()
    {
        if (Has("**>"))
        {
            if (_builder.IsOpen(MarkKind.Quote))
                EndQuote(collapsed: false);
            return 3;
        }

        return Has(">") ? 1 : 0;
    }

    private void EndLine()
    {
        // The next line goes on with the quote when it has the mark too.
        if (_builder.IsOpen(MarkKind.Quote) && source[(_at + 1)..] is not ['>', ..])
            EndQuote(collapsed: false);
        _builder.Append('\n');
        _at++;
    }

    private void EndQuote(bool collapsed)
    {
        if (_builder.Top is { Kind: not MarkKind.Quote } open)
            throw Unclosed(open, "the quote");
        _builder.End(collapsed: collapsed);
    }

    private void Next()
    {
        if (Has("```"))
            Block();
        else if (Has("`"))
            Code();
        else if (Has("||"))
            SpoilerOrEndOfQuote();
        else if (Has("__"))
            Toggle(MarkKind.Underline, 2);
        else if (Has("_"))
            Toggle(MarkKind.Italic, 1);
        else if (Has("*"))
            Toggle(MarkKind.Bold, 1);
        else if (Has("~"))
            Toggle(MarkKind.Strike, 1);
        else if (Has("!["))
            Begin(MarkKind.Emoji, 2);
        else if (Has("["))
            Begin(MarkKind.Link, 1);
        else if (Has("]") && _builder.Top is { Kind: MarkKind.Link or MarkKind.Emoji })
            Address();
        else
            Character();
    }

    /// <summary>A backslash takes its meaning from any character of ASCII punctuation; before another one it is itself.</summary>
    private void Character()
    {
        if (source[_at] == '\\' && _at + 1 < source.Length && char.IsAscii(source[_at + 1]) && !char.IsLetterOrDigit(source[_at + 1]) && !char.IsWhiteSpace(source[_at + 1]))
            _at++;
        _builder.Append(source[_at++]);
    }

    private void Begin(MarkKind kind, int length)
    {
        _builder.Begin(kind, _at);
        _at += length;
    }

    private void Toggle(MarkKind kind, int length)
    {
        if (!_builder.IsOpen(kind))
        {
            Begin(kind, length);
            return;
        }

        if (_builder.Top is { } top && top.Kind != kind)
            throw Unclosed(top, Name(kind));
        _builder.End();
        _at += length;
    }

    private void SpoilerOrEndOfQuote()
    {
        var endsLine = _at + 2 == source.Length || source[_at + 2] == '\n';
        if (endsLine && !_builder.IsOpen(MarkKind.Spoiler) && _builder.Top is { Kind: MarkKind.Quote })
        {
            EndQuote(collapsed: true);
            _at += 2;
            return;
        }

        Toggle(MarkKind.Spoiler, 2);
    }

    private void Code()
    {
        _builder.Begin(MarkKind.Code, _at);
        var start = _at++;
        Literal("`", start, "code");
        _builder.End();
    }

    private void Block()
    {
        var start = _at;
        _at += 3;
        var lineEnd = source.IndexOf('\n', _at);
        var head = lineEnd < 0 ? "" : source[_at..lineEnd];
        // A language is one word right after the mark; anything else is the block's own first line.
        var hasLanguage = lineEnd >= 0 && !head.Contains('`', StringComparison.Ordinal) && !head.Any(char.IsWhiteSpace);
        if (hasLanguage)
            _at = lineEnd + 1;
        _builder.Begin(MarkKind.Pre, start, hasLanguage ? head : "");
        Literal("```", start, "block of code");
        _builder.End();
    }

    /// <summary>Up to the mark everything is as it stands; only the mark and the backslash itself can be escaped.</summary>
    private void Literal(string end, int start, string what)
    {
        while (!Has(end))
        {
            if (_at >= source.Length)
                throw new TextFormatException(start, $"the {what} is not closed. Write {end} after it, or \\{end[0]} for the character itself.");
            if (source[_at] == '\\' && _at + 1 < source.Length && source[_at + 1] is '`' or '\\')
                _at++;
            _builder.Append(source[_at++]);
        }

        _at += end.Length;
    }

    private void Address()
    {
        var open = _builder.Top!.Value;
        if (source[(_at + 1)..] is not ['(', ..])
            throw new TextFormatException(_at, "an address in round brackets must follow. Write [text](https://…), or \\[ for the bracket itself.");
        var start = _at;
        _at += 2;
        var address = new System.Text.StringBuilder();
        while (!Has(")"))
        {
            if (_at >= source.Length)
                throw new TextFormatException(start, "the address is not closed. Write ) after it, and \\) for one inside.");
            if (source[_at] == '\\' && _at + 1 < source.Length && source[_at + 1] is ')' or '\\')
                _at++;
            address.Append(source[_at++]);
        }

        _at++;
        var text = address.ToString();
        if (text.Length == 0)
            throw new TextFormatException(start, "the address is empty. Write [text](https://…).");
        if (open.Kind == MarkKind.Link)
            _builder.End(text);
        else if (text.StartsWith(EmojiAddress, StringComparison.Ordinal))
            _builder.End(text[EmojiAddress.Length..]);
        else
            throw new TextFormatException(start, $"the address of a custom emoji is {EmojiAddress} and its number.");
    }

    private bool Has(string mark) => source.AsSpan(_at).StartsWith(mark, StringComparison.Ordinal);

    private void RequireNothingOpen(string what)
    {
        if (_builder.Top is { } open)
            throw Unclosed(open, what);
    }

    private static TextFormatException Unclosed(EntityBuilder.Open open, string what) =>
        new(open.Source, $"{Name(open.Kind)} is not closed before {what} ends or begins. Close it, or write a backslash before the mark for the character itself.");

    private static string Name(MarkKind kind) => kind switch
    {
        MarkKind.Bold => "bold (*)",
        MarkKind.Italic => "italic (_)",
        MarkKind.Underline => "underline (__)",
        MarkKind.Strike => "strikethrough (~)",
        MarkKind.Spoiler => "spoiler (||)",
        MarkKind.Link => "a link ([)",
        MarkKind.Emoji => "a custom emoji (![)",
        _ => "a quote (>)",
    };
}
