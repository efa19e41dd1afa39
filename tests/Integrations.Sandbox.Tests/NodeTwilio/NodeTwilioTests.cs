using Integrations.Sandbox.Twilio;
using Integrations.Testing;

namespace Integrations.Sandbox.Tests.NodeTwilio;

/// <summary>The simulated Twilio as the official client twilio 6.3.1 sees it.</summary>
public sealed class NodeTwilioTests
{
    private const string Anna = "+99966210001";
    private const string Boris = "+99966210002";
    private const string Number = "+14155550100";

    [Fact]
    public async Task It_sends_lists_fetches_and_accepts_our_signatures_and_no_forged_one()
    {
        await using var twilio = new SandboxTwilio();
        var account = twilio.AddAccount();
        var (key, secret) = account.AddKey();
        twilio.AddSender(account, Number);
        twilio.AddPerson(Anna, "Anna");
        twilio.AddPerson(Boris, "Boris");
        await using var server = await SandboxTwilioServer.StartAsync(twilio, cancellationToken: TestContext.Current.CancellationToken);

        var steps = await NodeScript.RunAsync("NodeTwilio", "journey.js", Do, server.Address.AbsoluteUri, account.Sid, account.AuthToken, key, secret, Number, Anna, Boris);

        Assert.Equal("13", steps);
        await twilio.IdleAsync(TestContext.Current.CancellationToken);

        void Do(string order)
        {
            switch (order.Split(' '))
            {
                case ["write"]:
                    twilio.Write(Anna, Number, "Привет, it's me & co");
                    break;
                case ["forge"]:
                    twilio.Faults.Add(new TwilioFault { Kind = TwilioFaultKind.ForgeSignature });
                    twilio.Write(Anna, Number, "Let me in");
                    break;
                case ["json", var url]:
                    twilio.PostJson(account, url, """[{"type":"com.example.event"}]"""u8.ToArray());
                    break;
                case ["approve", var content]:
                    twilio.Review(content, "approved");
                    break;
                case ["picture"]:
                    twilio.Write(Anna, Number, new TwilioInbound { Attachment = new TwilioAttachment("image/png", "picture"u8.ToArray()) });
                    break;
                case ["busy"]:
                    twilio.Faults.Add(new TwilioFault { Kind = TwilioFaultKind.TooManyRequests });
                    break;
                default:
                    throw new InvalidOperationException($"The journey asks for '{order}'.");
            }
        }
    }
}
