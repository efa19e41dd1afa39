using System.ComponentModel.DataAnnotations;
using Integrations.Sandbox.Telegram.Phone;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Integrations.Sandbox.Twilio.Control;

/// <summary>
/// What a test in another process, or a person at a terminal, does with the simulated Twilio: people who write, read and block, reviews of templates,
/// faults. The guard of the sandbox's phone stands before it and asks for <c>SANDBOX_TOKEN</c>.
/// </summary>
internal static class TwilioControl
{
    public static IEndpointRouteBuilder MapTwilioControl(this IEndpointRouteBuilder routes)
    {
        var all = routes.MapGroup("/sandbox/twilio").WithTags("Twilio").AddEndpointFilter(RefuseWhatIsNotThereAsync).ProducesProblem(400).ProducesProblem(401);
        all.MapGet("/", See).WithName("SeeTwilio").WithSummary("Address, accounts, senders and people.");
        all.MapPost("/accounts", AddAccount).WithName("AddTwilioAccount").WithSummary("A new account, or a subaccount.");
        all.MapPost("/senders", AddSender).WithName("AddTwilioSender").WithSummary("A new number to send from.");
        all.MapPost("/people", AddPerson).WithName("AddTwilioPerson").WithSummary("Somebody with a telephone.");
        all.MapPost("/people/{number}/messages", Write).WithName("WriteToTwilio").WithSummary("A person writes to a sender.");
        all.MapPost("/people/{number}/blocks", Block).WithName("BlockTwilioSender").WithSummary("A person blocks a sender, or no longer.");
        all.MapGet("/messages", Messages).WithName("ListTwilioMessages").WithSummary("All messages, in both directions.");
        all.MapPost("/messages/{sid}/read", Read).WithName("ReadTwilioMessage").WithSummary("A person reads a message that was delivered.");
        all.MapPost("/contents/{sid}/review", Review).WithName("ReviewTwilioContent").WithSummary("Decide about a template.");
        all.MapGet("/webhooks", (SandboxTwilio twilio) => twilio.WebhookCalls).WithName("ListTwilioWebhooks").WithSummary("Every try of every webhook.");
        all.MapGet("/alerts", (SandboxTwilio twilio) => twilio.Alerts).WithName("ListTwilioAlerts").WithSummary("What the debugger shows.");
        all.MapGet("/faults", (SandboxTwilio twilio) => twilio.Faults.Active).WithName("ListTwilioFaults").WithSummary("Faults in force.");
        all.MapPost("/faults", AddFault).WithName("AddTwilioFault").WithSummary("Make something go wrong.");
        all.MapDelete("/faults", ClearFaults).WithName("ClearTwilioFaults").WithSummary("End all faults.");
        return routes;
    }

    private static TwilioSeen See(SandboxTwilio twilio) => new(
        twilio.Address,
        [.. twilio.Accounts.Select(AccountSeen.From)],
        [.. twilio.Senders.Select(SenderSeen.From)],
        [.. twilio.People.Select(PersonSeen.From)]);

    private static Created<AccountSeen> AddAccount(NewAccount wanted, SandboxTwilio twilio)
    {
        var account = twilio.AddAccount(wanted.FriendlyName, owner: wanted.OwnerSid is { } sid ? Account(twilio, sid) : null);
        account.IsTrial = wanted.IsTrial;
        return TypedResults.Created((string?)null, AccountSeen.From(account));
    }

    private static Created<SenderSeen> AddSender(NewSender wanted, SandboxTwilio twilio)
    {
        var sender = twilio.AddSender(Account(twilio, wanted.AccountSid), wanted.Number, wanted.CallbackUrl, wanted.StatusCallbackUrl, wanted.JoinWord);
        if (wanted.MessagesPerSecond is { } pace)
            sender.MessagesPerSecond = pace;
        return TypedResults.Created((string?)null, SenderSeen.From(sender));
    }

    private static Created<PersonSeen> AddPerson(NewPerson wanted, SandboxTwilio twilio)
    {
        var person = twilio.AddPerson(wanted.Number, wanted.ProfileName);
        person.IsOnWhatsApp = wanted.IsOnWhatsApp;
        return TypedResults.Created((string?)null, PersonSeen.From(person));
    }

    private static Results<Created<MessageSeen>, NoContent> Write(string number, NewInbound what, SandboxTwilio twilio) =>
        twilio.Write(
            number,
            what.Sender,
            new TwilioInbound
            {
                Text = what.Text,
                Attachment = what is { ContentType: { } type, Content: { } content } ? new TwilioAttachment(type, content) : null,
                Location = what.Location,
                Button = what.Button,
                Choice = what.Choice,
                ReplyTo = what.ReplyTo,
                IsForwarded = what.IsForwarded,
            }) is { } message
            ? TypedResults.Created((string?)null, MessageSeen.From(message))
            : TypedResults.NoContent();

    private static NoContent Block(string number, NewBlock block, SandboxTwilio twilio)
    {
        twilio.Block(number, block.Sender, block.IsBlocked);
        return TypedResults.NoContent();
    }

    private static IReadOnlyList<MessageSeen> Messages(SandboxTwilio twilio) => [.. twilio.Messages.Select(MessageSeen.From)];

    private static Accepted Read(string sid, SandboxTwilio twilio)
    {
        twilio.Read(sid);
        return TypedResults.Accepted((string?)null);
    }

    private static NoContent Review(string sid, NewReview review, SandboxTwilio twilio)
    {
        twilio.Review(sid, review.Status, review.Reason);
        return TypedResults.NoContent();
    }

    private static Created<TwilioFault> AddFault(TwilioFault fault, SandboxTwilio twilio)
    {
        twilio.Faults.Add(fault);
        return TypedResults.Created((string?)null, fault);
    }

    private static NoContent ClearFaults(SandboxTwilio twilio)
    {
        twilio.Faults.Clear();
        return TypedResults.NoContent();
    }

    private static TwilioAccount Account(SandboxTwilio twilio, string sid) =>
        twilio.FindAccount(sid) ?? throw new ArgumentException($"There is no account {sid}.");

    /// <summary>A number, sid or fault that is no good is the caller's mistake.</summary>
    private static async ValueTask<object?> RefuseWhatIsNotThereAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ValidationException invalid)
        {
            return PhoneProblem.From(invalid);
        }
        catch (ArgumentException wrong)
        {
            return PhoneProblem.Create(StatusCodes.Status400BadRequest, "VALIDATION", wrong.Message);
        }
    }
}
