using System.Globalization;
using System.Text;
using Integrations.Api.Authentication;
using Integrations.Api.Tests.Host;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Integrations.Testing;

namespace Integrations.Api.Tests.Access;

[Collection(ApiCollection.Name)]
public sealed class RolesPageTests(ApiHost host)
{
    private static readonly Role[] Roles = [Role.Viewer, Role.Operator, Role.Admin, Role.Owner];

    [Fact]
    public async Task The_page_of_roles_is_the_table_that_is_enforced()
    {
        var page = new StringBuilder(
            """
            # Roles

            Who may call what. This page is made from the table in `Policies` and from the routes themselves; the access matrix of the tests calls every route
            as everybody and accepts no other answer. Who is not signed in gets 401, whose role or key does not suffice 403, and what is out of reach is
            answered like what is not there: 404.

            A role opens a kind of action; whose objects it reaches is another question ([architecture](architecture.md#who-may-do-what)). A key acts as its user,
            with the less of its scopes and that user's role at the moment.

            ## Policies

            | policy | opens | viewer | operator | admin | owner | a key needs |
            | --- | --- | --- | --- | --- | --- | --- |

            """.ReplaceLineEndings("\n"));
        foreach (var rule in Policies.Table)
            page.Append(CultureInfo.InvariantCulture, $"| {rule.Name} | {rule.Does} | {string.Join(" | ", Roles.Select(role => Yes(role >= rule.LowestRole)))} | {KeyNeeds(rule)} |\n");

        page.Append("\n## Routes\n\n| route | policy | viewer | operator | admin | owner | a key needs |\n| --- | --- | --- | --- | --- | --- | --- |\n");
        foreach (var route in (await Route.AllAsync(host)).OrderBy(route => route.Path, StringComparer.Ordinal).ThenBy(route => route.Method, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture, $"| `{route}` | {route.Rule?.Name ?? "anybody"} | ");
            page.AppendJoin(" | ", Roles.Select(role => Yes(route.Rule is null || role >= route.Rule.LowestRole)));
            page.Append(CultureInfo.InvariantCulture, $" | {(route.Rule is null ? "nothing" : KeyNeeds(route.Rule))} |\n");
        }

        await ExportedFile.MustBeAsync("docs/roles.md", page.ToString());
    }

    [Fact]
    public void Every_line_of_the_table_has_its_own_name_and_each_role_may_what_the_ones_below_it_may()
    {
        Assert.Equal(Policies.Table.Count, Policies.Table.Select(rule => rule.Name).Distinct().Count());
        foreach (var rule in Policies.Table)
        {
            Assert.Equal(Roles.Where(role => role >= rule.LowestRole), Roles.Where(role => rule.Admits(role, scopes: null)));
            Assert.All(Roles, role => Assert.False(rule.Admits(role, scopes: [])));
            Assert.All(Roles, role => Assert.Equal(rule.Scope is not null && role >= rule.LowestRole, rule.Admits(role, ["read", "send", "connect", "manage"])));
        }
    }

    private static string Yes(bool may) => may ? "yes" : "";

    private static string KeyNeeds(PolicyRule rule) => rule.Scope is { } scope ? $"`{Words.Of(scope)}`" : "no key may";
}
