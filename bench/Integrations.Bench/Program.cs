using System.CommandLine;
using Integrations.Bench.Journey;
using Integrations.Bench.Smoke;

var smoke = new Command("smoke", "Walks the whole journey of a new user on a copy of the product of its own; exit 0 or 1.");
smoke.SetAction((_, cancellationToken) => new SmokeScenario(TimeProvider.System).RunAsync(cancellationToken));

var rounds = new Option<int>("--rounds") { Description = "How often each way is measured.", DefaultValueFactory = _ => 200 };
var file = new Option<string?>("--json") { Description = "The file that the figures are written to." };
var journey = new Command("journey", "Measures login, sending and receiving, unloaded, on a copy of the product of its own.") { rounds, file };
journey.SetAction((parsed, cancellationToken) =>
    new JourneyScenario(TimeProvider.System, parsed.GetValue(rounds), parsed.GetValue(file)).RunAsync(cancellationToken));

return await new RootCommand("Scenarios against a running copy of Integrations.") { smoke, journey }.Parse(args).InvokeAsync();
