using System.ComponentModel;
using Integrations.Sandbox.Telegram.World;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Sandbox.Telegram.Phone;

/// <summary>How a client joins this Telegram.</summary>
/// <param name="DcId">The data centre to begin with.</param>
/// <param name="Dcs">All data centres.</param>
/// <param name="PublicKeyPem">The servers' RSA public key, PKCS#1.</param>
/// <param name="Fingerprint">The key's fingerprint: 64 bits in hex.</param>
/// <param name="People">Everybody, with what is needed to play them.</param>
public sealed record TelegramCard(
    int DcId, IReadOnlyList<DcAddress> Dcs, string PublicKeyPem, string Fingerprint, IReadOnlyList<PersonCard> People);

/// <summary>A QR code to scan.</summary>
/// <param name="Url">The link that the code shows: <c>tg://login?token=…</c>.</param>
public sealed record ScanBody(string? Url);

/// <summary>A message to write.</summary>
/// <param name="Text">1 to 4096 characters.</param>
/// <param name="ReplyTo">The number of the message answered, in the writer's own view.</param>
/// <param name="Topic">The topic of a supergroup that has them; without it General, or that of the message answered.</param>
public sealed record MessageBody(string? Text, int? ReplyTo, int? Topic);

/// <summary>Another text for a message.</summary>
/// <param name="Text">The text, or the caption of what it carries.</param>
public sealed record EditBody(string? Text);

/// <summary>Messages to forward.</summary>
/// <param name="From">The conversation that they are in.</param>
/// <param name="Messages">Their numbers, 1 to 100.</param>
/// <param name="Topic">The topic to which they go.</param>
public sealed record ForwardBody(string? From, int[]? Messages, int? Topic);

/// <summary>A button to press.</summary>
/// <param name="Data">What the button carries.</param>
public sealed record PressBody(string? Data);

/// <summary>A bot to make.</summary>
/// <param name="Name">Shown to people: 1 to 64 characters.</param>
/// <param name="Username">5 to 32 letters, digits and underscores, ending in "bot".</param>
public sealed record BotBody(string? Name, string? Username);

/// <summary>What its owner changes about a bot.</summary>
/// <param name="ReadsAllGroupMessages">True turns privacy mode off.</param>
/// <param name="RevokeToken">True gives it another token; the old one stops working.</param>
public sealed record BotChange(bool? ReadsAllGroupMessages, bool? RevokeToken);

/// <summary>The phone over HTTP.</summary>
internal static class PhoneEndpoints
{
    // Shorter than the limits of proxies and clients, long enough that an idle page is quiet.
    private static readonly TimeSpan ChangesWait = TimeSpan.FromSeconds(25);

    public static IEndpointRouteBuilder MapPhone(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/sandbox").WithTags("Phone").AddEndpointFilter<PhoneProblemFilter>();
        all.MapGet("/telegram", GetTelegram)
            .WithName("GetTelegram").WithSummary("How an MTProto client joins, and who lives here. Needs no token.");
        all.MapGet("/changes", GetChangesAsync).WithName("GetChanges").ProducesProblem(401)
            .WithSummary("Waits up to 25 s until the version is another one than the one given, then tells it.");

        var people = all.MapGroup("/people").ProducesProblem(401).ProducesProblem(404);
        people.MapGet("", ListPeople).WithName("ListPeople").WithSummary("Everybody, in order of id.");
        people.MapGet("/{id:long}", GetPerson).WithName("GetPerson").WithSummary("One person.");
        people.MapPost("/{id:long}/scan", Scan).WithName("ScanQrCode")
            .WithSummary("Scan a QR code and confirm the login.").ProducesProblem(400).ProducesProblem(409).ProducesProblem(410);
        people.MapGet("/{id:long}/devices", ListDevices).WithName("ListDevices").WithSummary("Signed-in sessions, oldest first.");
        people.MapDelete("/{id:long}/devices/{hash}", EndDevice).WithName("EndDevice").WithSummary("End a session.");
        people.MapGet("/{id:long}/codes", ListCodes).WithName("ListCodes").WithSummary("Login codes that arrived, newest first.");
        people.MapGet("/{id:long}/emails", ListEmails).WithName("ListEmails").WithSummary("Recovery codes that arrived by e-mail, newest first.");
        people.MapGet("/{id:long}/chats", ListChats).WithName("ListChats").WithSummary("Conversations, the latest first.");
        people.MapGet("/{id:long}/chats/{peer}/messages", ListMessages).WithName("ListMessages")
            .WithSummary("Messages of a conversation, oldest first.");
        people.MapPost("/{id:long}/chats/{peer}/messages", SendMessage).WithName("SendMessage")
            .WithSummary("Write a message.").ProducesProblem(400).ProducesProblem(403);
        people.MapPatch("/{id:long}/chats/{peer}/messages/{message:int}", EditMessage).WithName("EditMessage")
            .WithSummary("Change the text or caption of one's own message.").ProducesProblem(400).ProducesProblem(403);
        people.MapDelete("/{id:long}/chats/{peer}/messages/{message:int}", DeleteMessage).WithName("DeleteMessage")
            .WithSummary("Delete a message, for everybody or in one's own view.").ProducesProblem(403);
        people.MapPost("/{id:long}/chats/{peer}/messages/{message:int}/press", PressAsync).WithName("PressButton")
            .WithSummary("Press a button under a message of a bot; waits for what the bot says to it.").ProducesProblem(400);
        people.MapPost("/{id:long}/chats/{peer}/forwards", Forward).WithName("ForwardMessages")
            .WithSummary("Forward messages of another conversation to this one.").ProducesProblem(400).ProducesProblem(403);
        people.MapGet("/{id:long}/chats/{peer}/changes", ListChanges).WithName("ListChatChanges")
            .WithSummary("What was edited, pinned and deleted since a position.");
        people.MapPost("/{id:long}/chats/{peer}/read", Read).WithName("ReadChat").WithSummary("Mark a conversation, or one topic of it, read to its end.");
        people.MapGet("/{id:long}/bots", ListBots).WithName("ListBots").WithSummary("Bots that this person made, with their tokens.");
        people.MapPost("/{id:long}/bots", MakeBot).WithName("MakeBot").WithSummary("Make a bot, as with BotFather.").ProducesProblem(400);
        people.MapPatch("/{id:long}/bots/{bot:long}", ChangeBot).WithName("ChangeBot").WithSummary("Change a bot, or give it another token.");
        people.MapPhoneFiles();
        people.MapPhoneRooms();
        return routes;
    }

    private static TelegramCard GetTelegram(SandboxTelegram telegram) =>
        new(SandboxTelegram.MainDc, telegram.Dcs, telegram.PublicKeyPem, telegram.Fingerprint, telegram.People);

    private static async Task<PhoneChanges> GetChangesAsync(
        SandboxTelegram telegram,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken,
        [Description("The version that the client knows; without it the answer comes at once.")] long after = 0)
    {
        // A stopping host waits for its requests: this one lets it go.
        using var limit = new CancellationTokenSource(ChangesWait, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping, limit.Token);
        try
        {
            await telegram.World.Changes.ChangedSinceAsync(after, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing happened: the version is still the same, and so says the answer.
        }
        // Read before the numbers that go with it: what changes in between is told by the next answer.
        var version = telegram.World.Changes.Version;
        return new PhoneChanges(version, telegram.World.Unread());
    }

    private static IReadOnlyList<PersonCard> ListPeople(SandboxTelegram telegram) => telegram.People;

    private static PersonCard GetPerson(long id, SandboxTelegram telegram) => Phone(telegram, id).Owner;

    private static Ok Scan(long id, ScanBody body, SandboxTelegram telegram)
    {
        Phone(telegram, id).Scan(body.Url ?? "");
        return TypedResults.Ok();
    }

    private static IReadOnlyList<PhoneDevice> ListDevices(long id, SandboxTelegram telegram) => Phone(telegram, id).Devices;

    private static Results<NoContent, ProblemHttpResult> EndDevice(long id, string hash, SandboxTelegram telegram) =>
        Phone(telegram, id).Terminate(hash)
            ? TypedResults.NoContent()
            : PhoneProblem.Create(StatusCodes.Status404NotFound, "HASH_INVALID", "This person has no such session.");

    private static IReadOnlyList<PhoneCode> ListCodes(long id, SandboxTelegram telegram) => Phone(telegram, id).Codes;

    private static IReadOnlyList<PhoneEmail> ListEmails(long id, SandboxTelegram telegram) => Phone(telegram, id).Emails;

    private static IReadOnlyList<PhoneChat> ListChats(long id, SandboxTelegram telegram) => Phone(telegram, id).Chats;

    private static IReadOnlyList<PhoneMessage> ListMessages(
        long id,
        [Description("A user id, g{id} for a basic group, c{id} for a supergroup or channel.")] string peer,
        SandboxTelegram telegram,
        [Description("Only messages with a higher number.")] int after = 0,
        [Description("Only messages of one topic; 1 is General.")] int? topic = null) =>
        Phone(telegram, id).Messages(Peer(peer), after, topic);

    private static Created<PhoneMessage> SendMessage(long id, string peer, MessageBody body, SandboxTelegram telegram) =>
        TypedResults.Created((string?)null, Phone(telegram, id).Send(Peer(peer), body.Text ?? "", body.ReplyTo, body.Topic));

    private static PhoneMessage EditMessage(long id, string peer, int message, EditBody body, SandboxTelegram telegram) =>
        Phone(telegram, id).Edit(Peer(peer), message, body.Text ?? "");

    private static NoContent DeleteMessage(
        long id, string peer, int message, SandboxTelegram telegram, [Description("False deletes it in one's own view only.")] bool everybody = true)
    {
        Phone(telegram, id).Delete(Peer(peer), message, everybody);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<PhoneAnswer>, NoContent>> PressAsync(
        long id, string peer, int message, PressBody body, SandboxTelegram telegram, CancellationToken cancellationToken) =>
        await Phone(telegram, id).PressAsync(Peer(peer), message, body.Data ?? "", cancellationToken) is { } answer ? TypedResults.Ok(answer) : TypedResults.NoContent();

    private static Created<IReadOnlyList<PhoneMessage>> Forward(long id, string peer, ForwardBody body, SandboxTelegram telegram) =>
        TypedResults.Created((string?)null, Phone(telegram, id).Forward(Peer(peer), Peer(body.From ?? ""), body.Messages ?? [], body.Topic));

    private static PhoneChatChanges ListChanges(
        long id, string peer, SandboxTelegram telegram, [Description("The position that the client knows; 0 asks for the present one.")] int since = 0) =>
        Phone(telegram, id).Changes(Peer(peer), since);

    private static NoContent Read(long id, string peer, SandboxTelegram telegram, int? topic = null)
    {
        Phone(telegram, id).Read(Peer(peer), topic);
        return TypedResults.NoContent();
    }

    private static IReadOnlyList<BotCard> ListBots(long id, SandboxTelegram telegram) => Phone(telegram, id).Bots;

    private static Created<BotCard> MakeBot(long id, BotBody body, SandboxTelegram telegram) =>
        TypedResults.Created((string?)null, Phone(telegram, id).MakeBot(body.Name ?? "", body.Username ?? ""));

    private static BotCard ChangeBot(long id, long bot, BotChange body, SandboxTelegram telegram) =>
        Phone(telegram, id).ChangeBot(bot, body.ReadsAllGroupMessages, body.RevokeToken is true);

    internal static TelegramPhone Phone(SandboxTelegram telegram, long id) =>
        telegram.FindPhone(id) ?? throw TelegramRefusal.BadRequest("USER_ID_INVALID");

    internal static PeerRef Peer(string text) =>
        PeerRef.TryParse(text, out var peer) ? peer : throw TelegramRefusal.BadRequest("PEER_ID_INVALID");
}
