using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tests.Tl;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Tests.GapRecovery;

public sealed class UpdatePlaceTests
{
    [Fact]
    public void Every_update_that_the_schema_gives_a_position_is_ordered_by_its_box()
    {
        var wire = new RandomWire(SchemaDirectory.Model, SchemaLayer.Current, seed: 1);
        var places = new Dictionary<string, bool>();
        foreach (var type in SchemaDirectory.Model.Classes.Where(c => c.Definition.ResultType == "Update"))
        {
            var names = type.Definition.Fields.Select(f => f.Name).ToHashSet();
            if (!(names.Contains("pts") && names.Contains("pts_count")) && !names.Contains("qts"))
                continue;

            // A channel's message may be random nonsense that names no channel, so a few are tried.
            places[type.Definition.Name] = Enumerable.Range(0, 40).Any(_ => IsPlaced((Update)TlRegistry.Read(wire.Object(type))));
        }

        Assert.True(places.Count > 25);
        Assert.DoesNotContain(places, p => !p.Value);

        static bool IsPlaced(Update update) => UpdatePlace.Of(update).Box != default;
    }
}
