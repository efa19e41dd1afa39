using System.CommandLine;
using Integrations.Bench.Journey;
using Integrations.Bench.Smoke;

var patience = new Option<double>("--patience") { Description = "Multiplies every limit, for a machine that is busy with something else.", DefaultValueFactory = _ => 1 };
var smoke = new Command("smoke", "Walks the whole journey of a new user on a copy of the product of its own; exit 0 or 1.") { patience };
smoke.SetAction((parsed, cancellationToken) => new SmokeScenario(TimeProvider.System, parsed.GetValue(patience)).RunAsync(cancellationToken));

var rounds = new Option<int>("--rounds") { Description = "How often each way is measured.", DefaultValueFactory = _ => 200 };
var file = new Option<string?>("--json") { Description = "The file that the figures are written to." };
var journey = new Command("journey", "Measures login, sending and receiving, unloaded, on a copy of the product of its own.") { rounds, file };
journey.SetAction((parsed, cancellationToken) =>
    new JourneyScenario(TimeProvider.System, parsed.GetValue(rounds), parsed.GetValue(file)).RunAsync(cancellationToken));

return await new RootCommand("Scenarios against a running copy of Integrations.") { smoke, journey }.Parse(args).InvokeAsync();
