using Integrations.AppHost.LocalHosting.Data;

namespace Integrations.AppHost.Tests.Parts;

public sealed class DotEnvTests
{
    [Fact]
    public void Names_and_values_are_read_without_comments_quotes_and_export() => Assert.Equal(
        [("PLAIN", "a b"), ("QUOTED", "c # d"), ("SINGLE", "e"), ("EMPTY", ""), ("WITH_EQUALS", "x=y"), ("EXPORTED", "1")],
        DotEnv.Parse(
        [
            "# a comment", "PLAIN=a b", "QUOTED=\"c # d\"", " SINGLE = 'e' ", "EMPTY=", "WITH_EQUALS=x=y", "", "export EXPORTED=1", "nothing",
        ]));
}
