using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Text;

namespace Integrations.Mtproto.Tests.Text;

public sealed class FormattedTextTests
{
    public static TheoryData<string, string> SameInBoth => new()
    {
        { "*b* _i_ __u__ ~s~ ||p||", "<b>b</b> <i>i</i> <u>u</u> <s>s</s> <tg-spoiler>p</tg-spoiler>" },
        { "*b _bi_ b*", "<strong>b <em>bi</em> b</strong>" },
        { "`a*b` and ```cs\nvar x;```", "<code>a*b</code> and <pre><code class=\"language-cs\">var x;</code></pre>" },
        { "```\nplain\nblock```", "<pre>plain\nblock</pre>" },
        { "[site](https://example.org/a_\\)b) [Boris](tg://user?id=1000002)", "<a href=\"https://example.org/a_)b\">site</a> <a href='tg://user?id=1000002'>Boris</a>" },
        { "![x](tg://emoji?id=5368324170671202286)", "<tg-emoji emoji-id=\"5368324170671202286\">x</tg-emoji>" },
        { ">one\n>two\nafter", "<blockquote>one\ntwo</blockquote>\nafter" },
        { "**>folded\n>more||", "<blockquote expandable>folded\nmore</blockquote>" },
        { "\\*no\\* 1 < 2 & 3 > 2 (so!) a-b", "*no* 1 &lt; 2 &amp; 3 &gt; 2 (so!) a-b" },
        { "😀 *Ж😀* end", "😀 <b>Ж😀</b> end" },
        { "___both_**__", "<u><i>both</i></u>" },
        { "**", "<b></b>" },
    };

    [Theory]
    [MemberData(nameof(SameInBoth))]
    public void Markdown_and_html_say_the_same(string markdown, string html)
    {
        var fromMarkdown = FormattedText.FromMarkdown(markdown);
        var fromHtml = FormattedText.FromHtml(html);

        Assert.Equal(Shown(fromHtml), Shown(fromMarkdown));
    }

    [Fact]
    public void Offsets_count_utf16_units()
    {
        var text = FormattedText.FromMarkdown("😀 *Ж😀* end");

        Assert.Equal("😀 Ж😀 end", text.Text);
        var bold = Assert.IsType<MessageEntityBold>(Assert.Single(text.Entities));
        Assert.Equal((3, 3), (bold.Offset, bold.Length));
    }

    [Theory]
    [InlineData("a *b", 2, "bold (*) is not closed")]
    [InlineData("*a _b* c_", 3, "italic (_) is not closed")]
    [InlineData("`code", 0, "the code is not closed")]
    [InlineData("```block``", 0, "the block of code is not closed")]
    [InlineData("x [a] b", 4, "an address in round brackets must follow")]
    [InlineData("[a](http://x", 2, "the address is not closed")]
    [InlineData("[a]()", 2, "the address is empty")]
    [InlineData("![a](https://x)", 3, "the address of a custom emoji")]
    [InlineData(">a *b\nc*", 3, "bold (*) is not closed")]
    public void Wrong_markdown_is_refused_with_its_place(string markdown, int position, string problem)
    {
        var error = Assert.Throws<TextFormatException>(() => FormattedText.FromMarkdown(markdown));

        Assert.Equal(position, error.Position);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a <b>b", 2, "<b> is not closed")]
    [InlineData("<b><i>x</b></i>", 7, "</b> comes before </i>")]
    [InlineData("x</b>", 1, "closes nothing")]
    [InlineData("<h1>x</h1>", 0, "Telegram has no tag <h1>")]
    [InlineData("<a>x</a>", 0, "<a> has no address")]
    [InlineData("1 < 2", 2, "< begins no tag")]
    [InlineData("1 > 2", 2, "> stands alone")]
    [InlineData("a & b", 2, "& begins no character reference")]
    [InlineData("<a href=x>y</a>", 8, "quotation marks")]
    [InlineData("<b", 0, "not ended by >")]
    [InlineData("<tg-emoji emoji-id=\"x\">y</tg-emoji>", 0, "by its number")]
    public void Wrong_html_is_refused_with_its_place(string html, int position, string problem)
    {
        var error = Assert.Throws<TextFormatException>(() => FormattedText.FromHtml(html));

        Assert.Equal(position, error.Position);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_properly_nested_text_comes_back_from_its_markdown_and_from_its_html()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var text = new RandomText(seed).Make();

            var html = text.ToHtml();
            Assert.True(Shown(text) == Read(FormattedText.FromHtml, html), $"seed {seed}: {html}");
            var markdown = text.ToMarkdown();
            Assert.True(Shown(text) == Read(FormattedText.FromMarkdown, markdown), $"seed {seed}: {markdown}");
        }
    }

    [Fact]
    public void Any_input_is_read_or_refused_and_nothing_else()
    {
        const string Alphabet = "ab \n*_~|`[]()!<>&;/\\\"=#xЖ";
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            var input = string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            foreach (var parse in new Func<string, FormattedText>[] { FormattedText.FromMarkdown, FormattedText.FromHtml })
            {
                try
                {
                    var text = parse(input);
                    Assert.All(text.Entities, entity => Assert.True(entity.Length() > 0 && entity.Offset() + entity.Length() <= text.Text.Length, input));
                }
                catch (TextFormatException e)
                {
                    Assert.InRange(e.Position, 0, input.Length);
                }
            }
        }
    }

    private static string Read(Func<string, FormattedText> parse, string written)
    {
        try
        {
            return Shown(parse(written));
        }
        catch (TextFormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>Text and entities as one value: the wire form of each, for these are classes without an equality.</summary>
    private static string Shown(FormattedText text) =>
        text.Text + string.Concat(text.Entities.Select(entity => "|" + Convert.ToHexString(entity.ToBytes())).Order(StringComparer.Ordinal));

    private sealed class RandomText(int seed)
    {
        private static readonly string[] Pieces = ["a", "Ж", "😀", " ", "*", "_", "__", "~", "||", "`", "\\", "<", "&", ">", "[", "](", "!", "x\ny", ")"];
        private readonly Random _random = new(seed);
        private readonly System.Text.StringBuilder _text = new();
        private readonly List<MessageEntity> _entities = [];

        public FormattedText Make()
        {
            for (var line = _random.Next(1, 4); line > 0; line--)
            {
                if (_random.Next(5) == 0)
                    Quote();
                else
                    Run(depth: 0, []);
                if (line > 1)
                    _text.Append('\n');
            }

            return new FormattedText(
                _text.ToString(),
                [.. _entities.OrderBy(entity => entity.Offset()).ThenByDescending(entity => entity.Length())]);
        }

        private void Quote()
        {
            var start = _text.Length;
            Run(depth: 1, []);
            if (_text.Length > start)
                _entities.Add(new MessageEntityBlockquote { Offset = start, Length = _text.Length - start, Collapsed = _random.Next(2) == 0 });
        }

        private void Run(int depth, HashSet<int> around)
        {
            for (var i = _random.Next(1, 4); i > 0; i--)
            {
                var kind = _random.Next(9);
                if (depth == 3 || _random.Next(2) == 0 || around.Contains(Mark(kind)))
                {
                    _text.Append(Pieces[_random.Next(Pieces.Length)]);
                    continue;
                }

                var start = _text.Length;
                if (kind is 5 or 6)
                    _text.Append(Pieces[_random.Next(Pieces.Length)]);
                else
                    Run(depth + 1, [.. around, Mark(kind)]);
                var length = _text.Length - start;
                // Two around the very same piece have no order that both forms keep.
                if (length > 0 && !_entities.Exists(entity => entity.Offset() == start && entity.Length() == length))
                    _entities.Add(Entity(kind, start, length));
            }
        }

        /// <summary>A mention is a link too, and no link stands in a link.</summary>
        private static int Mark(int kind) => kind == 8 ? 7 : kind;

        private MessageEntity Entity(int kind, int offset, int length) => kind switch
        {
            0 => new MessageEntityBold { Offset = offset, Length = length },
            1 => new MessageEntityItalic { Offset = offset, Length = length },
            2 => new MessageEntityUnderline { Offset = offset, Length = length },
            3 => new MessageEntityStrike { Offset = offset, Length = length },
            4 => new MessageEntitySpoiler { Offset = offset, Length = length },
            5 => new MessageEntityCode { Offset = offset, Length = length },
            6 => new MessageEntityPre { Offset = offset, Length = length, Language = _random.Next(2) == 0 ? "" : "cs" },
            7 => new MessageEntityTextUrl { Offset = offset, Length = length, Url = "https://example.org/(x)\\y?a=1&b=\"2\"" },
            _ => new MessageEntityMentionName { Offset = offset, Length = length, UserId = 1000000 + _random.Next(9) },
        };
    }
}
