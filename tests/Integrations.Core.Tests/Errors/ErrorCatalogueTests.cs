using System.Reflection;
using System.Text.RegularExpressions;
using Integrations.Core.Errors;

namespace Integrations.Core.Tests.Errors;

public sealed partial class ErrorCatalogueTests
{
    [Fact]
    public void Every_code_stands_in_the_catalogue_once()
    {
        var codes = typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).Order();

        Assert.Equal(codes, ErrorCatalogue.All.Select(entry => entry.Code).Order());
    }

    [Fact]
    public void Every_entry_is_a_refusal_that_says_what_to_do() =>
        Assert.All(ErrorCatalogue.All, entry =>
        {
            Assert.InRange(entry.Status, 400, 599);
            Assert.Matches(CodeForm(), entry.Code);
            Assert.NotEmpty(entry.Title);
            Assert.EndsWith(".", entry.WhatToDo, StringComparison.Ordinal);
        });

    [Fact]
    public void An_exception_without_a_detail_says_what_the_catalogue_says()
    {
        var exception = new IntegrationException(ErrorCodes.TelegramFlood, retryAfter: TimeSpan.FromSeconds(30));

        Assert.Equal((429, ErrorCatalogue.Find("TG_API_429").WhatToDo, TimeSpan.FromSeconds(30)), (exception.Entry.Status, exception.Message, exception.RetryAfter));
    }

    [Fact]
    public void A_code_that_is_not_in_the_catalogue_is_a_mistake()
    {
        Assert.Throws<ArgumentException>(() => new IntegrationException("NO_SUCH_CODE"));
        Assert.False(ErrorCatalogue.TryFind("NO_SUCH_CODE", out _));
        Assert.False(ErrorCatalogue.TryFind(null, out _));
    }

    [GeneratedRegex("^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")]
    private static partial Regex CodeForm();
}
