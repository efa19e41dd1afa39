using System.CommandLine;
using Integrations.Bench.Audit;
using Integrations.Bench.BotWebhooks;
using Integrations.Bench.Circuits;
using Integrations.Bench.HttpFuzz;
using Integrations.Bench.Journey;
using Integrations.Bench.Mirror;
using Integrations.Bench.Mtproto;
using Integrations.Bench.MtprotoFuzz;
using Integrations.Bench.Search;
using Integrations.Bench.Secrets;
using Integrations.Bench.Smoke;

var patience = new Option<double>("--patience") { Description = "Multiplies every limit, for a machine that is busy with something else.", DefaultValueFactory = _ => 1 };
var smoke = new Command("smoke", "Walks the whole journey of a new user on a copy of the product of its own; exit 0 or 1.") { patience };
smoke.SetAction((parsed, cancellationToken) => new SmokeScenario(TimeProvider.System, parsed.GetValue(patience)).RunAsync(cancellationToken));

var rounds = new Option<int>("--rounds") { Description = "How often each way is measured.", DefaultValueFactory = _ => 200 };
var file = new Option<string?>("--json") { Description = "The file that the figures are written to." };
var journey = new Command("journey", "Measures login, sending and receiving, unloaded, on a copy of the product of its own.") { rounds, file };
journey.SetAction((parsed, cancellationToken) =>
    new JourneyScenario(TimeProvider.System, parsed.GetValue(rounds), parsed.GetValue(file)).RunAsync(cancellationToken));

var circuits = new Option<int>("--circuits") { Description = "How many pages are open.", DefaultValueFactory = _ => 200 };
var seconds = new Option<int>("--seconds") { Description = "For how long messages come.", DefaultValueFactory = _ => 60 };
var console = new Command("console", "Measures one copy of the console with many pages open, on a copy of the product of its own.") { circuits, seconds, file };
console.SetAction((parsed, cancellationToken) =>
    new ConsoleScenario(TimeProvider.System, parsed.GetValue(circuits), parsed.GetValue(seconds), parsed.GetValue(file)).RunAsync(cancellationToken));

var requests = new Option<int>("--requests") { Description = "How many requests are sent.", DefaultValueFactory = _ => 100_000 };
var seed = new Option<int>("--seed") { Description = "What the requests are drawn by; the same seed draws the same.", DefaultValueFactory = _ => 1 };
var knownBug = new Option<bool>("--known-bug") { Description = "Attacks a tiny server with known bugs instead, to see that they are found." };
var fuzz = new Command("http-fuzz", "Attacks every route with wrong requests, on a copy of the product of its own; exit 0 when nothing was found.") { requests, seed, knownBug, file };
fuzz.SetAction((parsed, cancellationToken) => new HttpFuzzScenario(
    TimeProvider.System, parsed.GetValue(requests), parsed.GetValue(seed), parsed.GetValue(knownBug), parsed.GetValue(file)).RunAsync(cancellationToken));

var repeats = new Option<int>("--rounds") { Description = "How often a session is sealed and opened.", DefaultValueFactory = _ => 100_000 };
var secrets = new Command("secrets", "Measures sealing and opening sessions, on a copy of the product of its own.") { repeats, file };
secrets.SetAction((parsed, cancellationToken) => new SecretsScenario(parsed.GetValue(repeats), parsed.GetValue(file)).RunAsync(cancellationToken));

var messages = new Option<int>("--rounds") { Description = "How many messages are accepted each way.", DefaultValueFactory = _ => 5_000 };
var audit = new Command("audit", "Measures what the audit adds to accepting a message, on a copy of the product of its own.") { messages, file };
audit.SetAction((parsed, cancellationToken) => new AuditScenario(parsed.GetValue(messages), parsed.GetValue(file)).RunAsync(cancellationToken));

var stored = new Option<int>("--messages") { Description = "Among how many messages is searched.", DefaultValueFactory = _ => 1_000_000 };
var looks = new Option<int>("--rounds") { Description = "How often each search is made.", DefaultValueFactory = _ => 100 };
var search = new Command("search", "Measures storing messages with their words, and finding them, on a copy of the product of its own.") { stored, looks, file };
search.SetAction((parsed, cancellationToken) => new SearchScenario(parsed.GetValue(stored), parsed.GetValue(looks), parsed.GetValue(file)).RunAsync(cancellationToken));

var inputs = new Option<long>("--inputs") { Description = "How many inputs are read.", DefaultValueFactory = _ => 10_000_000 };
var wire = new Command("mtproto-fuzz", "Attacks what reads the wire of the client library with random and changed bytes; exit 0 when nothing was found.") { inputs, seed, knownBug, file };
wire.SetAction((parsed, cancellationToken) => new MtprotoFuzzScenario(
    parsed.GetValue(inputs), parsed.GetValue(seed), parsed.GetValue(knownBug), parsed.GetValue(file)).RunAsync(cancellationToken));

var accounts = new Option<int>("--accounts") { Description = "How many accounts are logged in.", DefaultValueFactory = _ => 1000 };
var idle = new Option<int>("--seconds") { Description = "How long it is measured.", DefaultValueFactory = _ => 60 };
var mtproto = new Command("mtproto", "Measures the Telegram client library beside Telethon: memory, calls, connecting, cipher.") { accounts, idle, inputs, file };
mtproto.SetAction((parsed, cancellationToken) => new MtprotoScenario(new MtprotoScenarioOptions
{
    Accounts = parsed.GetValue(accounts),
    IdleSeconds = parsed.GetValue(idle),
    FuzzInputs = parsed.GetValue(inputs),
    File = parsed.GetValue(file),
}).RunAsync(cancellationToken));

var bots = new Option<int>("--bots") { Description = "How many bots there are.", DefaultValueFactory = _ => 1000 };
var rate = new Option<int>("--rate") { Description = "Updates a second, of all bots together.", DefaultValueFactory = _ => 5000 };
var webhooks = new Command("bot-webhooks", "Plays Telegram for a thousand bots on a copy of the product of its own, and kills it amid; exit 0 when nothing was lost or doubled.") { bots, rate, idle, file };
webhooks.SetAction((parsed, cancellationToken) => new BotWebhooksScenario(new BotWebhooksOptions
{
    Bots = parsed.GetValue(bots),
    Rate = parsed.GetValue(rate),
    Seconds = parsed.GetValue(idle),
    File = parsed.GetValue(file),
}).RunAsync(cancellationToken));

var answers = new Option<int>("--rounds") { Description = "How many questions are answered, unloaded.", DefaultValueFactory = _ => 100 };
var minutes = new Option<int>("--minutes") { Description = "How long more comes than the bots may post one by one.", DefaultValueFactory = _ => 5 };
var mirror = new Command("mirror", "Measures a working group on a copy of the product of its own; exit 0 when nothing was lost, doubled or disordered.") { answers, minutes, file };
mirror.SetAction((parsed, cancellationToken) => new MirrorScenario(
    new MirrorOptions { Rounds = parsed.GetValue(answers), Minutes = parsed.GetValue(minutes), File = parsed.GetValue(file) }, TimeProvider.System).RunAsync(cancellationToken));

// The parts of mtproto that run in processes of their own.
var dialogs = new Option<int>("--dialogs") { Required = true };
var world = new Option<string>("--file") { Required = true };
var depth = new Option<int>("--depth") { Required = true };
var mtprotoSandbox = new Command("mtproto-sandbox") { accounts, dialogs, world };
mtprotoSandbox.Hidden = true;
mtprotoSandbox.SetAction((parsed, cancellationToken) =>
    MeasuredSandbox.RunAsync(parsed.GetValue(accounts), parsed.GetValue(dialogs), parsed.GetRequiredValue(world), cancellationToken));
var mtprotoClient = new Command("mtproto-client") { world, depth };
mtprotoClient.Hidden = true;
mtprotoClient.SetAction((parsed, cancellationToken) =>
    MeasuredClient.RunAsync(parsed.GetRequiredValue(world), parsed.GetValue(depth), cancellationToken));

return await new RootCommand("Scenarios against a running copy of Integrations.")
{
    smoke, journey, console, fuzz, wire, secrets, audit, search, webhooks, mirror, mtproto, mtprotoSandbox, mtprotoClient,
}.Parse(args).InvokeAsync();
