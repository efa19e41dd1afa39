using System.Globalization;
using System.Text;
using Integrations.Core.Errors;
using Integrations.Testing;

namespace Integrations.Core.Tests.Errors;

public sealed class ErrorPageTests
{
    [Fact]
    public Task The_page_of_the_documentation_lists_the_catalogue_of_today()
    {
        var page = new StringBuilder(
            """
            # Errors

            Every refusal is `application/problem+json` (RFC 9457): `status`, `title`, `detail`, `code` and `trace_id`; `errors` names the fields that are at
            fault, and `retry_after` says in seconds when to try again. Programs should look at `code`; `detail` is for people and may be more exact than
            the sentence here.

            | code | status | what happened | what to do |
            | --- | --- | --- | --- |

            """);
        foreach (var entry in ErrorCatalogue.All.OrderBy(entry => entry.Code, StringComparer.Ordinal))
            page.Append(CultureInfo.InvariantCulture, $"| `{entry.Code}` | {entry.Status} | {entry.Title} | {entry.WhatToDo} |\n");

        return ExportedFile.MustBeAsync("docs/errors.md", page.ToString());
    }
}
