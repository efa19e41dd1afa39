using Integrations.AppHost.LocalHosting;
using Integrations.AppHost.LocalHosting.Data;

namespace Integrations.AppHost.Tests.Parts;

public sealed class HostSettingsTests
{
    [Fact]
    public void Without_options_the_data_is_beside_the_solution_and_the_ports_are_the_usual_ones()
    {
        var settings = HostSettings.Parse([], "/work/Some.AppHost");

        Assert.Equal("/work/.data", settings.DataDirectory);
        Assert.False(settings.FreePorts);
        Assert.False(settings.Fresh);
        Assert.Null(settings.Only);
    }

    [Fact]
    public void Options_are_taken_with_a_space_or_an_equals_sign_and_the_rest_is_configuration()
    {
        var settings = HostSettings.Parse(
            ["--fresh", "--data=/d", "--ports", "auto", "--only", "a, b", "--Workers:Replicas=2"], "/work/Some.AppHost");

        Assert.True(settings.Fresh);
        Assert.True(settings.FreePorts);
        Assert.Equal(["a", "b"], settings.Only!.Order());
        Assert.Equal(["--Workers:Replicas=2", "--data=/d"], settings.ConfigurationArguments);
    }

    [Theory]
    [InlineData("--data")]
    [InlineData("--ports")]
    public void An_option_without_its_value_is_named(string option) =>
        Assert.Contains(option, Refusal(option), StringComparison.Ordinal);

    [Fact]
    public void An_unknown_kind_of_ports_is_named() =>
        Assert.Contains("'some'", Refusal("--ports", "some"), StringComparison.Ordinal);

    private static string Refusal(params string[] args) =>
        Assert.Throws<StartRefusedException>(() => HostSettings.Parse(args, "/work/Some.AppHost")).Message;
}
