using Integrations.Core.Webhooks;

namespace Integrations.Core.Tests.Webhooks;

public sealed class EventFilterTests
{
    [Theory]
    [InlineData("dialog.*", "dialog.updated", true)]
    [InlineData("dialog.*", "dialog.updated.twice", true)]
    [InlineData("dialog.*", "dialog", false)]
    [InlineData("dialog.*", "dialogs.updated", false)]
    [InlineData("dialog.*", "Dialog.updated", false)]
    [InlineData("dialog.updated", "dialog.updated", true)]
    [InlineData("dialog.updated", "dialog.updated.twice", false)]
    [InlineData("dialog.updated", "dialog.update", false)]
    [InlineData("a.b.*", "a.b.c", true)]
    [InlineData("a.b.*", "a.c", false)]
    [InlineData("*", "anything.at_all", true)]
    public void A_pattern_wants_its_types(string pattern, string type, bool wanted)
    {
        Assert.True(EventFilter.TryParse([pattern], out var filter, out var problem), problem);

        Assert.Equal(wanted, filter.Matches(type));
    }

    [Fact]
    public void Any_of_the_patterns_is_enough_and_each_is_kept_once()
    {
        Assert.True(EventFilter.TryParse(["note.created", "message.*", "note.created"], out var filter, out _));

        Assert.Equal(["note.created", "message.*"], filter.Patterns);
        Assert.Equal(["message.created", "note.created"], new[] { "message.created", "note.created", "note.deleted" }.Where(filter.Matches));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("dialog.")]
    [InlineData(".updated")]
    [InlineData("dialog*")]
    [InlineData("*.updated")]
    [InlineData("dialog.*.x")]
    [InlineData("dialog..updated")]
    [InlineData("dialog.**")]
    [InlineData("dia log")]
    [InlineData("dialog.updated\n")]
    [InlineData("диалог")]
    [InlineData(null)]
    public void What_is_no_pattern_is_refused_with_its_form(string? pattern)
    {
        Assert.False(EventFilter.TryParse([pattern], out _, out var problem));

        Assert.Contains("dialog.*", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_has_1_to_50_patterns_of_bounded_length()
    {
        string[] most = [.. Enumerable.Range(0, EventFilter.MaxPatterns).Select(i => $"type_{i}")];

        Assert.True(EventFilter.TryParse(most, out _, out _));
        Assert.False(EventFilter.TryParse([.. most, "more"], out _, out _));
        Assert.False(EventFilter.TryParse([], out _, out _));
        Assert.False(EventFilter.TryParse(null, out _, out _));
        Assert.True(EventFilter.TryParse([new string('a', EventFilter.MaxPatternLength)], out _, out _));
        Assert.False(EventFilter.TryParse([new string('a', EventFilter.MaxPatternLength + 1)], out _, out _));
    }

    [Fact]
    public void Everything_is_everything() => Assert.True(EventFilter.All.Matches("message.created"));
}
