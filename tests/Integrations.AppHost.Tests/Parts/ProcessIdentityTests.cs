using System.Diagnostics;
using Integrations.AppHost.LocalHosting.Processes;

namespace Integrations.AppHost.Tests.Parts;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void A_process_is_itself_and_not_a_later_one_with_its_number_nor_one_of_another_boot()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!;

        Assert.True(self.IsAlive);
        Assert.False((self with { StartTicks = self.StartTicks + 1 }).IsAlive);
        Assert.False((self with { Boot = "00000000-0000-0000-0000-000000000000" }).IsAlive);
    }

    [Fact]
    public async Task A_name_with_parentheses_and_spaces_does_not_confuse_it()
    {
        var directory = Directory.CreateTempSubdirectory("integrations-identity-");
        var program = Path.Combine(directory.FullName, "a ) b (c");
        File.Copy("/bin/sleep", program);
        using var process = Process.Start(program, "60");
        var identity = ProcessIdentity.Of(process.Id);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        directory.Delete(recursive: true);

        Assert.True(identity!.StartTicks > 0);
        Assert.False(identity.IsAlive);
    }
}
