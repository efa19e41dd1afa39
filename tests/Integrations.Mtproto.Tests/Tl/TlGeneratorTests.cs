using Integrations.TlGenerator;

namespace Integrations.Mtproto.Tests.Tl;

public sealed class TlGeneratorTests
{
    [Fact]
    public void The_committed_classes_are_what_the_schema_gives() =>
        Assert.Empty(Generation.Stale(Generation.Run(SchemaDirectory.Schema), SchemaDirectory.Generated));

    [Fact]
    public void A_changed_a_missing_and_a_left_over_file_are_stale()
    {
        var directory = Directory.CreateTempSubdirectory("tl-").FullName;
        try
        {
            var files = new SortedDictionary<string, string> { ["A.g.cs"] = "a", ["B.g.cs"] = "b", ["C.g.cs"] = "c" };
            Generation.Write(files, directory);
            Assert.Empty(Generation.Stale(files, directory));

            File.WriteAllText(Path.Combine(directory, "A.g.cs"), "changed");
            File.Delete(Path.Combine(directory, "B.g.cs"));
            File.WriteAllText(Path.Combine(directory, "D.g.cs"), "");
            Assert.Equal(["A.g.cs", "B.g.cs", "D.g.cs"], Generation.Stale(files, directory).Order());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("messageMediaPhoto#695150d7 flags:# spoiler:flags.3?true photo:flags.0?Photo ttl_seconds:flags.2?int = MessageMedia;")]
    [InlineData("invokeWithoutUpdates#bf9459b7 {X:Type} query:!X = X;")]
    [InlineData("updates.channelDifference#2064674e flags:# final:flags.0?true pts:int new_messages:Vector<Message> = updates.ChannelDifference;")]
    public void A_definition_is_written_as_it_was_read(string line) => Assert.Equal(line, TlDefinition.Parse(line, isCall: false).ToString());

    [Theory]
    [InlineData("messages.sendMessage", "MessagesSendMessage")]
    [InlineData("p_q_inner_data_dc", "PQInnerDataDc")]
    [InlineData("resPQ", "ResPQ")]
    [InlineData("peerUser", "PeerUser")]
    public void Names_become_PascalCase_without_dots(string name, string expected) => Assert.Equal(expected, Naming.Pascal(name));
}
